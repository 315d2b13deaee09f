"""Skeletons of the digits, and smooth curves through their control points."""

import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

POINTS = 64  # of the polygon that stands for the curves of a digit
TEXT = files(__package__).joinpath("skeletons.toml").read_text("utf-8")
SKELETONS: dict[int, list[tuple[float, str]]] = {
    int(digit): styles for digit, styles in tomllib.loads(TEXT).items()
}
"""The ways to write each digit, with their relative frequencies; skeletons.toml explains them."""


@cache
def skeleton(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Parse a skeleton as in `SKELETONS`: control points (K, 2), basis (64, K), pen_down (63,).

    Control points are about the centre of a digit of height 2. ``basis @ controls`` are points along the strokes, for
    these control points and for displaced ones; `pen_down` is whether a segment joins a point with the next.
    """
    strokes = [stroke.split() for stroke in text.split("/")]
    words = [word for stroke in strokes for word in stroke]
    xy = np.array([word.rstrip("!").split(",") for word in words], np.float64)
    controls = (xy - (xy.min(0) + xy.max(0)) / 2) / 50

    lifts = np.cumsum([len(stroke) for stroke in strokes])  # the pen is lifted before these control points
    corners = [k for k, word in enumerate(words) if word.endswith("!")]
    starts = sorted({0, *lifts[:-1], *corners})
    pieces = [controls[a : b if b in lifts else b + 1] for a, b in pairwise([*starts, len(words)])]
    lengths = np.array([np.linalg.norm(np.diff(piece, axis=0), axis=1).sum() for piece in pieces])
    ends = np.rint(np.cumsum(lengths) / lengths.sum() * POINTS).astype(int)
    basis = np.zeros((POINTS, len(controls)))
    for start, piece, (row, end) in zip(starts, pieces, pairwise([0, *ends]), strict=True):
        basis[row:end, start : start + len(piece)] = spline(piece, end - row)

    pen_down = np.ones(POINTS - 1, np.bool_)
    pen_down[[end - 1 for start, end in zip(starts[1:], ends[:-1], strict=True) if start in lifts]] = False
    return controls, basis, pen_down


def spline(controls: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Compute the matrix (count, K) that maps K ≥ 2 control points to evenly spaced points of a smooth curve.

    The curve is a centripetal Catmull-Rom spline: cubic between its knots, which are the square root of the distance
    of the `controls` (K, 2) apart, with the slope of the parabola through three neighbours, straight at its ends.
    """
    distance = np.linalg.norm(np.diff(controls, axis=0), axis=1)
    h = np.sqrt(distance)
    k = len(controls)
    secants = np.diff(np.eye(k), axis=0) / h[:, None]
    slopes = np.empty((k, k))
    slopes[1:-1] = (h[1:, None] * secants[:-1] + h[:-1, None] * secants[1:]) / (h[:-1] + h[1:])[:, None]
    if k == 2:
        slopes[:] = secants
    else:
        slopes[0] = (3 * secants[0] - slopes[1]) / 2
        slopes[-1] = (3 * secants[-1] - slopes[-2]) / 2

    path = np.concatenate([[0], np.cumsum(distance)])
    at = np.interp(np.linspace(0, path[-1], count), path, np.arange(k))
    i = np.minimum(at.astype(int), k - 2)
    t = (at - i)[:, None]
    start, end = np.eye(k)[i], np.eye(k)[i + 1]
    rise, fall = h[i, None] * slopes[i], h[i, None] * slopes[i + 1]
    return (
        (1 + 2 * t) * (1 - t) ** 2 * start
        + t**2 * (3 - 2 * t) * end
        + t * (1 - t) ** 2 * rise
        + t**2 * (t - 1) * fall
    )
