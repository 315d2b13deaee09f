"""Pictures in characters, legible without colour: grey as blocks, signed numbers as plus and minus."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from handgrad.kernels.types import Floats

WIDTH = 76
GREYS = " ░▒▓█"
STRONG, WEAK = 0.5, 0.2
"""Shares of the largest number: from there on thick signs, and thin ones."""
AGAINST, FOR, INK = "red", "blue", "dim"


def draw_grey(image: Floats) -> list[Text]:
    """Draw (H, W) values from 0 to 1, dark to light, without the empty rows above and below."""
    cells, width = _cells(image)
    filled = np.flatnonzero(cells.any(axis=1))
    cells = cells[filled[0] : filled[-1] + 1] if len(filled) else cells
    shades = np.rint(cells.clip(0, 1) * (len(GREYS) - 1)).astype(int)
    return [Text("".join(GREYS[shade] * width for shade in row).rstrip()) for row in shades]


def draw_signed(numbers: Floats, ink: Floats) -> list[Text]:
    """Draw (H, W) numbers by sign and size, the ink (H, W) of a picture faintly behind them."""
    cells, width = _cells(numbers)
    behind = _cells(ink)[0] > 0.5
    shares = cells / (np.abs(cells).max() or 1)
    lines = []
    for row, dark in zip(shares, behind, strict=True):
        line = Text()
        for share, inked in zip(row.tolist(), dark.tolist(), strict=True):
            line.append(*_sign(share, inked, width))
        line.rstrip()
        lines.append(line)
    return lines


def _sign(share: float, inked: bool, width: int) -> tuple[str, str]:
    against = share > 0
    colour = AGAINST if against else FOR
    if abs(share) >= STRONG:
        return ("╋" if against else "━") * width, f"bold {colour}"
    if abs(share) >= WEAK:
        return ("+" if against else "-").ljust(width, "░" if inked else " "), colour
    return ("░" if inked else " ") * width, INK


def _cells(image: NDArray[Any]) -> tuple[Floats, int]:
    """Average so many pixels into a cell that the picture fits; a cell is twice as high as a character is wide."""
    height, width = image.shape
    if 2 * width <= WIDTH:
        return image, 2
    across = ceil(width / WIDTH)
    down = 2 * across
    padded = np.pad(image, ((0, -height % down), (0, -width % across)))
    return padded.reshape(-(-height // down), down, -(-width // across), across).mean(axis=(1, 3)), 1
