"""Skeletons of the ten digits: the ways in which people move the pen.

A skeleton is text: the points that the pen passes, ``x,y`` in hundredths of the digit's height, ``y`` down.
``!`` after a point makes it a corner, else the pen swings smoothly through it; ``/`` lifts the pen. The number
before a skeleton says how common the style is among those of its digit.
"""

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

POINTS = 64  # of the polygon that stands for the curves of a digit

SKELETONS: dict[int, list[tuple[float, str]]] = {
    0: [
        (3, "38,0 12,14 0,50 10,86 35,100 60,86 70,50 60,15 38,0 26,4"),
        (3, "52,8 32,0 8,18 0,55 12,90 35,100 60,88 70,50 62,18 42,2 25,6"),
        (1, "30,2 10,18 0,52 10,86 35,100 60,86 70,50 62,18 46,4"),
        (1, "44,0 14,12 0,50 10,88 35,100 60,85 70,45 58,14 40,6 28,16"),
        (1, "20,6 4,30 0,62 14,94 38,100 62,80 70,45 60,12 38,0 16,10"),
        (2, "54,4 26,4 4,35 2,70 20,98 48,90 66,55 62,18 44,2 34,18 30,38"),
    ],
    1: [
        (12, "0,0 0,50 0,100"),
        (2, "-18,22 0,0! 0,50 0,100"),
        (1, "-20,20 0,0! 0,50 0,100 / -24,100 24,100"),
    ],
    2: [
        (3, "5,22 18,4 40,0 58,14 56,38 38,64 15,86 0,98! 35,96 70,98"),
        (3, "5,20 20,2 42,0 56,16 52,42 34,70 12,94 -4,96 -4,80 14,72 36,82 55,96 78,92"),
        (1, "2,8 30,0 58,10 50,35 25,68 0,98! 35,96 68,98"),
        (2, "4,28 14,6 38,0 56,14 52,40 30,70 6,94! 22,86 45,92 74,94"),
        (1, "22,28 8,26 10,8 32,0 55,10 56,34 38,62 5,97! 40,94 72,100"),
        (2, "4,22 16,4 36,0 50,14 44,40 26,66 6,86 -8,82 2,68 22,70 42,84 64,88"),
        (2, "10,20 24,0 42,8 38,40 14,84! 50,84 96,82"),
        (1, "6,16 30,0 48,14 36,50 8,96! 30,88 60,84 90,78"),
        (1, "2,20 20,0 40,8 44,35 30,70 12,98 0,94 12,84 36,98 50,98"),
        (3, "2,25 18,4 38,0 54,14 50,38 32,66 10,94 -10,96 -10,74 10,64 34,76 54,92 76,94"),
        (1, "0,30 14,6 40,0 60,16 54,44 34,74 12,96 0,92 4,78 24,76 52,90 84,86"),
        (2, "6,24 26,2 52,4 62,24 50,50 24,80 0,96 -14,84 -2,68 24,72 50,90 86,94"),
        (1, "20,12 34,0 48,14 44,44 30,76 12,96 -2,86 8,66 30,64 48,82 52,96"),
    ],
    3: [
        (3, "5,12 25,0 50,8 52,28 38,44 20,47! 45,52 60,70 50,92 25,100 2,88"),
        (2, "5,14 28,0 52,12 46,36 26,48 20,47 30,46 54,58 56,84 28,100 0,88"),
        (1, "2,4 30,3 55,2! 25,42! 50,50 60,72 46,94 22,100 0,90"),
        (1, "5,12 28,0 52,10 48,32 28,50 18,52 20,44 36,46 56,62 54,88 26,100 0,90"),
        (2, "4,10 30,0 54,12 50,34 36,46! 54,58 60,78 44,96 20,100 0,90"),
        (1, "10,16 30,0 46,8 42,24 22,36! 56,44 66,66 50,92 20,100 0,92"),
        (1, "0,14 30,0 56,10 48,32 20,46! 44,48 60,64 48,88 18,98 0,86"),
        (1, "8,20 20,2 44,4 50,24 34,44 22,46 40,48 58,66 48,94 20,100 6,84"),
        (1, "0,6 26,2 50,4 44,22 18,42! 50,52 54,72 34,90 4,100"),
        (2, "0,10 24,0 44,8 40,26 24,40! 46,46 62,66 54,90 24,100 -4,92"),
        (1, "4,10 26,0 46,8 38,28 22,40! 40,48 44,66 30,88 8,100"),
    ],
    4: [
        (3, "12,2 6,30 2,52! 30,52 64,48 / 52,8 50,50 46,100"),
        (1, "46,0 22,32 0,64! 30,64 68,62 / 46,0 46,50 45,100"),
        (3, "8,5 4,35 18,50 40,46 58,26 / 62,0 56,50 48,100"),
        (2, "8,4 2,36 16,50 38,46 58,8! 53,55 48,100"),
        (1, "50,4 28,20 4,52! 30,54 62,50 / 52,2 50,50 46,100"),
        (1, "14,0 10,25 4,54! 35,52 74,46 / 48,24 46,60 44,100"),
    ],
    5: [
        (3, "12,0! 10,20 8,42! 30,34 55,45 60,70 45,94 20,100 0,90 / 12,0 35,1 60,0"),
        (3, "62,0 40,2 15,2! 12,20 8,42! 32,36 56,48 58,74 40,96 15,100 0,90"),
        (1, "62,2 30,4 10,18 18,38 42,48 56,66 46,90 20,100 0,90"),
        (2, "22,5 16,22 12,40! 36,42 50,58 46,82 25,98 0,94 / 22,5 50,0 80,-6"),
        (1, "72,0 50,2 28,4! 22,24 14,44! 40,48 46,70 30,92 0,100"),
        (2, "78,0 50,0 22,6! 18,24 12,44! 30,44 42,58 36,80 10,100 0,94"),
        (1, "60,0 40,2 20,2! 16,20 14,40! 40,34 60,54 56,84 30,100 8,90 6,72"),
        (2, "84,0 50,4 26,10! 20,26 12,42! 34,42 46,58 34,82 0,92 -10,84"),
    ],
    6: [
        (3, "45,0 18,25 2,60 10,92 35,100 55,82 48,60 25,58 6,74"),
        (2, "30,0 8,45 0,75 14,98 40,96 50,76 36,60 14,68 4,80"),
        (2, "50,4 25,10 5,45 4,80 25,100 50,92 55,70 38,54 16,62 6,80"),
        (1, "40,0 10,40 2,80 25,100 50,85 45,62 25,64 18,72"),
        (2, "20,0 4,30 0,70 16,96 48,98 66,78 60,56 34,50 12,70 8,86"),
        (1, "12,0 0,50 6,88 34,100 58,86 56,60 34,52 10,72"),
        (2, "32,0 8,30 0,66 14,94 46,100 74,80 66,56 36,56 14,78"),
    ],
    7: [
        (3, "0,8 30,4 60,4! 42,50 28,100"),
        (1, "0,8 30,4 60,4! 42,50 28,100 / 16,52 36,50 60,46"),
        (2, "2,22 0,5! 30,5 58,4! 38,50 25,100"),
        (2, "0,12 20,2 50,2 60,12 50,35 36,65 28,100"),
        (1, "0,22 4,6 16,4 34,12 60,4! 44,48 36,100"),
        (1, "0,4 26,5 52,4! 52,50 50,100"),
        (1, "0,12 28,4 58,0! 44,44 30,100 / 14,56 36,54 62,46"),
        (1, "0,26 8,4! 30,10 58,6! 46,45 40,100"),
        (2, "2,30 0,4! 30,4 56,2! 50,50 44,100"),
    ],
    8: [
        (3, "54,14 34,0 10,8 8,26 28,43 50,60 56,80 40,98 15,96 4,78 16,58 38,42 54,26 52,8"),
        (1, "30,0 8,14 10,34 30,46 52,32 52,12 30,0 / 30,46 4,62 2,86 30,100 58,86 56,62 30,46"),
        (2, "60,8 36,0 12,6 8,26 28,44 52,62 54,86 30,100 6,88 8,64 30,46 50,30 62,12"),
        (1, "30,0 10,12 12,30 32,46 54,66 50,92 26,100 4,86 10,62 32,46 50,28 48,8 30,0"),
        (2, "60,6 32,0 10,14 20,34 44,58 48,82 26,100 8,86 24,62 48,36 72,8"),
        (2, "56,15 36,0 10,8 10,30 28,48 42,68 38,92 22,100 12,84 26,58 46,38 57,16"),
        (1, "46,16 34,4 18,10 18,28 34,44 56,64 52,92 24,100 0,86 10,64 32,46 46,30 46,12"),
        (1, "30,0 4,14 8,38 34,44 62,34 64,12 34,0 / 32,46 2,60 0,88 32,100 66,88 64,60 32,46"),
        (2, "60,18 40,0 14,4 10,24 34,44 54,62 48,92 20,100 6,84 22,62 44,42 66,22"),
        (1, "2,98 20,70 44,40 58,16 38,0 12,8 10,28 30,48 54,74 58,98 30,94 6,96"),
        (1, "54,14 34,0 12,8 8,26 26,42 44,56 40,70 22,98 2,92 10,74 40,46 62,24 58,10"),
    ],
    9: [
        (3, "55,12 35,0 8,10 2,32 20,46 44,38 56,12! 54,50 48,100"),
        (2, "52,14 30,0 6,14 4,36 24,46 46,34 54,12 56,50 48,85 25,100 5,92"),
        (2, "50,20 28,4 5,18 4,42 25,50 48,36 / 54,2 52,50 48,100"),
        (2, "50,22 38,2 14,8 6,28 22,40 44,28 52,10 42,55 28,100"),
        (2, "50,10 28,0 4,16 4,40 24,50 46,36 52,10 51,55 50,100"),
        (2, "55,8 28,0 2,20 2,50 24,62 48,46 58,10 58,60 56,100"),
        (1, "52,8 24,8 4,30 14,48 40,40 58,14 54,55 40,100"),
        (2, "60,6 30,2 4,18 6,40 26,46 46,30 58,8 48,55 36,100"),
        (2, "64,2 30,4 6,18 10,36 30,40 48,24 44,60 30,100"),
    ],
}


@cache
def skeleton(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Read a skeleton and find the curves through its control points.

    Parameters
    ----------
    text : str
        Strokes as `SKELETONS` has them.

    Returns
    -------
    controls : ndarray of float64, shape (K, 2)
        Control points, about the middle of a digit 2 high.
    basis : ndarray of float64, shape (64, K)
        ``basis @ controls`` are points along the strokes, for these control points and for displaced ones.
    pen_down : ndarray of bool, shape (63,)
        Whether a segment joins a point with the next.
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
    """Find the matrix that takes K control points to evenly spaced points of a smooth curve through them.

    The curve is a centripetal Catmull-Rom spline: cubic between its knots, which lie the square root of the
    distance apart, with the slope of the parabola through three neighbours, and without curvature at its ends.

    Parameters
    ----------
    controls : ndarray of float64, shape (K, 2)
        Control points, K at least 2, whose distances place the knots.
    count : int
        Number of points to find.

    Returns
    -------
    ndarray of float64, shape (count, K)
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

    way = np.concatenate([[0], np.cumsum(distance)])
    at = np.interp(np.linspace(0, way[-1], count), way, np.arange(k))
    i = np.minimum(at.astype(int), k - 2)
    t = (at - i)[:, None]
    start, end, rise, fall = (
        np.eye(k)[i],
        np.eye(k)[i + 1],
        h[i, None] * slopes[i],
        h[i, None] * slopes[i + 1],
    )
    return (
        (1 + 2 * t) * (1 - t) ** 2 * start
        + t**2 * (3 - 2 * t) * end
        + t * (1 - t) ** 2 * rise
        + t**2 * (t - 1) * fall
    )
