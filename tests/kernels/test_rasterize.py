"""Drawing: both pens against geometry, and the compiled one against the plain one."""

from types import ModuleType

import numpy as np
import pytest

from handgrad.kernels import rasterize
from handgrad.kernels.compiled import rasterize as compiled

both = pytest.mark.parametrize("kernel", [rasterize, compiled], ids=["plain", "compiled"])


@both
def test_a_straight_stroke_is_as_wide_as_its_pen(kernel: ModuleType) -> None:
    points = np.array([[[4.0, 5.0], [16.0, 5.0]]])
    radii = np.array([[1.5, 3.0]])
    [picture] = kernel.draw_strokes(points, radii, np.array([[True]]), np.ones(1), 20)
    widths = picture.sum(axis=0) / 255
    np.testing.assert_allclose(
        widths[4:16], 2 * np.interp(np.arange(4, 16) + 0.5, [4, 16], [1.5, 3]), atol=0.02
    )
    assert picture[4:6, 5:15].min() == 255


@both
def test_edges_fade_over_the_softness(kernel: ModuleType) -> None:
    points = np.full((1, 2, 2), 10.5)  # two points in one place: a dot
    [picture] = kernel.draw_strokes(points, np.full((1, 2), 4.0), np.array([[True]]), np.array([4.0]), 21)
    # One pixel farther from the middle is a quarter darker, from 2 pixels inside the radius to 2 outside it.
    np.testing.assert_array_equal(picture[10, 10:], [255, 255, 255, 191, 128, 64, 0, 0, 0, 0, 0])


@both
def test_a_lifted_pen_leaves_no_ink(kernel: ModuleType) -> None:
    points = np.array([[[3.0, 10.0], [7.0, 10.0], [13.0, 10.0], [17.0, 10.0]]])
    pen_down = np.array([[True, False, True]])
    [picture] = kernel.draw_strokes(points, np.ones((1, 4)), pen_down, np.ones(1), 20)
    assert picture[:, 9:11].max() == 0
    assert picture[:, 5].max() == picture[:, 15].max() == 255


def test_the_compiled_pen_draws_as_the_plain_one() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-3, 23, (20, 12, 2))  # some of the way is outside the picture
    radii = rng.uniform(0.4, 3, (20, 12))
    pen_down = rng.random((20, 11)) < 0.8
    softness = rng.uniform(0.4, 2, 20)
    plain = rasterize.draw_strokes(points, radii, pen_down, softness, 20)
    fast = compiled.draw_strokes(points, radii, pen_down, softness, 20)
    assert fast.dtype == plain.dtype == np.uint8
    np.testing.assert_allclose(fast.astype(int), plain.astype(int), atol=1)
