"""The loop: what it learns, records, refuses, and how exactly it can be taken up again."""

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
from handgrad.training.loop import Diverged
from handgrad.training.metrics import evaluate
from handgrad.training.optimizers import SGD, Adam, Momentum
from handgrad.training.schedules import OneCycle, ReduceOnPlateau
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import fit, train


def network_for(data: Dataset, seed: int = 0) -> Network:
    layers = [Dense(8), ReLU(), Dense(len(data.class_names))]
    return Network(layers, data.inputs.shape[1:], np.random.default_rng(seed))


def seeded(seed: int = 0) -> TrainingState:
    return TrainingState(np.random.default_rng(seed))


def test_it_learns(digits: Splits) -> None:
    network = network_for(digits.train)
    records = list(train(network, digits, epochs=60, batch_size=32, state=seeded()))
    assert records[-1].train_accuracy > 0.95
    assert records[-1].loss < records[0].loss / 5
    assert digits.test is not None
    assert evaluate(network, digits.test).accuracy > 0.5  # strokes are hard, and 600 are few


def test_the_test_split_is_never_opened(table: Dataset) -> None:
    def open_test() -> Dataset:
        raise AssertionError("training opened the test split")

    splits = Splits(table, test=open_test).split_validation(20, np.random.default_rng(0))
    assert len(list(train(network_for(table), splits, epochs=3))) == 3


def test_records_of_a_full_batch_count_steps_from_zero(table: Dataset) -> None:
    records = list(train(network_for(table), table, batch_size="all", steps=101, record_every=50))
    assert [record.step for record in records] == [0, 50, 100]
    assert [record.epoch for record in records] == [1, 51, 101]


def test_a_record_is_measured_before_its_step(table: Dataset) -> None:
    network = network_for(table)
    untouched = Network(network.layers, (4,), np.random.default_rng(0))
    (record,) = train(network, table, batch_size="all", steps=1)
    untouched.scaling = network.scaling
    before = evaluate(untouched, table)
    assert record.loss == pytest.approx(before.loss, rel=1e-5)
    assert record.train_accuracy == before.accuracy
    assert (network.flat_parameters != untouched.flat_parameters).any()


def test_records_of_mini_batches_sum_up_epochs(table: Dataset) -> None:
    records = list(train(network_for(table), table, batch_size=64, epochs=3))
    assert [(record.step, record.epoch) for record in records] == [(3, 1), (7, 2), (11, 3)]
    for earlier, later in pairwise(records):
        assert later.seconds > earlier.seconds
        assert later.examples_per_second > 0


def test_steps_may_end_within_an_epoch(table: Dataset) -> None:
    records = list(train(network_for(table), table, batch_size=64, steps=6))
    assert [(record.step, record.epoch) for record in records] == [(3, 1), (5, 2)]


def test_validation_is_measured_after_the_step(table: Dataset) -> None:
    splits = Splits(table).split_validation(50, np.random.default_rng(1))
    network = network_for(table)
    *_, last = train(network, splits, batch_size="all", steps=5)
    assert splits.validation is not None
    measured = evaluate(network, splits.validation)
    assert (last.validation_loss, last.validation_accuracy) == (measured.loss, measured.accuracy)


def test_every_example_is_used_once_an_epoch(table: Dataset) -> None:
    class Counting(Network):
        seen: list[Any]

        def prepare(self, raw: Any) -> Any:
            self.seen.extend(map(bytes, raw))
            return super().prepare(raw)

    network = Counting([Dense(2)], (4,), np.random.default_rng(0))
    network.seen = []
    list(train(network, table, batch_size=7, epochs=2, state=seeded()))
    first, second = network.seen[: len(table)], network.seen[len(table) :]
    assert sorted(first) == sorted(second) == sorted(map(bytes, table.inputs))
    assert first != second


def test_the_same_seed_and_threads_give_the_same_bits(digits: Splits) -> None:
    networks = [network_for(digits.train) for _ in range(2)]
    for network in networks:
        list(train(network, digits, batch_size=550, epochs=3, threads=2, state=seeded(4)))
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)


EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
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
        assert by_step[record.step].loss == record.loss
        assert by_step[record.step].train_accuracy == record.train_accuracy
        assert by_step[record.step].validation_loss == record.validation_loss


def test_sample_weights_choose_what_is_learned(table: Dataset) -> None:
    """Whoever gives half of the examples no weight trains on the other half."""
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


def test_the_loss_chosen_is_minimised_and_recorded(table: Dataset) -> None:
    splits, loss = Splits(table).split_validation(50, np.random.default_rng(0)), CrossEntropy(0.5)
    *_, last = train(network_for(table), splits, epochs=20, loss=loss, batch_size=10)
    assert splits.validation is not None
    least = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))  # the entropy of the smoothed target
    assert least < last.loss < least + 0.08
    assert last.validation_loss is not None
    assert least < last.validation_loss < least + 0.1


def test_augmentation_needs_images(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="augmentation deforms images"):
        train(network_for(table), table, augmentation=Augmentation(shift=1))


class Watching(Network):
    """A network that keeps what it is shown."""

    seen: list[Any]

    def prepare(self, raw: Any) -> Any:
        self.seen.append(raw.copy())
        return super().prepare(raw)


def shown(examples: Dataset, augmentation: Augmentation, epochs: int) -> list[Any]:
    network = Watching([Dense(10)], (784,), np.random.default_rng(0))
    network.seen = []
    list(train(network, examples, batch_size="all", epochs=epochs, augmentation=augmentation, threads=1))
    return network.seen


def test_augmentation_shows_other_images_every_epoch(digits: Splits) -> None:
    examples = digits.train.take(slice(0, 20))
    first, second = shown(examples, Augmentation(shift=2), 2)
    assert first.size == second.size == examples.inputs.size
    assert (first != second).any()
    assert (first.reshape(20, -1) != examples.inputs).any()


def test_augmentation_rests_at_the_end(digits: Splits) -> None:
    examples = digits.train.take(slice(0, 20))
    *others, third, fourth = shown(examples, Augmentation(shift=2, unaugmented_fraction=0.5), 4)
    for seen in others:
        assert (seen.reshape(20, -1) != examples.inputs).any()
    for seen in (third, fourth):
        np.testing.assert_array_equal(seen.reshape(20, -1), examples.inputs)


def test_divergence_stops_and_keeps_the_last_good_parameters(table: Dataset) -> None:
    network = network_for(table)
    with pytest.raises(Diverged, match=r"diverged at step \d+.*learning rate below 1e\+06") as error:
        list(train(network, table, optimizer=SGD(1e6), batch_size="all", steps=50))
    assert "\n" not in str(error.value)
    assert np.isfinite(network.flat_parameters).all()
    assert np.isfinite(evaluate(network, table).loss)


def test_scaling_and_classes_become_part_of_the_model(table: Dataset) -> None:
    network = network_for(table)
    list(train(network, table, steps=1))
    assert network.scaling is not None
    np.testing.assert_allclose(network.scaling.shift, table.inputs.mean(axis=0), rtol=1e-5)
    assert network.classes == ("no", "yes")


def test_a_state_goes_on_with_its_own_data_only(table: Dataset) -> None:
    state = seeded()
    list(train(network_for(table), table, batch_size=64, steps=2, state=state))
    for other in (table.take(slice(0, 100)), Dataset(table.inputs + 1, table.labels, ("no", "yes"))):
        with pytest.raises(HandgradError, match="not the data that the training was begun with"):
            train(network_for(table), other, batch_size=64, steps=5, state=state)


def test_a_loss_that_was_never_finite_is_not_called_divergence(table: Dataset) -> None:
    network = network_for(table)
    network.flat_parameters[:] = 1e38
    with pytest.raises(HandgradError, match="before the first step") as error:
        list(train(network, table, steps=3))
    assert not isinstance(error.value, Diverged)


def test_several_trainings_can_run_side_by_side(table: Dataset) -> None:
    def records() -> Iterator[Any]:
        return train(network_for(table), table, batch_size=32, epochs=3, state=seeded())

    before = [library["num_threads"] for library in threadpool_info()]
    alone = [record.loss for record in records()]
    for first, second in zip(records(), records(), strict=True):
        assert first.loss == second.loss == alone[first.epoch - 1]
    assert [library["num_threads"] for library in threadpool_info()] == before


@pytest.mark.parametrize("data", [None, "mnist", np.zeros((3, 4))])
def test_what_is_no_data_set_is_refused(table: Dataset, data: Any) -> None:
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
        ({"epochs": 0}, "epochs must be"),
        ({"steps": -1}, "steps must be"),
        ({"steps": 3, "epochs": 3}, "give one of them"),
        ({"record_every": 0}, "record_every must be"),
    ],
)
def test_absurd_arguments_are_refused_at_the_call(
    table: Dataset, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(HandgradError, match=message):
        train(network_for(table), table, **arguments)


def test_names_and_seed(table: Dataset) -> None:
    networks = [network_for(table) for _ in range(2)]
    named = {"optimizer": "adam", "schedule": "one_cycle", "loss": "cross_entropy"}
    list(train(networks[0], table, epochs=2, seed=3, **named))  # type: ignore[arg-type]
    made = {"optimizer": Adam(), "schedule": OneCycle, "loss": CrossEntropy()}
    list(train(networks[1], table, epochs=2, state=seeded(3), **made))  # type: ignore[arg-type]
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)


@pytest.mark.parametrize("progress", [False, "auto", True])
def test_fit_is_train_to_the_end(table: Dataset, capfd: pytest.CaptureFixture[str], progress: Any) -> None:
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
