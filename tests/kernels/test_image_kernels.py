"""Images: warping and drawing against cases worked by hand, displacement fields against matrices."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from handgrad.kernels.backend import kernels
from handgrad.kernels.images import affine_displacements, gaussian_weights


@pytest.mark.parametrize("parts", [1, 4])  # shifts by whole pixels change no bit
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_warp_is_bilinear_between_pixels_of_the_padded_image(
    backend: str, dtype: Any, parts: int, rng: np.random.Generator
) -> None:
    images = rng.normal(size=(3, 2, 5, 7)).astype(dtype)
    displacements = (rng.integers(-20, 21, (3, 2, 5, 7)) / parts).astype(np.float32)
    displacements[0, :, 2, 2] = -700, 600
    warped, padded = kernels.warp(images, displacements), np.pad(images, ((0, 0), (0, 0), (9, 20), (9, 20)))
    assert warped.dtype == dtype
    for n, row, column in np.ndindex(3, 5, 7):
        y, x = np.clip(displacements[n, :, row, column] + np.array([row + 9.0, column + 9]), 0, 20)
        v, u = y % 1, x % 1
        a, b, c, d = (padded[n, :, int(y) + i, int(x) + j] for i, j in product((0, 1), repeat=2))
        expected = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
        tolerance = 0 if parts == 1 else 1e-6
        np.testing.assert_allclose(warped[n, :, row, column], expected, tolerance, tolerance)


def test_a_stroke_is_as_wide_as_its_pen_and_a_lifted_pen_leaves_no_ink(backend: str) -> None:
    points = np.array([[[4.0, 5.0], [16.0, 5.0], [16.0, 15.0], [4.0, 15.0]]])
    radii, pen_down = np.array([[1.5, 3.0, 1.0, 1.0]]), np.array([[True, False, True]])
    [image] = kernels.draw_strokes(points, radii, pen_down, np.ones(1), 20)
    widths = 2 * np.interp(np.arange(4, 16) + 0.5, [4, 16], [1.5, 3])
    np.testing.assert_allclose(image[:10].sum(axis=0)[4:16] / 255, widths, atol=0.02)
    assert image[[4, 5, 14], 5:15].min() == 255
    assert image[9:12].max() == 0


def test_edges_fade_over_the_softness(backend: str) -> None:
    points = np.full((1, 2, 2), 10.5)  # two points in one place: a dot
    [image] = kernels.draw_strokes(points, np.full((1, 2), 4.0), np.array([[True]]), np.array([4.0]), 21)
    # One pixel farther from the middle is a quarter darker, from 2 pixels inside the radius to 2 outside it.
    np.testing.assert_array_equal(image[10, 10:], [255, 255, 255, 191, 128, 64, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(("turn", "slant"), [(0, 0), (0.3, -0.2), (-3, 1), (2, 0)])
@pytest.mark.parametrize(("stretch", "shift"), [((1, 1), (0, 1)), ((0.8, 1.5), (2, -3)), ((2, 0.2), (-9, 9))])
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
