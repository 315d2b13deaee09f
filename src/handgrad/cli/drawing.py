"""Images in characters, legible without colour: grey as blocks, signed numbers as plus and minus."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from handgrad.kernels.types import Floats

WIDTH = 76
GREYS = " ░▒▓█"
STRONG, WEAK = 0.5, 0.2
"""Fractions of the largest number from which on thick and thin signs are drawn."""


def draw_grey(image: Floats) -> list[Text]:
    """Draw (H, W) values from 0 to 1, dark to light, without the empty rows above and below."""
    cells, width = _cells(image)
    filled = np.flatnonzero(cells.any(axis=1))
    cells = cells[filled[0] : filled[-1] + 1] if len(filled) else cells
    shades = np.rint(cells.clip(0, 1) * (len(GREYS) - 1)).astype(int)
    return [Text("".join(GREYS[shade] * width for shade in row).rstrip()) for row in shades]


def draw_signed(numbers: Floats, ink: Floats) -> list[Text]:
    """Draw (H, W) numbers by sign and size, and the ink (H, W) of an image faintly behind them."""
    cells, width = _cells(numbers)
    fractions = (cells / (np.abs(cells).max() or 1)).tolist()
    lines = [
        Text.assemble(*(_sign(*cell, width) for cell in zip(row, inked, strict=True)))
        for row, inked in zip(fractions, (_cells(ink)[0] > 0.5).tolist(), strict=True)
    ]
    for line in lines:
        line.rstrip()
    return lines


def _sign(fraction: float, inked: bool, width: int) -> tuple[str, str]:
    colour = "red" if fraction > 0 else "blue"
    if abs(fraction) >= STRONG:
        return ("╋" if fraction > 0 else "━") * width, f"bold {colour}"
    background = "░" if inked else " "
    if abs(fraction) >= WEAK:
        return ("+" if fraction > 0 else "-").ljust(width, background), colour
    return background * width, "dim"


def _cells(image: NDArray[Any]) -> tuple[Floats, int]:
    """Average pixels into cells so that the image fits a line; a cell is as high as two characters are wide."""
    height, width = image.shape
    if 2 * width <= WIDTH:
        return image, 2
    across = ceil(width / WIDTH)
    down = 2 * across
    padded = np.pad(image, ((0, -height % down), (0, -width % across)))
    return padded.reshape(-(-height // down), down, -(-width // across), across).mean(axis=(1, 3)), 1
