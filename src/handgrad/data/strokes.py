"""Handwritten digits that the library writes itself, framed as MNIST frames its own.

A writer picks one of the skeletons of a digit, misses its points a little, bends and slants the whole as a hand
does, and draws it with a pen of their own. No two examples share a writer.
"""

import numpy as np
from numpy.typing import NDArray

from handgrad.data.curves import POINTS, skeleton
from handgrad.data.skeletons import SKELETONS
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads

BLOCK = 1000  # examples that share a random generator, so that example k is the same however many follow
BOX, PICTURE = 20, 28  # pixels: MNIST scales the ink to a box and puts its centre of mass in the picture's


def generate(examples: int, seed: int = 0, stream: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Write random digits.

    Example k depends on `seed`, `stream` and k only: fewer examples are the first of more.

    Parameters
    ----------
    examples : int
        Number N of examples, above 0.
    seed : int
        Which handwriting, 0 or above.
    stream : int
        Which examples of it, 0 or above: by custom 0 to train with and 1 to test with.

    Returns
    -------
    images : ndarray of uint8, shape (N, 784)
        Pixels row by row, 0 (paper, black) to 255 (ink, white).
    labels : ndarray of uint8, shape (N,)
        Digits 0 to 9, evenly drawn.

    Raises
    ------
    HandgradError
        Where `examples` is below 1, or `seed` or `stream` below 0.
    """
    if examples < 1:
        raise HandgradError(f"cannot write {examples} digits; ask for 1 or more")
    if min(seed, stream) < 0:
        raise HandgradError(f"seed and stream must be 0 or above, not {seed} and {stream}")

    images = np.empty((examples, PICTURE * PICTURE), np.uint8)
    labels = np.empty(examples, np.uint8)

    def fill(block: int) -> None:
        place = slice(block * BLOCK, (block + 1) * BLOCK)
        pictures, digits = write_block(seed, stream, block)
        images[place], labels[place] = pictures[: len(images[place])], digits[: len(labels[place])]

    with Workers(choose_threads()) as workers:
        workers.map(fill, range(-(-examples // BLOCK)))
    return images, labels


def write_block(seed: int, stream: int, block: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Write one block, from 0, of what `generate` writes: images (1000, 784), and their labels."""
    rng = np.random.default_rng([seed, stream, block])
    digits = rng.integers(10, size=BLOCK, dtype=np.uint8)
    return write_digits(digits, rng).reshape(BLOCK, -1), digits


def block_labels(seed: int, stream: int, block: int) -> NDArray[np.uint8]:
    """Draw the labels of a block alone, (1000,)."""
    return np.random.default_rng([seed, stream, block]).integers(10, size=BLOCK, dtype=np.uint8)


def write_digits(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write given digits, each in a hand of its own.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
        Digits 0 to 9.
    rng : numpy.random.Generator
        Source of all variation.

    Returns
    -------
    ndarray of uint8, shape (N, 28, 28)
        Pictures, 0 (paper) to 255 (ink).

    Raises
    ------
    HandgradError
        Where a label is no digit.
    """
    if not np.isin(labels, list(SKELETONS)).all():
        raise HandgradError("only digits from 0 to 9 can be written")
    points, pen_down = trace(labels, rng)
    points = distort(points, rng)
    points, radii, softness = frame(points, rng)
    return centre(kernels.draw_strokes(points, radii, pen_down, softness, BOX))


def trace(
    labels: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Follow a skeleton of each digit with an unsteady hand.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
        Digits 0 to 9.
    rng : numpy.random.Generator
        Source of the variation.

    Returns
    -------
    points : ndarray of float64, shape (N, 64, 2)
        Way of the pen, about the middle of a digit 2 high.
    pen_down : ndarray of bool, shape (N, 63)
        Whether a segment joins a point with the next.
    """
    n = len(labels)
    points = np.empty((n, POINTS, 2))
    pen_down = np.empty((n, POINTS - 1), np.bool_)
    chosen = rng.random(n)
    misses = rng.standard_normal((n, 26, 2))  # enough for skeletons of 24 control points
    misses = misses[:, :-2] + misses[:, 1:-1] + misses[:, 2:]  # neighbours are missed alike
    misses *= 0.065 * rng.lognormal(0, 0.3, (n, 1, 1))
    for digit, styles in SKELETONS.items():
        shares = np.cumsum([weight for weight, _ in styles])
        style = np.searchsorted(shares / shares[-1], chosen, side="right")
        for number, (_, text) in enumerate(styles):
            who = np.flatnonzero((labels == digit) & (style == number))
            controls, basis, down = skeleton(text)
            points[who] = basis @ (controls + misses[who, : len(controls)])
            pen_down[who] = down
    return points, pen_down


def distort(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Bend, narrow and slant digits as hands do.

    Parameters
    ----------
    points : ndarray of float64, shape (N, P, 2)
        Points about the middle of a digit 2 high.
    rng : numpy.random.Generator
        Source of the variation.

    Returns
    -------
    ndarray of float64, shape (N, P, 2)
    """
    n = len(points)
    x, y = points[..., 0], points[..., 1]
    breadth, taper, bow, waist, slant, turn = rng.standard_normal((6, n, 1))
    rest = 1 - np.clip(y, -1, 1) ** 2  # how far from top and bottom
    x = x * (1 + 0.15 * taper * y) + 0.10 * bow * rest
    y = y + 0.10 * waist * rest
    # Through x and through y runs a wave of about the digit's own length, in any direction.
    angle, phase = rng.uniform(0, 2 * np.pi, (2, 2, n, 1))
    waves = rng.normal(0, 0.07, (2, n, 1)) * np.sin(2.5 * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    x, y = x + waves[0], y + waves[1]
    x = x * np.exp(0.2 * breadth) - (0.14 + 0.26 * slant) * y
    cos, sin = np.cos(0.08 * turn), np.sin(0.08 * turn)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def frame(
    points: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Choose pens, and scale digits to a box of 20 pixels with the ink just inside.

    Parameters
    ----------
    points : ndarray of float64, shape (N, P, 2)
        Way of the pen in any unit.
    rng : numpy.random.Generator
        Source of the variation.

    Returns
    -------
    points : ndarray of float64, shape (N, P, 2)
        Way of the pen in pixels of the box.
    radii : ndarray of float64, shape (N, P)
        Radius of the pen in pixels.
    softness : ndarray of float64, shape (N,)
        Width of the edge of the ink in pixels.
    """
    n, p, _ = points.shape
    size = np.ptp(points, axis=1).max(axis=-1)[:, None]
    width = np.clip(2.55 * rng.lognormal(0, 0.27, (n, 1)), 1.1, 5.0)
    softness = rng.uniform(0.6, 1.1, (n, 1))
    # The pressure swells and ebbs along the way.
    phase, cycles = rng.uniform(0, 2 * np.pi, (n, 1)), rng.uniform(2, 8, (n, 1))
    pressure = 1 + 0.12 * rng.standard_normal((n, 1)) * np.sin(phase + cycles * np.linspace(0, 1, p))
    unit = size / (BOX - width - softness)  # about a pixel, as long as the pen's own width adds to the size
    radii = unit * width / 2 * pressure
    reach = (radii + unit * softness / 2)[..., None]
    low, high = (points - reach).min(axis=1), (points + reach).max(axis=1)
    scale = BOX / (high - low).max(axis=1)
    # The longer side fills the box; the shorter is set off by whole pixels, so that its edge stays as crisp.
    margin = np.floor((BOX - (high - low) * scale[:, None]) / 2 + 1e-9)
    points = (points - low[:, None]) * scale[:, None, None] + margin[:, None]
    return points, radii * scale[:, None], (softness * unit)[:, 0] * scale


def centre(boxes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put the centre of mass of the ink in the middle of the picture, to the nearest pixel.

    A box that this would push over the edge of the picture, as happens to one in some thousands, stays at it.

    Parameters
    ----------
    boxes : ndarray of uint8, shape (N, 20, 20)
        Ink in its box.

    Returns
    -------
    ndarray of uint8, shape (N, 28, 28)
        Each box on an empty picture, moved by whole pixels, as MNIST's were.
    """
    at = np.arange(BOX)
    ink = boxes.sum(axis=(1, 2))
    top = PICTURE / 2 - boxes.sum(axis=2) @ at / ink
    left = PICTURE / 2 - boxes.sum(axis=1) @ at / ink
    corners = np.clip(np.rint([top, left]).astype(int), 0, PICTURE - BOX)
    rows, columns = corners[:, :, None] + at
    pictures = np.zeros((len(boxes), PICTURE, PICTURE), np.uint8)
    pictures[np.arange(len(boxes))[:, None, None], rows[:, :, None], columns[:, None, :]] = boxes
    return pictures
