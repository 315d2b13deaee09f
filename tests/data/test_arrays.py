"""Memory maps: what is read of them is what is in the file, and they are not copied."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from failing import refusal
from handgrad.data.arrays import is_mapped
from handgrad.data.dataset import Dataset
from handgrad.data.splits import Splits
from handgrad.model.scaling import Scaling

LABELS = np.arange(500) % 3


def mapped(path: Path, array: Any) -> Any:
    np.save(path / "a.npy", array)
    return np.load(path / "a.npy", mmap_mode="r")


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 500 bytes."""
    for module in ("arrays", "dataset"):
        monkeypatch.setattr(f"handgrad.data.{module}.PART", 500)


def selections(data: Dataset) -> list[Dataset]:
    parts = Splits(data).split_validation(100, np.random.default_rng(1))
    return [data, parts.train, parts.split("validation"), parts.train.take(np.arange(50, 350))]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("dtype", ["u1", "f4", "f8", "f2", ">f4", "i8", "bool"])
@pytest.mark.parametrize("shape", [(500, 12), (500, 1, 3, 4)])
def test_a_memory_map_is_the_same_data(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    here, there = Dataset(array, LABELS, 3), Dataset(mapped(tmp_path, array), LABELS, 3)
    assert is_mapped(there.inputs)
    for index in (np.array([3, 499, 0, 3]), slice(2, 400, 3), slice(None), 7):
        np.testing.assert_array_equal(there.inputs[index], here.inputs[index])
    np.testing.assert_array_equal(there.sample(50), here.sample(50))
    assert there.fingerprint() == here.fingerprint()
    for plain, lazy in zip(selections(here), selections(there), strict=True):
        assert is_mapped(lazy.inputs)
        assert (lazy.inputs.shape, lazy.inputs.dtype) == (plain.inputs.shape, plain.inputs.dtype)
        parts = list(lazy.parts())
        assert len(parts) > 2
        for name in ("inputs", "labels"):
            whole = np.concatenate([getattr(part, name) for part in parts])
            np.testing.assert_array_equal(whole, getattr(plain, name))
        np.testing.assert_array_equal(np.asarray(replace(lazy).inputs), plain.inputs)


def test_memory_maps_in_another_order_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.asfortranarray(np.random.default_rng(0).random((500, 3, 4)))
    data = Dataset(mapped(tmp_path, array), LABELS, 3)
    assert not is_mapped(data.inputs)
    np.testing.assert_array_equal(data.inputs, Dataset(array, LABELS, 3).inputs)
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 500)
    assert "are available; save them in C order" in refusal(Dataset, mapped(tmp_path, array), LABELS, 3)


@pytest.mark.usefixtures("small_parts")
def test_bad_values_in_a_memory_map_are_found(tmp_path: Path) -> None:
    for value in (np.nan, np.inf):
        array = np.zeros((500, 12), np.float32)
        array[321, 5] = value
        assert "NaN or infinity" in refusal(Dataset, mapped(tmp_path, array), LABELS, 3)


def test_a_memory_map_stays_in_its_file(tmp_path: Path) -> None:
    map_ = mapped(tmp_path, np.zeros((4_000, 8_000), np.float32))
    labels = np.arange(4_000) % 2
    tracemalloc.start()
    splits = Splits(Dataset(map_, labels, 2)).split_validation(400, np.random.default_rng(0))
    assert splits.train.fingerprint() != splits.split("validation").fingerprint()
    assert Scaling.learned(splits.train.inputs).shift.shape == (8_000,)
    assert tracemalloc.get_traced_memory()[1] < 90_000_000, "of 128 MB"
    tracemalloc.stop()


def test_scaling_is_learned_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(3, [1, 1e-3, 50], (1_000, 3)).astype(np.float32)
    for block in (10**6, 100):
        monkeypatch.setattr("handgrad.model.scaling.BLOCK", block)
        scaling = Scaling.learned(x)
        np.testing.assert_allclose(scaling.shift, x.mean(0, np.float64), rtol=1e-12)
        np.testing.assert_allclose(scaling.divisor, x.std(0, np.float64), rtol=1e-10)


def test_an_epoch_of_a_memory_map_is_that_of_the_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.random.default_rng(0).integers(0, 256, (500, 2_000), np.uint8)
    for name, size in (("batches.BLOCK", 20_000), ("batches.WINDOW", 200_000), ("dataset.PART", 1_000)):
        monkeypatch.setattr(f"handgrad.data.{name}", size)
    whole, data = Dataset(array, LABELS, 3), Dataset(mapped(tmp_path, array), LABELS, 3)
    for there, here in zip(selections(whole)[:2], selections(data)[:2], strict=True):
        order, same = (each.draw_order(8, np.random.default_rng(1)) for each in (there, here))
        assert order is not None
        np.testing.assert_array_equal(order, same)
        for start in (0, 240):
            taken = [np.concatenate(list(each.batches(order, 8, start))) for each in (there, here)]
            np.testing.assert_array_equal(taken[0], order[start:])
            np.testing.assert_array_equal(there.inputs[taken[0]], here.inputs[taken[1]])
