"""Generate handwritten digits, framed as MNIST's are.

Each digit follows one of the skeletons of its class with random errors, is bent and slanted at random, and drawn
with a pen of random width and pressure.
"""

import numpy as np
from numpy.typing import NDArray

from handgrad.data.framing import BOX, SIDE, centre
from handgrad.data.strokes.curves import POINTS, SKELETONS, skeleton
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads

Floats = NDArray[np.float64]

BLOCK = 1000  # examples that share a random generator, so that example k does not depend on the number of examples


def generate(examples: int, seed: int = 0, stream: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Generate N random digits: images (N, 784), 0 (background) to 255 (ink), and labels (N,), both uint8.

    Example k depends on `seed`, `stream` and k only: fewer examples are the first of more. By convention, stream 0 is
    for training and stream 1 for tests.
    """
    images = np.empty((examples, SIDE * SIDE), np.uint8)
    labels = np.empty(examples, np.uint8)

    def fill(block: int) -> None:
        rng = np.random.default_rng([seed, stream, block])
        digits = rng.integers(10, size=BLOCK, dtype=np.uint8)
        place = slice(block * BLOCK, (block + 1) * BLOCK)
        count = len(labels[place])
        points, pen_down = trace(digits, rng)
        points, radii, softness = frame(distort(points, rng), rng)
        drawn = centre(kernels.draw_strokes(points, radii, pen_down, softness, BOX))
        labels[place], images[place] = digits[:count], drawn.reshape(BLOCK, -1)[:count]

    with Workers(choose_threads()) as workers:
        workers.map(fill, range(-(-examples // BLOCK)))
    return images, labels


def trace(labels: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Trace a skeleton of each digit with random errors: paths as `skeleton` has them, (N, 64, 2) and (N, 63)."""
    n = len(labels)
    points = np.empty((n, POINTS, 2))
    pen_down = np.empty((n, POINTS - 1), np.bool_)
    chosen = rng.random(n)
    errors = rng.standard_normal((n, 26, 2))  # enough for skeletons of 24 control points
    errors = errors[:, :-2] + errors[:, 1:-1] + errors[:, 2:]  # neighbours are missed alike
    errors *= 0.065 * rng.lognormal(0, 0.3, (n, 1, 1))
    for digit, styles in SKELETONS.items():
        shares = np.cumsum([weight for weight, _ in styles])
        style = np.searchsorted(shares / shares[-1], chosen, side="right")
        for number, (_, text) in enumerate(styles):
            rows = np.flatnonzero((labels == digit) & (style == number))
            controls, basis, down = skeleton(text)
            points[rows] = basis @ (controls + errors[rows, : len(controls)])
            pen_down[rows] = down
    return points, pen_down


def distort(points: Floats, rng: np.random.Generator) -> Floats:
    """Bend, narrow and slant digits (N, P, 2) of height 2 at random."""
    n = len(points)
    x, y = points[..., 0], points[..., 1]
    breadth, taper, bow, waist, slant, turn = rng.standard_normal((6, n, 1))
    middle = 1 - np.clip(y, -1, 1) ** 2  # 0 at top and bottom
    x = x * (1 + 0.15 * taper * y) + 0.10 * bow * middle
    y = y + 0.10 * waist * middle
    # A wave of about the digit's length runs through x and through y, in any direction.
    angle, phase = rng.uniform(0, 2 * np.pi, (2, 2, n, 1))
    waves = rng.normal(0, 0.07, (2, n, 1)) * np.sin(2.5 * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    x, y = x + waves[0], y + waves[1]
    x = x * np.exp(0.2 * breadth) - (0.14 + 0.26 * slant) * y
    cos, sin = np.cos(0.08 * turn), np.sin(0.08 * turn)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def frame(points: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Choose pens, and scale the paths (N, P, 2) so that the ink fills a box of 20 pixels.

    Returns paths, radii of the pen (N, P) and widths of the ink's edges (N,), all in pixels.
    """
    n, p, _ = points.shape
    size = np.ptp(points, axis=1).max(axis=-1)[:, None]
    width = np.clip(2.55 * rng.lognormal(0, 0.27, (n, 1)), 1.1, 5.0)
    softness = rng.uniform(0.6, 1.1, (n, 1))
    # The pressure varies along the path.
    phase, cycles = rng.uniform(0, 2 * np.pi, (n, 1)), rng.uniform(2, 8, (n, 1))
    pressure = 1 + 0.12 * rng.standard_normal((n, 1)) * np.sin(phase + cycles * np.linspace(0, 1, p))
    unit = size / (BOX - width - softness)  # about a pixel; the width of the pen adds to the size
    radii = unit * width / 2 * pressure
    reach = (radii + unit * softness / 2)[..., None]
    low, high = (points - reach).min(axis=1), (points + reach).max(axis=1)
    scale = BOX / (high - low).max(axis=1)
    # The longer side fills the box; the shorter is offset by an integer, so that its edge stays as sharp.
    margin = np.floor((BOX - (high - low) * scale[:, None]) / 2 + 1e-9)
    points = (points - low[:, None]) * scale[:, None, None] + margin[:, None]
    return points, radii * scale[:, None], (softness * unit)[:, 0] * scale
