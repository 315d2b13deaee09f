"""From any picture of one digit to 28×28 bytes, framed as MNIST frames its digits.

The ink is scaled so that its longer side is 20 pixels, and moved so that its centre of mass is in the middle of
the 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from handgrad.errors import HandgradError

SIDE = 28
BOX = 20
FAINT = 0.1
"""Where the background is not even, what differs from it by less than this share of the contrast is background."""


def frame_digit(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frame a digit, dark on light or light on dark.

    Parameters
    ----------
    grey : (H, W), uint8
        A picture of one digit, of any size. What most of its border shows is taken for the background.

    Returns
    -------
    (28, 28), uint8
        Light on dark: 0 is background, 255 the strongest ink.

    Raises
    ------
    HandgradError
        If the picture is blank.
    """
    ink = _ink(grey)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = box.shape
    scale = BOX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(box).resize(size, Image.Resampling.BICUBIC))
    return _centred(small)


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make the background 0 and the strongest ink 255."""
    values = grey.astype(np.float64)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    background = np.median(border)
    difference = values - background
    if -difference.min() > difference.max():
        difference = -difference
    contrast = difference.max()
    if contrast < 8:
        raise HandgradError("the picture is blank: nothing in it stands out from its background")
    ink = difference.clip(min=0) / contrast
    if border.std() > 0:
        ink[ink < FAINT] = 0
    return np.rint(255 * ink).astype(np.uint8)


def _centred(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Place a digit so that its centre of mass is in the middle, as far as it stays inside."""
    height, width = digit.shape
    mass = digit.sum(dtype=np.float64)
    centre_y = (np.arange(height) + 0.5) @ digit.sum(axis=1, dtype=np.float64) / mass
    centre_x = (np.arange(width) + 0.5) @ digit.sum(axis=0, dtype=np.float64) / mass
    top = int(np.clip(round(SIDE / 2 - centre_y), 0, SIDE - height))
    left = int(np.clip(round(SIDE / 2 - centre_x), 0, SIDE - width))
    framed = np.zeros((SIDE, SIDE), np.uint8)
    framed[top : top + height, left : left + width] = digit
    return framed
