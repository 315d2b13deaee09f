"""Training on a stream: exactly resumed, small checkpoints, and the same numbers as in memory where they must be."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from handgrad.data.dataset import Dataset, Splits
from handgrad.data.load import load_data
from handgrad.data.streams import progress
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.errors import HandgradError
from handgrad.model.layers import BatchNorm, Dense, ReLU
from handgrad.model.network import Network
from handgrad.training import rehearsal
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.metrics import evaluate
from handgrad.training.optimizers import Adam
from handgrad.training.state import TrainingState
from handgrad.training.train import train

SMALL = Memory(PROGRAM + 4 * 64 * 1024)
"""Windows of 64 KiB."""


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds here are for windows; what the process of all tests takes is another matter."""
    monkeypatch.setattr(rehearsal, "peak_of", lambda work: work())


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of 3,000 numbered examples, 12 numbers each, of three classes."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "caches"))
    monkeypatch.setattr(progress, "BLOCK_BYTES", 4_000)
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=3000)
    inputs = 100 + 20 * rng.normal(size=(3000, 12)).astype(np.float32) + 30 * np.eye(3, 12)[labels]
    frame = pl.DataFrame({"label": labels, **{f"v{k}": inputs[:, k] for k in range(12)}})
    frame.write_parquet(tmp_path / "table.parquet")
    return tmp_path / "table.parquet"


def network(seed: int = 0, norm: bool = False) -> Network:
    layers = [Dense(16), *([BatchNorm()] if norm else []), ReLU(), Dense(3)]
    return Network(layers, (12,), np.random.default_rng(seed))


def options(**changes: Any) -> dict[str, Any]:
    return {"learning_rate": 0.01, "batch_size": 70, "epochs": 4, "threads": 2, **changes}


@pytest.mark.parametrize("cut", [1, 20, 43, 44, 60, 100])
@pytest.mark.parametrize("norm", [False, True])
def test_stopped_anywhere_and_resumed_equals_never_stopped(
    source: Path, tmp_path: Path, cut: int, norm: bool
) -> None:
    def splits() -> Splits:
        return load_data(source, SMALL).split_validation(200, np.random.default_rng(0))

    assert isinstance(train_split := splits().train, StreamedDataset)
    assert 3 <= len(train_split.bounds) // train_split.window < 30
    whole, state = network(norm=norm), TrainingState(np.random.default_rng(5))
    expected = list(train(whole, splits(), optimizer=Adam(), state=state, **options()))

    stopped, optimizer, state = network(norm=norm), Adam(), TrainingState(np.random.default_rng(5))
    for _ in train(
        stopped, splits(), optimizer=optimizer, state=state, **options(), stop=lambda: state.step == cut
    ):
        pass
    assert state.step == cut
    save_checkpoint(stopped, optimizer, state, tmp_path / "checkpoint.safetensors")
    again, restored, state = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert state.order is not None
    assert state.order.shape == (1,), "a seed, not a permutation"
    found = list(train(again, splits(), optimizer=restored, state=state, **options()))
    np.testing.assert_array_equal(again.flat_parameters, whole.flat_parameters)
    assert (found[-1].loss, found[-1].validation_loss) == (expected[-1].loss, expected[-1].validation_loss)


def test_one_batch_of_everything_is_trained_as_in_memory(source: Path) -> None:
    results = []
    for memory in (None, Memory(PROGRAM + 4 * 200_000)):
        net = network()
        list(train(net, load_data(source, memory), **options(batch_size="all", epochs=5, threads=1)))
        results.append((net.flat_parameters.copy(), net.scaling))
    (ours, scaling), (theirs, scaled) = results
    assert scaling is not None
    assert scaled is not None
    np.testing.assert_allclose(scaling.shift, scaled.shift, rtol=1e-12)
    np.testing.assert_allclose(scaling.divisor, scaled.divisor, rtol=1e-9)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_it_learns_and_is_measured_as_in_memory(source: Path) -> None:
    net = network()
    splits = load_data(source, SMALL).split_validation(300, np.random.default_rng(0))
    records = list(train(net, splits, optimizer=Adam(), **options()))
    assert records[-1].validation_accuracy is not None
    assert records[-1].validation_accuracy > 0.7
    streamed, whole = evaluate(net, load_data(source, SMALL).train), evaluate(net, load_data(source).train)
    assert len(list(load_data(source, SMALL).train.parts())) > 3
    np.testing.assert_array_equal(streamed.confusion, whole.confusion)
    assert streamed.accuracy == whole.accuracy
    assert streamed.loss == pytest.approx(whole.loss, rel=1e-6)


def test_other_data_or_other_windows_are_refused(source: Path) -> None:
    state = TrainingState()
    list(train(network(), load_data(source, SMALL), state=state, **options(epochs=1)))
    state.belong_to(load_data(source, SMALL).train)
    others = [load_data(source, Memory(PROGRAM + 4 * 32 * 1024)), load_data(source)]
    others.append(load_data(source, SMALL).split_validation(10, np.random.default_rng(0)))
    for other in others:
        with pytest.raises(HandgradError, match="not the data that the training was begun with"):
            state.belong_to(other.train)


def test_a_split_set_aside_is_the_same_examples_in_both(source: Path) -> None:
    whole = load_data(source).train
    splits = load_data(source, SMALL).split_validation(500, np.random.default_rng(3))
    train_split, validation = splits.train, splits.validation
    assert validation is not None
    parts = [np.concatenate([part.inputs for part in split.parts()]) for split in (train_split, validation)]
    assert [len(part) for part in parts] == [2500, 500]
    held = {row.tobytes() for part in parts for row in part}
    assert held == {row.tobytes() for row in whole.inputs}
    assert Dataset(parts[1], validation.labels, 3).labels.tolist() == validation.labels.tolist()
