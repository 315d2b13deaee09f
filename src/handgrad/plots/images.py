"""Small images as the tiles of one, so that they need one pair of axes."""

from itertools import count
from math import ceil, prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import is_integer
from handgrad.errors import HandgradError


def choose_columns(tiles: int) -> int:
    """Return a number of columns that fills all rows, or about as many columns as rows."""
    side = sqrt(tiles)
    return next(columns for columns in count(ceil(side)) if tiles % columns == 0 or columns > 1.5 * side)


def mosaic(tiles: NDArray[Any], columns: int, gaps: tuple[int, int]) -> NDArray[Any]:
    """Arrange tiles in rows.

    Parameters
    ----------
    tiles : (N, H, W) or (N, H, W, 3)
    columns : int
    gaps : tuple of int
        Pixels between rows, and between columns: NaN, which is drawn as nothing, or white in colour images.

    Returns
    -------
    (rows · (H + gap) − gap, columns · (W + gap) − gap) or (…, 3)
    """
    number, height, width, *colours = tiles.shape
    rows, down, across = -(-number // columns), height + gaps[0], width + gaps[1]
    sheet = np.full((rows * down, columns * across, *colours), 1.0 if colours else np.nan)
    for index, tile in enumerate(tiles):
        top, left = index // columns * down, index % columns * across
        sheet[top : top + height, left : left + width] = tile
    return sheet[: rows * down - gaps[0], : columns * across - gaps[1]]


def as_images(examples: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """View examples (N, I) as (N, H, W) in grey or (N, H, W, 3) in colour; None if `shape` is neither."""
    if len(shape) != 3 or shape[0] not in (1, 3) or prod(shape) != prod(examples.shape[1:]):
        return None
    images = examples.reshape(len(examples), *shape)
    return images[:, 0] if shape[0] == 1 else np.moveaxis(images, 1, -1)


def check_most(most: Any) -> None:
    """Raise HandgradError unless `most` is an integer from 1."""
    if not is_integer(most, 1):
        raise HandgradError(f"most must be an integer from 1; got {most!r}")
