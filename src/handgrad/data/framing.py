"""Frame any image of one digit in 28×28 bytes, as MNIST's digits are.

The ink is scaled so that its longer side is 20 pixels, and moved so that its centre of mass is in the middle of
the 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998).
"""

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError

Floats = NDArray[np.float64]

SIDE = 28
BOX = 20
ENOUGH = 150
"""Pixels of the longer side: an image of twice or more is reduced, which also averages out noise."""
STRONG = 250
"""Ink from here on is not stretched, so that MNIST's digits, a tenth of which end at 254, stay unchanged."""
FAINT, NOISY, RESIDUE = 0.05, 0.4, 0.2
"""Clean ink has few faint pixels, at its edges; noise and JPEG artefacts have many. Where pixels below
FAINT of the strongest ink are more than NOISY of the others, those below RESIDUE are background."""


def frame_digit(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frame a digit, dark on light or light on dark: uint8 (H, W) to (28, 28); HandgradError if it is blank."""
    from PIL import Image  # slow to import, and not needed for `centre`

    ink = _ink(grey) if grey.size else grey
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if len(rows):
        box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = box.shape
        scale = BOX / max(height, width)
        across, down = max(1, round(width * scale)), max(1, round(height * scale))
        narrow = Image.fromarray(box).resize((across, height), Image.Resampling.BICUBIC)
        # Versions of Pillow differ in the side that they scale first, which can change a byte.
        small = np.asarray(narrow.resize((across, down), Image.Resampling.BICUBIC))
        if small.any():  # a few specks can be lost in scaling
            return centre(small[np.newaxis])[0]
    raise HandgradError("the image is blank: nothing in it stands out from its background")


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the ink: the background is 0, the strongest ink 255; all 0 where nothing stands out."""
    from PIL import Image, ImageFilter

    factor = max(1, max(grey.shape) // ENOUGH)
    values = np.asarray(Image.fromarray(grey.astype(np.float32)).reduce(factor), np.float64)
    difference = values - _background(values)
    if -difference.min() > difference.max():
        difference = -difference
    strongest, noise = difference.max(), _spread(_border(difference))
    if strongest < max(8, 6 * noise):
        return np.zeros_like(grey)
    ink = difference.clip(min=0)
    faint = ink < max(FAINT * strongest, 4 * noise)
    if np.count_nonzero(ink[faint]) > NOISY * np.count_nonzero(~faint):
        solid = ink >= max(RESIDUE * strongest, 5 * noise)
        three = Image.fromarray(solid.astype(np.uint8)).filter(ImageFilter.RankFilter(3, 6))
        ink[~solid | (np.asarray(three) == 0)] = 0  # fewer than 3 solid pixels in 3×3 are a speck
    stretched = ink if strongest >= STRONG else ink * (255 / strongest)
    return np.rint(stretched).clip(max=255).astype(np.uint8)  # unevenly lit background may be below 0


def _background(values: Floats) -> Floats | np.float64:
    """Estimate the background from the border: even, or a gradient where that fits the border better."""
    even = np.median(_border(values))
    top, bottom, left, right = map(np.median, (values[0], values[-1], values[:, 0], values[:, -1]))
    down = np.linspace(-0.5, 0.5, len(values))[:, np.newaxis]
    across = np.linspace(-0.5, 0.5, len(values[0]))
    lit = (top + bottom + left + right) / 4 + (bottom - top) * down + (right - left) * across
    return lit if _spread(_border(values - lit)) < _spread(_border(values - even)) else even


def _border(values: Floats) -> Floats:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _spread(values: Floats) -> float:
    """Estimate the standard deviation robustly, from the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def centre(digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Place digits (N, h, w) in images (N, 28, 28), the centre of mass in the middle, to the nearest pixel.

    A digit that would cross the edge of its image, about one in some thousands, is placed at the edge.
    """
    examples, height, width = digits.shape
    ink = digits.sum(axis=(1, 2))
    # Pixel k counts as k, not as k + ½: MNIST's centres of mass are then 14 ± ½, in all but 3 of its 60,000 images.
    top = np.rint(SIDE / 2 - digits.sum(axis=2) @ np.arange(height) / ink).astype(int)
    left = np.rint(SIDE / 2 - digits.sum(axis=1) @ np.arange(width) / ink).astype(int)
    rows = top.clip(0, SIDE - height)[:, np.newaxis] + np.arange(height)
    columns = left.clip(0, SIDE - width)[:, np.newaxis] + np.arange(width)
    images = np.zeros((examples, SIDE, SIDE), np.uint8)
    images[np.arange(examples)[:, None, None], rows[:, :, None], columns[:, None, :]] = digits
    return images
