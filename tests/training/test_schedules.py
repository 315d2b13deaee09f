"""Every schedule through one contract, and its formula at the points that matter."""

import numpy as np
import pytest

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.training.optimizers import SGD
from handgrad.training.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
)
from handgrad.training.state import TrainingState
from handgrad.training.train import train

SCHEDULES: list[tuple[Schedule, list[float]]] = [  # the factor at 0, 1/4, 1/2 and 3/4 of the training
    (Constant(), [1, 1, 1, 1]),
    (StepDecay(drop=0.5, interval=0.25), [1, 0.5, 0.25, 0.125]),
    (Exponential(final=0.0001), [1, 0.1, 0.01, 0.001]),
    (Cosine(), [1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]),
    (Cosine(final=0.2), [1, 0.2 + 0.4 * (1 + 0.5**0.5), 0.6, 0.2 + 0.4 * (1 - 0.5**0.5)]),
    (OneCycle(start=0.1, peak=0.5), [0.1, 0.55, 1, 0.5]),
    (ReduceOnPlateau(), [1, 1, 1, 1]),
    (Constant(warmup=0.5), [1 / 51, 26 / 51, 1, 1]),
]
table = pytest.mark.parametrize(
    ("schedule", "expected"), SCHEDULES, ids=[str(schedule) for schedule, _ in SCHEDULES]
)


@table
def test_the_formula_at_quarters(schedule: Schedule, expected: list[float]) -> None:
    assert [schedule(step, 100) for step in (0, 25, 50, 75)] == pytest.approx(expected)


@table
@pytest.mark.parametrize("total", [1, 2, 3, 1000])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.99])
def test_factors_stay_within_0_and_1(
    schedule: Schedule, expected: list[float], total: int, warmup: float
) -> None:
    warmed = Schedule.from_config({**schedule.to_config(), "warmup": warmup})
    factors = [warmed(step, total) for step in range(total)]
    assert min(factors) >= 0
    assert max(factors) <= 1
    assert np.isfinite(factors).all()


def test_warmup_rises_evenly() -> None:
    factors = [Constant(warmup=0.1)(step, 100) for step in range(10)]
    np.testing.assert_allclose(np.diff(factors), 1 / 11)


@table
def test_a_schedule_can_be_written_down(schedule: Schedule, expected: list[float]) -> None:
    assert Schedule.from_config(schedule.to_config()) == schedule


@pytest.mark.parametrize(
    "description",
    [
        {"type": "Constant", "warmup": 1.0},
        {"type": "StepDecay", "drop": 0.0},
        {"type": "StepDecay", "interval": -1.0},
        {"type": "Exponential", "final": 0.0},
        {"type": "Cosine", "final": float("nan")},
        {"type": "OneCycle", "peak": 1.0},
        {"type": "OneCycle", "start": 2.0},
        {"type": "ReduceOnPlateau", "drop": 1.0},
        {"type": "ReduceOnPlateau", "patience": 0},
        {"type": "ReduceOnPlateau", "patience": 1.5},
    ],
)
def test_absurd_fields_are_refused(description: dict[str, object]) -> None:
    with pytest.raises(HandgradError, match=" must be "):
        Schedule.from_config(description)


def test_training_follows_its_schedule(table: Dataset) -> None:
    network = Network([Dense(2)], (4,), np.random.default_rng(0))
    records = train(
        network, table, batch_size="all", steps=4, optimizer=SGD(0.5), schedule=Exponential(0.0001)
    )
    assert [record.learning_rate for record in records] == pytest.approx([0.5, 0.05, 0.005, 0.0005])


def test_a_plateau_reduces_and_progress_does_not() -> None:
    schedule, factors = ReduceOnPlateau(drop=0.5, patience=2), []
    memory: dict[str, float] = {}
    for loss in (3.0, 2.0, 2.0, 2.5, 1.0, 1.1, 0.9, 0.9, 0.9, 0.9, 0.9):
        schedule.observe(loss, memory)
        factors.append(schedule(0, 10, memory))
    assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_training_reduces_on_a_plateau(table: Dataset) -> None:
    """A huge learning rate cannot make the loss smaller, until it is reduced."""
    network = Network([Dense(2)], (4,), np.random.default_rng(0))
    schedule = ReduceOnPlateau(drop=0.1, patience=1)
    splits = Splits(table).split_validation(50, np.random.default_rng(0))
    state = TrainingState(np.random.default_rng(1))
    records = list(train(network, splits, optimizer=SGD(300), schedule=schedule, epochs=12, state=state))
    rates = [record.learning_rate for record in records]
    losses = [record.validation_loss for record in records]
    expected, best = [300.0], np.inf
    for loss in losses[:-1]:
        assert loss is not None
        expected.append(expected[-1] if loss < best else expected[-1] * 0.1)
        best = min(best, loss)
    assert rates == pytest.approx(expected)
    assert rates[-1] < 300
