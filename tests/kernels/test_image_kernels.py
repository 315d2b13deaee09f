"""Images: warping and drawing against cases worked by hand, displacement fields against matrices."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from handgrad.kernels.backend import kernels
from handgrad.kernels.images import affine_displacements, gaussian_weights


def everywhere(dy: float, dx: float, height: int, width: int, examples: int = 1) -> np.ndarray:
    return np.broadcast_to(np.array([dy, dx], np.float32)[:, None, None], (examples, 2, height, width)).copy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("dy", "dx"), [(0, 0), (1, 0), (0, -2), (-3, 1), (4, 6), (-4, -6), (5, 0), (0, -700)]
)
def test_a_shift_by_pixels_moves_the_array_and_changes_no_bit(
    backend: str, dy: int, dx: int, dtype: DTypeLike
) -> None:
    images = np.random.default_rng(0).normal(size=(3, 2, 5, 7)).astype(dtype)
    expected = np.zeros_like(images)
    for row in range(max(0, -dy), min(5, 5 - dy)):
        for column in range(max(0, -dx), min(7, 7 - dx)):
            expected[:, :, row, column] = images[:, :, row + dy, column + dx]
    warped = kernels.warp(images, everywhere(dy, dx, 5, 7, 3))
    assert warped.dtype == images.dtype
    np.testing.assert_array_equal(warped, expected)


def test_between_pixels_values_are_bilinear(backend: str) -> None:
    image = np.array([[[[1.0, 2.0], [3.0, 5.0]]]])
    [[warped]] = kernels.warp(image, everywhere(0.25, 0.5, 2, 2))
    # Upper left: 3/4 of (1 + 2)/2 and 1/4 of (3 + 5)/2. To the right and below, the background 0 fades in.
    np.testing.assert_array_equal(warped, [[2.125, 1.375], [3.0, 1.875]])


def test_each_pixel_follows_its_displacement(backend: str) -> None:
    images = np.arange(2 * 6, dtype=np.float32).reshape(2, 1, 2, 3)
    displacements = np.zeros((2, 2, 2, 3), np.float32)
    displacements[1, 0, 0, 2] = 1  # of the second image, the upper right pixel looks one down …
    displacements[1, 1, 0, 2] = -2  # … and two to the left
    expected = images.copy()
    expected[1, 0, 0, 2] = images[1, 0, 1, 0]
    np.testing.assert_array_equal(kernels.warp(images, displacements), expected)


def test_a_straight_stroke_is_as_wide_as_its_pen(backend: str) -> None:
    points = np.array([[[4.0, 5.0], [16.0, 5.0]]])
    radii = np.array([[1.5, 3.0]])
    [image] = kernels.draw_strokes(points, radii, np.array([[True]]), np.ones(1), 20)
    widths = image.sum(axis=0) / 255
    np.testing.assert_allclose(
        widths[4:16], 2 * np.interp(np.arange(4, 16) + 0.5, [4, 16], [1.5, 3]), atol=0.02
    )
    assert image[4:6, 5:15].min() == 255


def test_edges_fade_over_the_softness(backend: str) -> None:
    points = np.full((1, 2, 2), 10.5)  # two points in one place: a dot
    [image] = kernels.draw_strokes(points, np.full((1, 2), 4.0), np.array([[True]]), np.array([4.0]), 21)
    # One pixel farther from the middle is a quarter darker, from 2 pixels inside the radius to 2 outside it.
    np.testing.assert_array_equal(image[10, 10:], [255, 255, 255, 191, 128, 64, 0, 0, 0, 0, 0])


def test_a_lifted_pen_leaves_no_ink(backend: str) -> None:
    points = np.array([[[3.0, 10.0], [7.0, 10.0], [13.0, 10.0], [17.0, 10.0]]])
    pen_down = np.array([[True, False, True]])
    [image] = kernels.draw_strokes(points, np.ones((1, 4)), pen_down, np.ones(1), 20)
    assert image[:, 9:11].max() == 0
    assert image[:, 5].max() == image[:, 15].max() == 255


@pytest.mark.parametrize(
    ("turn", "slant", "stretch", "shift"),
    [
        (0, 0, (1, 1), (0, 0)),
        (0.3, -0.2, (0.8, 1.5), (2, -3)),
        (-3, 1, (2, 0.2), (-9, 9)),
        (2, 0, (1, 1), (0, 1)),
    ],
)
def test_what_is_looked_up_goes_forward_to_the_pixel(
    turn: float, slant: float, stretch: tuple[float, float], shift: tuple[float, float]
) -> None:
    height, width = 6, 9
    angles = np.array([turn]), np.array([slant])
    factors, way = np.array(stretch)[:, None], np.array(shift)[:, None]
    [(dy, dx)] = affine_displacements(*angles, factors, way, height, width)
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    source = np.stack([x + dx, y + dy])
    turning = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    slanting = np.array([[1, -np.tan(slant)], [0, 1]])
    forward = turning @ slanting @ np.diag(stretch[::-1])
    target = np.einsum("ij,jhw->ihw", forward, source) + np.array(shift[::-1])[:, None, None]
    np.testing.assert_allclose(target, [x, y], atol=1e-4)


@pytest.mark.parametrize("std", [1.0, 2.5, 4.0, 6.0, 20.0])
@pytest.mark.parametrize("size", [1, 9, 28])
def test_smooth_noise_varies_and_correlates_as_noise_in_every_pixel(size: int, std: float) -> None:
    weights = gaussian_weights(size, std).astype(np.float64)
    pixels = np.arange(-200, size + 200)  # the noise extends beyond the edges
    kernel = np.exp(-(((np.arange(size)[:, None] - pixels) / std) ** 2) / 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    expected = kernel @ kernel.T
    np.testing.assert_allclose(weights @ weights.T, expected, atol=1e-3 * expected[0, 0])
