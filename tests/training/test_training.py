"""The loop: what it learns, records and refuses, and how exactly it resumes."""

import json
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.training.loop import Diverged
from networks import timeless


def network_for(data: hg.Dataset) -> hg.Network:
    layers = [hg.Dense(8), hg.ReLU(), hg.Dense(len(data.classes))]
    return hg.Network(layers, data.inputs.shape[1:], 0)


def seeded() -> hg.TrainingState:
    return hg.TrainingState(np.random.default_rng(0))


def test_it_learns_and_never_opens_the_test_split(digits: hg.Splits) -> None:
    network, closed = network_for(digits.train), hg.Splits(digits.train, test=lambda: pytest.fail("opened"))
    records = hg.fit(network, closed, epochs=60, batch_size=32, seed=0)
    assert (records[-1].train_accuracy or 0) > 0.95
    assert records[-1].loss < records[0].loss / 5
    assert hg.evaluate(network, digits.split("test")).accuracy > 0.5  # strokes are hard, and 600 are few


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"batch_size": "all", "steps": 101, "record_every": 50}, [(0, 1), (50, 51), (100, 101)]),
        ({"batch_size": 64, "epochs": 3}, [(3, 1), (7, 2), (11, 3)]),
        ({"batch_size": 64, "steps": 6}, [(3, 1), (5, 2)]),
        ({"batch_size": 1000, "epochs": np.int64(2)}, [(0, 1), (1, 2)]),
    ],
)
def test_records_count_steps_from_0_epochs_from_1(table: hg.Dataset, arguments: Any, expected: Any) -> None:
    records = hg.fit(network_for(table), table, **arguments)
    assert [(record.step, record.epoch) for record in records] == expected
    for earlier, later in pairwise(records):
        assert later.seconds > earlier.seconds
        assert later.examples_per_second > 0


def test_cross_entropy_of_training_before_the_step_and_of_validation_after_it(table: hg.Dataset) -> None:
    splits = hg.Splits(table).split_validation(50, np.random.default_rng(1))
    network, untouched = network_for(splits.train), network_for(splits.train)
    (record,) = hg.fit(network, splits, batch_size="all", steps=1, loss=hg.CrossEntropy(0.5))
    untouched.scaling = network.scaling
    before, after = hg.evaluate(untouched, splits.train), hg.evaluate(network, splits.split("validation"))
    assert record.loss == pytest.approx(before.loss, rel=1e-5)
    assert record.train_accuracy == before.accuracy
    assert (record.validation_loss, record.validation_accuracy) == (after.loss, after.accuracy)
    assert network.scaling is not None
    np.testing.assert_allclose(network.scaling.shift, splits.train.inputs.mean(axis=0), rtol=1e-5)
    assert network.classes == ("no", "yes")


class Watching(hg.Network):
    """A network that keeps the inputs it gets."""

    seen: tuple[Any, ...] = ()

    def forward(self, x: Any, *arguments: Any) -> Any:
        self.seen += (x.copy(),)
        return super().forward(x, *arguments)


def test_every_example_is_used_once_an_epoch_and_augmented_until_that_ends(digits: hg.Splits) -> None:
    examples, networks = digits.train.take(slice(20)), [Watching([hg.Dense(10)], (784,), 0) for _ in range(2)]
    hg.fit(networks[0], examples, batch_size=7, epochs=2, seed=0, threads=1)
    seen = [bytes(row) for part in networks[0].seen for row in part]
    assert sorted(seen[:20]) == sorted(seen[20:]) == sorted(map(bytes, examples.inputs))
    assert seen[:20] != seen[20:]
    augmentation = hg.Augmentation(shift=2, unaugmented_fraction=0.5)
    hg.fit(networks[1], examples, batch_size="all", epochs=4, augmentation=augmentation, threads=1)
    first, second, *others = (part.reshape(20, -1) for part in networks[1].seen[:4])
    assert (first != second).any()
    assert (first != examples.inputs).any()
    assert all((part == examples.inputs).all() for part in others)


def test_the_same_seed_and_threads_give_the_same_bits(digits: hg.Splits) -> None:
    networks, records = [network_for(digits.train) for _ in range(2)], []
    by_name: Any = {"optimizer": "adam", "schedule": hg.OneCycle, "loss": "CrossEntropy", "seed": 0}
    built: Any = {"optimizer": hg.Adam(), "schedule": hg.OneCycle(), "state": seeded()}
    for network, arguments in zip(networks, (by_name, built), strict=True):
        records.append(hg.fit(network, digits, batch_size=550, epochs=3, threads=2, **arguments))
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)
    assert timeless(records[0]) == timeless(records[1])


EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "adam": {"optimizer": hg.Adam()},
    "averaged": {"averaging": hg.ExponentialAverage(0.8)},
    "last epochs": {"averaging": hg.LastEpochs(2)},
    "stopping early": {"early_stopping": hg.EarlyStopping(1), "averaging": hg.ExponentialAverage(0.5)},
    "reducing": {
        "schedule": hg.ReduceOnPlateau(drop=0.5, patience=1),
        "early_stopping": hg.EarlyStopping(20),
        "optimizer": hg.Momentum(20.0),
    },
}


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 11, 15])
@pytest.mark.parametrize("way", ["stop", "interrupt", "interrupt evaluate"])
@pytest.mark.parametrize("extra", EXTRAS)
def test_stopped_anywhere_and_resumed_equals_never_stopped(
    table: hg.Dataset, monkeypatch: pytest.MonkeyPatch, extra: str, way: str, cut: int
) -> None:
    splits = hg.Splits(table).split_validation(20, np.random.default_rng(0))
    straight, broken, state, records = network_for(table), network_for(table), seeded(), []
    arguments: dict[str, Any] = {"batch_size": 50, "steps": 15, "optimizer": hg.Momentum(0.1)} | EXTRAS[extra]
    whole = hg.fit(straight, splits, state=seeded(), **arguments)

    def end(*given: Any) -> Any:
        if state.step >= cut and way != "stop":
            raise KeyboardInterrupt
        return hg.evaluate(*given) if given else state.step >= cut

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        if way == "interrupt evaluate":
            patch.setattr("handgrad.training.loop.evaluate", end)
        stop = bool if way == "interrupt evaluate" else end
        for record in hg.train(broken, splits, state=state, stop=stop, **arguments):
            records.append(record)
    assert cut <= state.step < cut + 4
    state = hg.TrainingState.restore(json.loads(json.dumps(state.numbers())), state.arrays())
    by_step = {record.step: record for record in records + hg.fit(broken, splits, state=state, **arguments)}
    np.testing.assert_array_equal(broken.flat_parameters, straight.flat_parameters)
    assert timeless([by_step[record.step] for record in whole]) == timeless(whole)


@pytest.mark.parametrize(("batch_size", "chunks"), [(50, 2), ("all", 5)])
@pytest.mark.parametrize("threads", [1, 2])
def test_stopped_within_a_batch_and_resumed_equals_never_stopped(
    table: hg.Dataset, batch_size: Any, chunks: int, threads: int
) -> None:
    """The batch is abandoned, and its seed kept, and with the first one of an epoch the order."""
    splits = hg.Splits(table).split_validation(50, np.random.default_rng(0))
    arguments: dict[str, Any] = {"batch_size": batch_size, "steps": 4, "threads": threads, "record_every": 2}

    def train(state: hg.TrainingState, stop: Any = bool) -> tuple[hg.Network, list[hg.Record]]:
        network, records = hg.Network([hg.Dense(16), hg.Dropout(0.3), hg.Dense(2)], 4, 0), []
        network.chunk = 32
        with suppress(KeyboardInterrupt):
            for record in hg.train(network, splits, state=state, stop=stop, **arguments):
                records.append(record)
        return network, records

    whole, records = train(seeded())
    calls_per_step = -(-chunks // threads)
    for asked in range(4 * calls_per_step):
        calls, state = iter(range(1000)), seeded()

        def stop(calls: Any = calls, asked: int = asked) -> bool:
            if (now := next(calls) == asked) and asked % 3 == 2:
                raise KeyboardInterrupt
            return now

        broken, before = train(state, stop)
        assert state.step == asked // calls_per_step
        state = hg.TrainingState.restore(json.loads(json.dumps(state.numbers())), state.arrays())
        after = hg.fit(broken, splits, state=state, **arguments)
        np.testing.assert_array_equal(broken.flat_parameters, whole.flat_parameters)
        by_step = {record.step: record for record in before + after}
        assert timeless([by_step[record.step] for record in records]) == timeless(records)


def test_a_longer_training_continues_in_the_middle_of_an_epoch(table: hg.Dataset) -> None:
    straight, network, state = network_for(table), network_for(table), seeded()
    whole = hg.fit(straight, table, batch_size=20, steps=25, state=seeded())
    for steps in (4, 10, 15, 25):
        records = hg.fit(network, table, batch_size=20, steps=steps, state=state)
    np.testing.assert_array_equal(network.flat_parameters, straight.flat_parameters)
    assert timeless(records) == timeless(whole)[1:]
    assert hg.fit(network, table, batch_size=20, steps=25, state=state) == []


def test_a_state_resumes_only_with_its_data_network_and_optimizer(table: hg.Dataset) -> None:
    state = seeded()
    hg.fit(network_for(table), table, batch_size=64, steps=2, state=state, optimizer="adam")
    other = hg.Dataset(table.inputs + 1, table.labels, ("no", "yes"))
    for network, data, optimizer, message in (
        (network_for(table), other, "adam", "the data differ"),
        (network_for(table), table, "momentum", "another optimizer"),
        (hg.Network([hg.Dense(2)], 4), table, "adam", "parameters"),
    ):
        assert message in refusal(hg.train, network, data, state=state, optimizer=optimizer)


def test_a_layer_that_changes_its_inputs_does_not_change_the_data(table: hg.Dataset) -> None:
    @dataclass(frozen=True)
    class InPlace(hg.layers.Layer):
        def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
            x *= 2
            return x, lambda dy, gradients: 2 * dy

    network = hg.Network([InPlace(), hg.Dense(2)], 4, 0)
    records = hg.fit(network, table, batch_size="all", epochs=3, optimizer=hg.SGD(1e-12), threads=1)
    assert records[0].loss == pytest.approx(records[2].loss, rel=1e-6)


def test_sample_weights_choose_examples(table: hg.Dataset) -> None:
    half = np.arange(len(table)) % 2
    weighted, alone = network_for(table), network_for(table)
    weighted.scaling = alone.scaling = hg.Scaling.learned(table.inputs)
    hg.fit(weighted, table, batch_size="all", steps=5, optimizer=hg.SGD(0.2), sample_weights=half)
    hg.fit(alone, table.take(half == 1), batch_size="all", steps=5)
    np.testing.assert_allclose(weighted.flat_parameters, alone.flat_parameters, rtol=1e-4, atol=1e-6)


def test_divergence_keeps_the_last_finite_parameters(table: hg.Dataset) -> None:
    network = network_for(table)
    with pytest.raises(Diverged, match=r"diverged at step \d+.*learning rate below 1e\+06"):
        hg.fit(network, table, optimizer=hg.SGD(1e6), batch_size="all", steps=50)
    assert np.isfinite(hg.evaluate(network, table).loss)
    large = hg.Dataset(np.full((20, 4), 3e38), table.labels[:20], table.classes)
    with pytest.raises(Diverged, match="the loss of 20 examples is not finite"):
        hg.fit(network_for(table), hg.Splits(table, large))
    network.flat_parameters[:] = 1e38
    with pytest.raises(hg.HandgradError, match="before the first step") as error:
        hg.fit(network, table, steps=3)
    assert not isinstance(error.value, Diverged)


NAMED = [hg.Dataset(np.ones((2, 4)), [0, 1], names) for names in (("no", "yes"), ("cold", "warm"))]
WEIGHTS: list[Any] = [[1.0], "abc", -np.ones(200), np.zeros(200), np.full(200, np.nan), [1 + 1j] * 200]
FAR = hg.Dataset(np.ones((2, 4)), np.array([[0, 1], [1e200, 2]]), task="regression")
OUT_OF_RANGE: dict[str, list[Any]] = {
    **{name: [True, 0] for name in ("augmentation", "early_stopping", "averaging", "adversarial")},
    **{name: [3, hg.Dense, np.ones(2)] for name in ("optimizer", "schedule", "loss")},
    **{name: [0, 1.5] for name in ("epochs", "steps", "record_every", "threads")},
    **{"batch_size": [0, None, "some", True], "seed": [-1], "sample_weights": WEIGHTS},
}
WRONG: list[tuple[dict[str, Any], str]] = [
    *(({name: value}, f"{name} must be") for name, values in OUT_OF_RANGE.items() for value in values),
    *(({name: ""}, f"{name}: unknown") for name in ("optimizer", "loss")),
    ({"optimizer": "adm"}, "optimizer: unknown optimizer 'adm'; did you mean 'Adam'"),
    *(({"data": data}, "Splits") for data in (None, "mnist", np.zeros((3, 4)))),
    ({"data": hg.Splits(NAMED[0], NAMED[1])}, "classes no, yes, the data cold, warm"),
    ({"early_stopping": hg.EarlyStopping()}, "validation split"),
    ({"augmentation": hg.Augmentation(shift=1)}, "augmentation deforms images"),
    *(({"sample_weights": np.full(200, w)}, "too large or too small for float32") for w in (1e-60, 1e300)),
    ({"data": FAR}, "targets: there are numbers that are too large"),
    ({"seed": 1, "state": hg.TrainingState()}, "give one of them"),
    ({"steps": 3, "epochs": 3}, "give one of them"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_training_that_is_refused_changes_nothing(table: hg.Dataset, arguments: Any, message: str) -> None:
    network = network_for(table)
    assert message in refusal(hg.train, network, **{"data": table, **arguments})
    assert network.scaling is None
    assert network.classes == ("0", "1")


@pytest.mark.parametrize("progress", [False, "auto", True])
def test_fit_trains_to_the_end(table: hg.Dataset, capfd: pytest.CaptureFixture[str], progress: Any) -> None:
    records = hg.fit(network_for(table), table, epochs=3, seed=1, progress=progress)
    expected = list(hg.train(network_for(table), table, epochs=3, seed=1))
    assert [record.loss for record in records] == [record.loss for record in expected]
    out, err = capfd.readouterr()
    assert out == ""
    assert ("epoch 3" in err) == (progress is True)
    assert "progress must be" in refusal(hg.fit, network_for(table), table, progress="bar")
