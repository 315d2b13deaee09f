"""Augmentation: what each strength does, what stays the same, and what is refused."""

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from failing import refusal
from handgrad.data.augment import BLOCK, Augmentation
from handgrad.data.splits import Splits
from handgrad.kernels.images import affine_displacements

ALL = Augmentation(shift=2, rotate=15, scale=0.15, shear=10, elastic=34, sigma=4)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def images(digits: Splits) -> NDArray[np.uint8]:
    return digits.train.inputs[:300].reshape(-1, 28, 28)


def test_the_same_generator_makes_the_same_images(images: NDArray[np.uint8]) -> None:
    once = ALL(images, rng(3))
    np.testing.assert_array_equal(once, ALL(images, rng(3)))
    assert (once != ALL(images, rng(4))).any(axis=(1, 2)).all()
    assert len(np.unique(ALL(np.stack([images[0]] * 50), rng()), axis=0)) == 50
    view = images[::-2, :, ::-1].swapaxes(1, 2)
    view.flags.writeable = False
    np.testing.assert_array_equal(ALL(view, rng()), ALL(view.copy(order="C"), rng()))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_images_of_any_type_are_changed_alike(images: NDArray[np.uint8], dtype: DTypeLike) -> None:
    changed, expected = ALL(images.astype(dtype), rng()), ALL(images, rng())
    assert changed.dtype == (np.float64 if dtype == np.float64 else np.float32)
    assert 0 <= changed.min() < changed.max() <= 255
    np.testing.assert_allclose(changed, expected, atol=1e-3)
    given = images.astype(dtype)
    same = Augmentation()(given, rng())
    np.testing.assert_array_equal(same, images)
    assert same.dtype == changed.dtype
    assert not np.shares_memory(same, given)


def test_channels_are_changed_alike(images: NDArray[np.uint8]) -> None:
    changed = ALL(np.stack([images, 255 - images, images], axis=1), rng())
    np.testing.assert_array_equal(changed[:, 0], ALL(images, rng()))
    np.testing.assert_array_equal(changed[:, 0], changed[:, 2])
    np.testing.assert_allclose((changed[:, 0] + changed[:, 1])[:, 8:20, 8:20], 255, atol=1e-3)


def test_each_strength_is_the_largest_change() -> None:
    def uniform(low: float, high: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
        assert (low, high, shape) == (-1, 1, (6, 1))
        return np.array([[-1], [1], [-0.5], [0.5], [1], [-1]])

    drawn: Any = SimpleNamespace(uniform=uniform)
    moved = replace(ALL, elastic=0).displacements(1, 28, 28, drawn)
    turn, slant = np.radians([[-15.0], [10.0]])
    scales, shifts = np.array([[[0.925], [1.075]], [[2.0], [-2.0]]])
    expected = affine_displacements(turn, slant, scales, shifts, 28, 28)
    np.testing.assert_array_equal(moved, expected)


def test_a_quarter_turn_is_a_turned_array(images: NDArray[np.uint8]) -> None:
    largest: Any = SimpleNamespace(uniform=lambda low, high, shape: np.full(shape, high))
    turned = Augmentation(rotate=90)(images, largest)  # clockwise
    np.testing.assert_allclose(turned, np.rot90(images, -1, axes=(1, 2)), atol=1e-2)


@pytest.mark.parametrize(("elastic", "sigma"), [(34, 4), (8, 2), (38, 6)])
def test_elastic_displacements_are_those_of_simard(elastic: float, sigma: float) -> None:
    augmentation = Augmentation(elastic=elastic, sigma=sigma)
    fields = augmentation.displacements(2000, 28, 28, rng()).astype(np.float64)
    assert fields.mean() == pytest.approx(0, abs=0.05 * fields.std())
    deviation = elastic / (2 * sigma * np.sqrt(3 * np.pi))
    np.testing.assert_allclose(fields.std(axis=0), deviation, rtol=0.08)  # in every pixel, edges too
    for axis, apart in ((1, 0), (2, np.exp(-1 / (4 * sigma**2))), (3, np.exp(-1 / (4 * sigma**2)))):
        one, next_to_it = (np.take(fields, part, axis).ravel() for part in (0, 1))
        assert np.corrcoef(one, next_to_it)[0, 1] == pytest.approx(apart, abs=0.05)


def test_images_do_not_change_at_the_end_of_a_training() -> None:
    for fraction, last in ((0.25, 2), (0, 0), (1, 8)):
        augmentation = Augmentation(shift=2, unaugmented_fraction=fraction)
        assert [augmentation.is_off(step, 8) for step in range(8)] == [False] * (8 - last) + [True] * last


@pytest.mark.parametrize("name", list(asdict(ALL)))
@pytest.mark.parametrize("value", [-0.1, float("nan"), 1e9, "1", None, True])
def test_what_is_out_of_range_is_reported_in_one_line(name: str, value: Any) -> None:
    assert f"Augmentation {name} must be a number at least" in refusal(lambda: replace(ALL, **{name: value}))


def test_images_have_any_number_and_shape() -> None:
    for shape in ((0, 28, 28), (2, 1, 1), (3, 2, 5, 40), (BLOCK + 1, 6, 4)):
        ones = np.ones(shape, np.float32)
        assert ALL(ones, rng()).shape == shape
        np.testing.assert_array_equal(Augmentation()(ones, rng()), ones)
    for array in (np.zeros((28, 28)), np.zeros(784), np.zeros((2, 1, 1, 28, 28))):
        assert "images must be" in refusal(ALL, array, rng())
