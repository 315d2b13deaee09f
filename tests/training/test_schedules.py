"""Every schedule is its formula, stays within 0 and 1, and sets the learning rate of a training."""

import numpy as np
import pytest

import handgrad as hg

SCHEDULES: list[tuple[hg.Schedule, list[float]]] = [  # the factor at 0, 1/4, 1/2 and 3/4 of the training
    (hg.Constant(), [1, 1, 1, 1]),
    (hg.StepDecay(drop=0.5, interval=0.25), [1, 0.5, 0.25, 0.125]),
    (hg.Exponential(final=0.0001), [1, 0.1, 0.01, 0.001]),
    (hg.Cosine(), [1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]),
    (hg.Cosine(final=0.2), [1, 0.2 + 0.4 * (1 + 0.5**0.5), 0.6, 0.2 + 0.4 * (1 - 0.5**0.5)]),
    (hg.OneCycle(start=0.1, peak=0.5), [0.1, 0.55, 1, 0.5]),
    (hg.ReduceOnPlateau(), [1, 1, 1, 1]),
    (hg.Constant(warmup=0.5), [1 / 51, 26 / 51, 1, 1]),
]


@pytest.mark.parametrize(("schedule", "expected"), SCHEDULES, ids=str)
def test_the_formula_at_quarters_and_the_range(schedule: hg.Schedule, expected: list[float]) -> None:
    assert [schedule(step, 100) for step in (0, 25, 50, 75)] == pytest.approx(expected)
    for warmup in (0.0, 0.1, 0.99):
        warmed = hg.Schedule.from_config({**schedule.to_config(), "warmup": warmup})
        for total in (1, 2, 3, 1000):
            assert all(0 <= warmed(step, total) <= 1 for step in range(total))


def test_a_plateau_reduces_and_progress_does_not() -> None:
    schedule, factors, memory = hg.ReduceOnPlateau(drop=0.5, patience=2), [], dict[str, float]()
    for loss in (3.0, 2.0, 2.0, 2.5, 1.0, 1.1, 0.9, 0.9, 0.9, 0.9, 0.9):
        schedule.observe(loss, memory)
        factors.append(schedule(0, 10, memory))
    assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_training_reduces_on_a_plateau(table: hg.Dataset) -> None:
    """A huge learning rate cannot make the loss smaller, until it is reduced."""
    network, schedule = hg.Network([hg.Dense(2)], (4,), 0), hg.ReduceOnPlateau(drop=0.1, patience=1)
    splits = hg.Splits(table).split_validation(50, np.random.default_rng(0))
    records = hg.fit(network, splits, optimizer=hg.SGD(300), schedule=schedule, epochs=12, seed=1)
    expected, memory = [300.0], dict[str, float]()
    for record in records[:-1]:
        schedule.observe(record.validation_loss or 0, memory)
        expected.append(300 * schedule(0, 1, memory))
    assert [record.learning_rate for record in records] == pytest.approx(expected)
    assert expected[-1] < 300
