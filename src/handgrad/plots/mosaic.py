"""Many small pictures as the tiles of one, so that a picture needs one pair of axes."""

from math import ceil, prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDE = 1.8
"""How many times as many columns as rows there should be, about."""


def choose_columns(tiles: int) -> int:
    """Choose a number of columns that leaves no gap at the end, or the smallest."""
    wanted = sqrt(WIDE * tiles)
    return min(
        range(max(1, ceil(wanted / 1.4)), ceil(wanted * 1.4) + 1),
        key=lambda columns: (-tiles % columns, abs(columns - wanted)),
    )


def mosaic(tiles: NDArray[Any], columns: int, gaps: tuple[int, int]) -> NDArray[Any]:
    """Lay tiles out in rows on white.

    Parameters
    ----------
    tiles : (N, H, W) floats, or (N, H, W, 3) from 0 to 1 for colours
    columns : int
    gaps : tuple of int
        Pixels between rows, and between columns.

    Returns
    -------
    (rows · (H + gap) − gap, columns · (W + gap) − gap) or as many (…, 3)
        Gaps are NaN, which is drawn as nothing, or white in colours.
    """
    count, height, width, *colours = tiles.shape
    rows = -(-count // columns)
    down, across = height + gaps[0], width + gaps[1]
    sheet = np.full((rows * down, columns * across, *colours), 1.0 if colours else np.nan)
    for index, tile in enumerate(tiles):
        top, left = index // columns * down, index % columns * across
        sheet[top : top + height, left : left + width] = tile
    return sheet[: rows * down - gaps[0], : columns * across - gaps[1]]


def as_pictures(examples: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """See flat examples (N, I) as (N, H, W) in grey or (N, H, W, 3) in colour; None where `shape` is neither."""
    if len(shape) != 3 or shape[0] not in (1, 3) or prod(shape) != prod(examples.shape[1:]):
        return None
    pictures = examples.reshape(len(examples), *shape)
    return pictures[:, 0] if shape[0] == 1 else np.moveaxis(pictures, 1, -1)
