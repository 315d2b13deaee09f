"""Displacement fields: affine ones against matrices, smooth noise against noise smoothed pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.kernels.displacements import affine_displacements, gaussian_weights


@given(
    st.floats(-np.pi, np.pi),
    st.floats(-1, 1),
    st.tuples(st.floats(0.2, 2), st.floats(0.2, 2)),
    st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
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


def test_no_change_displaces_nothing() -> None:
    nothing = affine_displacements(np.zeros(2), np.zeros(2), np.ones((2, 2)), np.zeros((2, 2)), 5, 7)
    np.testing.assert_array_equal(nothing, np.zeros((2, 2, 5, 7)))


@pytest.mark.parametrize("std", [1.0, 2.5, 4.0, 6.0, 20.0])
@pytest.mark.parametrize("size", [1, 9, 28])
def test_smooth_noise_varies_and_correlates_as_noise_in_every_pixel(size: int, std: float) -> None:
    weights = gaussian_weights(size, std).astype(np.float64)
    pixels = np.arange(-200, size + 200)  # the noise goes on beyond the edges
    kernel = np.exp(-(((np.arange(size)[:, None] - pixels) / std) ** 2) / 2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    expected = kernel @ kernel.T
    np.testing.assert_allclose(weights @ weights.T, expected, atol=1e-3 * expected[0, 0])
