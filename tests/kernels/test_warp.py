"""Bending pictures: both kernels against cases worked by hand, and the compiled one against the plain one."""

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import DTypeLike

from handgrad.kernels import warp
from handgrad.kernels.compiled import warp as compiled

both = pytest.mark.parametrize("kernel", [warp, compiled], ids=["plain", "compiled"])
floats = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def everywhere(dy: float, dx: float, height: int, width: int, examples: int = 1) -> np.ndarray:
    return np.broadcast_to(np.array([dy, dx], np.float32)[:, None, None], (examples, 2, height, width)).copy()


@both
@floats
def test_no_displacement_changes_no_bit(kernel: ModuleType, dtype: DTypeLike) -> None:
    images = np.random.default_rng(0).normal(size=(3, 2, 5, 7)).astype(dtype)
    warped = kernel.warp(images, everywhere(0, 0, 5, 7, 3))
    assert warped.dtype == images.dtype
    np.testing.assert_array_equal(warped, images)


@both
@pytest.mark.parametrize(("dy", "dx"), [(1, 0), (0, -2), (-3, 1), (4, 6), (-4, -6), (5, 0), (0, -700)])
def test_a_whole_pixel_shift_moves_the_array(kernel: ModuleType, dy: int, dx: int) -> None:
    image = np.random.default_rng(0).random((5, 7), np.float32)
    expected = np.zeros_like(image)
    for row in range(max(0, -dy), min(5, 5 - dy)):
        for column in range(max(0, -dx), min(7, 7 - dx)):
            expected[row, column] = image[row + dy, column + dx]
    np.testing.assert_array_equal(kernel.warp(image[None, None], everywhere(dy, dx, 5, 7))[0, 0], expected)


@both
def test_between_pixels_values_are_bilinear(kernel: ModuleType) -> None:
    image = np.array([[[[1.0, 2.0], [3.0, 5.0]]]])
    [[warped]] = kernel.warp(image, everywhere(0.25, 0.5, 2, 2))
    # Upper left: 3/4 of (1 + 2)/2 and 1/4 of (3 + 5)/2. To the right and below lies the background, 0.
    np.testing.assert_array_equal(warped, [[2.125, 1.375], [3.0, 1.875]])


@both
def test_the_background_fades_in_over_one_pixel(kernel: ModuleType) -> None:
    image = np.ones((1, 1, 4, 4))
    for dx, edge in [(-0.25, 0.75), (-0.75, 0.25), (-1, 0)]:
        np.testing.assert_array_equal(kernel.warp(image, everywhere(0, dx, 4, 4))[0, 0, :, 0], edge)
        np.testing.assert_array_equal(kernel.warp(image, everywhere(dx, 0, 4, 4))[0, 0, 0, :], edge)
        np.testing.assert_array_equal(kernel.warp(image, everywhere(0, -dx, 4, 4))[0, 0, :, -1], edge)


@both
def test_each_pixel_follows_its_own_displacement(kernel: ModuleType) -> None:
    images = np.arange(2 * 6, dtype=np.float32).reshape(2, 1, 2, 3)
    displacements = np.zeros((2, 2, 2, 3), np.float32)
    displacements[1, 0, 0, 2] = 1  # of the second image, the upper right pixel looks one down …
    displacements[1, 1, 0, 2] = -2  # … and two to the left
    expected = images.copy()
    expected[1, 0, 0, 2] = images[1, 0, 1, 0]
    np.testing.assert_array_equal(kernel.warp(images, displacements), expected)


@floats
@pytest.mark.parametrize("shape", [(8, 1, 28, 28), (5, 3, 9, 14), (1, 2, 1, 6), (0, 1, 4, 4)])
def test_the_compiled_warp_is_the_plain_one(shape: tuple[int, int, int, int], dtype: DTypeLike) -> None:
    rng = np.random.default_rng(1)
    n, _, height, width = shape
    images = rng.normal(size=shape).astype(dtype)
    displacements = rng.normal(0, 4, (n, 2, height, width)).astype(np.float32)  # some far outside
    fast = compiled.warp(images, displacements)
    assert fast.dtype == dtype
    np.testing.assert_allclose(fast, warp.warp(images, displacements), rtol=0, atol=5 * np.finfo(dtype).eps)
