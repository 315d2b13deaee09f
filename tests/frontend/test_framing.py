"""The page renders and frames drawings like the library, to the bit."""

from typing import Any

import numpy as np
import pytest

from drawings import render
from handgrad.data.framing import frame_digit
from page_models import Models
from page_window import DRAWINGS

RNG = np.random.default_rng(0)
DOTS: list[Any] = [{"width": 0.1, "strokes": [[[x, y]]]} for x, y in ((0.5, 0.5), (0, 1), (0.999, 0.02))]
LINES: list[Any] = [
    {"width": width, "strokes": [[[0.1, at], [0.9, at + 0.03]]]} for width in (0.02, 0.16) for at in (0, 0.5)
]


def scribbles(count: int) -> list[Any]:
    """Return strokes of any size, place and pen; some lie beside or beyond the edge."""
    found = []
    for _ in range(count):
        middle, size = RNG.uniform(-0.1, 1.1, 2), RNG.uniform(0.02, 1)
        strokes = [
            (middle + size * RNG.uniform(-0.5, 0.5, (RNG.integers(1, 9), 2))).clip(0, 1).tolist()
            for _ in range(RNG.integers(1, 4))
        ]
        found.append({"width": float(RNG.uniform(0.02, 0.16)), "strokes": strokes})
    return found


@pytest.mark.parametrize("count", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_drawings_are_rendered_and_framed_like_in_python(models: Models, count: int) -> None:
    drawings = [*DRAWINGS, *DOTS, *LINES, *scribbles(count)]
    for drawing, found in zip(drawings, models.pixels(drawings), strict=True):
        np.testing.assert_array_equal(found, frame_digit(render(drawing)), str(drawing))
    for drawing, found in zip(drawings, models.pixels(drawings, "plain"), strict=True):
        np.testing.assert_array_equal(found, render(drawing, 28), str(drawing))


def test_pressure_widens_a_stroke(models: Models) -> None:
    stroke = [[0.5, 0.2], [0.5, 0.8]]
    drawings = [{"width": 0.08, "strokes": [[[*p, width] for p in stroke]]} for width in (0.8, 1, 1.2)]
    inks = [int(image.sum()) for image in models.pixels(drawings, "plain")]
    assert inks[0] < inks[1] < inks[2]
