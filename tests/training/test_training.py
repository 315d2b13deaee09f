"""The loop: what it learns, records and refuses, and how exactly it resumes."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, ReLU
from handgrad.model.losses import CrossEntropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.averaging import ExponentialAverage, LastEpochs
from handgrad.training.metrics import evaluate
from handgrad.training.optimizers import SGD, Adam, Momentum
from handgrad.training.schedules import OneCycle, ReduceOnPlateau
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import Diverged, fit, train


def network_for(data: Dataset, seed: int = 0) -> Network:
    layers = [Dense(8), ReLU(), Dense(len(data.class_names))]
    return Network(layers, data.inputs.shape[1:], np.random.default_rng(seed))


def seeded(seed: int = 0) -> TrainingState:
    return TrainingState(np.random.default_rng(seed))


@pytest.fixture
def splits(table: Dataset) -> Splits:
    return Splits(table).split_validation(50, np.random.default_rng(1))


def test_it_learns(digits: Splits) -> None:
    network = network_for(digits.train)
    records = list(train(network, digits, epochs=60, batch_size=32, seed=0))
    assert records[-1].train_accuracy > 0.95
    assert records[-1].loss < records[0].loss / 5
    assert digits.test is not None
    assert evaluate(network, digits.test).accuracy > 0.5  # strokes are hard, and 600 are few


def test_the_test_split_is_never_opened(table: Dataset) -> None:
    def open_test() -> Dataset:
        raise AssertionError("training opened the test split")

    splits = Splits(table, test=open_test).split_validation(20, np.random.default_rng(0))
    assert len(list(train(network_for(table), splits, epochs=3))) == 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"batch_size": "all", "steps": 101, "record_every": 50}, [(0, 1), (50, 51), (100, 101)]),
        ({"batch_size": 64, "epochs": 3}, [(3, 1), (7, 2), (11, 3)]),
        ({"batch_size": 64, "steps": 6}, [(3, 1), (5, 2)]),
        ({"batch_size": 1000, "epochs": np.int64(2)}, [(0, 1), (1, 2)]),
    ],
)
def test_records_count_steps_from_0_and_epochs_from_1(
    table: Dataset, arguments: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    records = list(train(network_for(table), table, **arguments))
    assert [(record.step, record.epoch) for record in records] == expected
    for earlier, later in pairwise(records):
        assert later.seconds > earlier.seconds
        assert later.examples_per_second > 0


def test_training_is_measured_before_the_step_and_validation_after_it(splits: Splits) -> None:
    network = network_for(splits.train)
    untouched = Network(network.layers, (4,), np.random.default_rng(0))
    (record,) = train(network, splits, batch_size="all", steps=1)
    untouched.scaling = network.scaling
    before = evaluate(untouched, splits.train)
    assert record.loss == pytest.approx(before.loss, rel=1e-5)
    assert record.train_accuracy == before.accuracy
    assert splits.validation is not None
    after = evaluate(network, splits.validation)
    assert (record.validation_loss, record.validation_accuracy) == (after.loss, after.accuracy)


class Watching(Network):
    """A network that keeps the inputs it gets."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.seen: list[Any] = []

    def prepare(self, raw: Any) -> Any:
        self.seen.append(raw.copy())
        return super().prepare(raw)


def test_every_example_is_used_once_an_epoch(table: Dataset) -> None:
    network = Watching([Dense(2)], (4,), np.random.default_rng(0))
    list(train(network, table, batch_size=7, epochs=2, seed=0, threads=1))
    seen = [bytes(row) for part in network.seen for row in part]
    first, second = seen[: len(table)], seen[len(table) :]
    assert sorted(first) == sorted(second) == sorted(map(bytes, table.inputs))
    assert first != second


def test_the_same_seed_and_threads_give_the_same_bits(digits: Splits) -> None:
    networks, records = [network_for(digits.train) for _ in range(2)], []
    for network in networks:
        done = train(network, digits, batch_size=550, epochs=3, threads=2, seed=4)
        records.append([record.as_dict() for record in done])
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)
    differs = {name for one, other in zip(*records, strict=True) for name in one if one[name] != other[name]}
    assert differs <= {"seconds", "examples_per_second"}


EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "adam": {"optimizer": Adam()},
    "averaged": {"averaging": ExponentialAverage(0.8)},
    "last epochs": {"averaging": LastEpochs(2)},
    "stopping early": {"early_stopping": EarlyStopping(1), "averaging": ExponentialAverage(0.5)},
    "reducing": {"schedule": ReduceOnPlateau(drop=0.5, patience=1), "optimizer": Momentum(20.0)},
}


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 11])
@pytest.mark.parametrize("extra", EXTRAS)
def test_stopped_anywhere_and_resumed_equals_never_stopped(table: Dataset, cut: int, extra: str) -> None:
    splits = Splits(table).split_validation(20, np.random.default_rng(0))
    straight, broken = network_for(table), network_for(table)
    arguments: dict[str, Any] = {"batch_size": 50, "epochs": 4, "optimizer": Momentum(0.1), **EXTRAS[extra]}
    whole = list(train(straight, splits, state=seeded(), **arguments))
    state = seeded()
    parts = list(train(broken, splits, state=state, stop=lambda: state.step == cut, **arguments))
    assert parts[-1].step == cut - 1
    state = TrainingState.restore(json.loads(json.dumps(state.numbers())), state.arrays())
    parts += list(train(broken, splits, state=state, **arguments))
    np.testing.assert_array_equal(broken.flat_parameters, straight.flat_parameters)
    by_step = {record.step: record for record in parts}
    for record in whole:
        again = by_step[record.step]
        assert (again.loss, again.train_accuracy) == (record.loss, record.train_accuracy)
        assert again.validation_loss == record.validation_loss


def test_a_state_resumes_only_with_its_data_and_optimizer(table: Dataset) -> None:
    state = seeded()
    list(train(network_for(table), table, batch_size=64, steps=2, state=state, optimizer="adam"))
    for other in (table.take(slice(0, 100)), Dataset(table.inputs + 1, table.labels, ("no", "yes"))):
        with pytest.raises(HandgradError, match="not the data"):
            train(network_for(table), other, batch_size=64, steps=5, state=state, optimizer="adam")
    with pytest.raises(HandgradError, match="another optimizer"):
        train(network_for(table), table, batch_size=64, steps=5, state=state, optimizer="momentum")


def test_sample_weights_choose_examples(table: Dataset) -> None:
    half = np.arange(len(table)) % 2
    weighted, alone = network_for(table), network_for(table)
    weighted.scaling = alone.scaling = Scaling.learned(table.inputs)
    list(train(weighted, table, batch_size="all", steps=5, optimizer=SGD(0.2), sample_weights=half))
    list(train(alone, table.take(half == 1), batch_size="all", steps=5))
    np.testing.assert_allclose(weighted.flat_parameters, alone.flat_parameters, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weights", [[1.0], -np.ones(200), np.zeros(200), np.full(200, np.nan)], ids=str)
def test_sample_weights_that_do_not_fit_are_refused(table: Dataset, weights: Any) -> None:
    with pytest.raises(HandgradError, match="sample_weights must be 200 numbers"):
        train(network_for(table), table, sample_weights=weights)


def test_the_loss_is_minimized_and_cross_entropy_is_recorded(splits: Splits) -> None:
    """The smoothed loss of probabilities up to 0.75 is at least 0.56; their cross-entropy tends to 0.29."""
    network = network_for(splits.train)
    *_, last = train(network, splits, epochs=30, loss=CrossEntropy(0.5), batch_size=10, seed=1)
    assert splits.validation is not None
    assert 0.25 < last.loss < 0.5
    assert last.validation_loss == evaluate(network, splits.validation).loss < 0.5


def test_augmentation_needs_images(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="augmentation deforms images"):
        train(network_for(table), table, augmentation=Augmentation(shift=1))


def test_augmentation_shows_other_images_every_epoch_until_it_ends(digits: Splits) -> None:
    examples = digits.train.take(slice(0, 20))
    network = Watching([Dense(10)], (784,), np.random.default_rng(0))
    augmentation = Augmentation(shift=2, unaugmented_fraction=0.5)
    list(train(network, examples, batch_size="all", epochs=4, augmentation=augmentation, threads=1))
    first, second, *others = (part.reshape(20, -1) for part in network.seen[:4])
    assert (first != second).any()
    assert (first != examples.inputs).any()
    for part in others:
        np.testing.assert_array_equal(part, examples.inputs)


def test_divergence_keeps_the_last_finite_parameters(table: Dataset) -> None:
    network = network_for(table)
    with pytest.raises(Diverged, match=r"diverged at step \d+.*learning rate below 1e\+06") as error:
        list(train(network, table, optimizer=SGD(1e6), batch_size="all", steps=50))
    assert "\n" not in str(error.value)
    assert np.isfinite(evaluate(network, table).loss)


def test_a_loss_that_is_never_finite_is_not_called_divergence(table: Dataset) -> None:
    network = network_for(table)
    network.flat_parameters[:] = 1e38
    with pytest.raises(HandgradError, match="before the first step") as error:
        list(train(network, table, steps=3))
    assert not isinstance(error.value, Diverged)


def test_scaling_and_classes_become_part_of_the_model(table: Dataset) -> None:
    network = network_for(table)
    list(train(network, table, steps=1))
    assert network.scaling is not None
    np.testing.assert_allclose(network.scaling.shift, table.inputs.mean(axis=0), rtol=1e-5)
    assert network.classes == ("no", "yes")


def test_two_trainings_may_alternate(table: Dataset) -> None:
    def records() -> Iterator[Any]:
        return train(network_for(table), table, batch_size=32, epochs=3, seed=0)

    before = [library["num_threads"] for library in threadpool_info()]
    alone = [record.loss for record in records()]
    for first, second in zip(records(), records(), strict=True):
        assert first.loss == second.loss == alone[first.epoch - 1]
    assert [library["num_threads"] for library in threadpool_info()] == before


@pytest.mark.parametrize("data", [None, "mnist", np.zeros((3, 4))])
def test_other_data_are_refused(table: Dataset, data: Any) -> None:
    with pytest.raises(HandgradError, match="Splits"):
        train(network_for(table), data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adm"}, "optimizer: unknown.*'Adam'"),
        ({"schedule": 3}, "schedule must be"),
        ({"loss": Dense}, "loss must be"),
        ({"seed": 1, "state": TrainingState()}, "give one of them"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"batch_size": "some"}, "batch_size must be"),
        ({"batch_size": True}, "batch_size must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"steps": -1}, "steps must be"),
        ({"steps": 3, "epochs": 3}, "give one of them"),
        ({"record_every": 0}, "record_every must be"),
    ],
)
def test_invalid_arguments_are_refused_at_the_call(
    table: Dataset, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(HandgradError, match=message):
        train(network_for(table), table, **arguments)


def test_names_classes_and_seed(table: Dataset) -> None:
    networks = [network_for(table) for _ in range(2)]
    list(
        train(
            networks[0], table, epochs=2, seed=3, optimizer="adam", schedule="one_cycle", loss="CrossEntropy"
        )
    )
    made: dict[str, Any] = {"optimizer": Adam(), "schedule": OneCycle, "loss": CrossEntropy()}
    list(train(networks[1], table, epochs=2, state=seeded(3), **made))
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)


@pytest.mark.parametrize("progress", [False, "auto", True])
def test_fit_trains_to_the_end(table: Dataset, capfd: pytest.CaptureFixture[str], progress: Any) -> None:
    networks = [network_for(table) for _ in range(2)]
    records = fit(networks[0], table, epochs=3, seed=1, progress=progress)
    expected = list(train(networks[1], table, epochs=3, seed=1))
    assert [record.loss for record in records] == [record.loss for record in expected]
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)
    out, err = capfd.readouterr()
    assert out == ""
    assert ("epoch 3" in err) == (progress is True)


def test_fit_refuses_other_kinds_of_progress(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="progress must be"):
        fit(network_for(table), table, progress="bar")


@pytest.mark.parametrize("place", [1, 3, 6])
def test_a_training_that_is_interrupted_in_a_validation_or_by_stop_resumes_exactly(
    splits: Splits, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    arguments: dict[str, Any] = {
        "optimizer": Adam(0.05),
        "schedule": ReduceOnPlateau(drop=0.5, patience=1),
        "early_stopping": EarlyStopping(20),
        "batch_size": 50,
        "epochs": 8,
    }
    straight = network_for(splits.train)
    expected = list(train(straight, splits, state=seeded(), **arguments))
    for interrupted in ("evaluate", "stop"):
        network, state, calls = network_for(splits.train), seeded(), iter(range(1, 100))

        def interrupt(*given: Any, calls: Iterator[int] = calls) -> Any:
            if next(calls) == place:
                raise KeyboardInterrupt
            return evaluate(*given) if given else False

        stop = interrupt if interrupted == "stop" else bool
        with monkeypatch.context() as patch:
            if interrupted == "evaluate":
                patch.setattr("handgrad.training.train.evaluate", interrupt)
            with pytest.raises(KeyboardInterrupt):
                list(train(network, splits, state=state, stop=stop, **arguments))
        records = list(train(network, splits, state=state, **arguments))
        assert network.flat_parameters.tobytes() == straight.flat_parameters.tobytes()
        assert [r.validation_loss for r in records] == [r.validation_loss for r in expected][-len(records) :]


def test_a_validation_loss_that_is_not_finite_is_refused(table: Dataset) -> None:
    large = Dataset(np.full((20, 4), 3e38), table.labels[:20], table.class_names)
    with pytest.raises(HandgradError, match="not finite"):
        fit(network_for(table), Splits(table, large), early_stopping=EarlyStopping(2))


def test_a_state_of_another_network_is_refused(table: Dataset) -> None:
    state = seeded()
    fit(network_for(table), table, state=state, optimizer="adam", epochs=1)
    small = Network([Dense(2)], 4, np.random.default_rng(0))
    with pytest.raises(HandgradError, match="parameters"):
        fit(small, table, state=state, optimizer="adam", epochs=2)


@pytest.mark.parametrize(
    "wrong",
    [{"optimizer": "nonsense"}, {"threads": 0}, {"averaging": 0.9}, {"early_stopping": True}, {"seed": -1}],
)
def test_a_refused_training_leaves_the_network_as_it_was(splits: Splits, wrong: dict[str, Any]) -> None:
    network = network_for(splits.train)
    with pytest.raises(HandgradError):
        train(network, splits, **wrong)
    assert network.scaling is None
    assert network.classes == ("0", "1")
