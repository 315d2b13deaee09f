"""What the first layer looks for: its weights, as pictures where it sees pictures."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.model.layers import Maxout
from handgrad.model.network import Network
from handgrad.plots.mosaic import as_pictures, choose_columns, mosaic
from handgrad.plots.style import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 33
"""Shades of grey, 0 the middle one: as many as the eye can use here, and files half as large as with 256."""

CLIPPED = 99.5
"""Per cent of the weights that get a shade of their own, so that a few huge ones do not make all others grey."""


def plot_weights(network: Network, ax: "Axes | None" = None, *, most: int = 64) -> "Axes":
    """Draw the weights of the first layer that has any: black is below 0, grey is 0, white above.

    A unit of a dense layer that sees pictures is drawn as one, and so is a window of a convolution; where pictures
    have three channels, each colour is drawn by its weight. The pieces of a `Maxout` unit stand side by side.
    Weights on other inputs are drawn as a matrix, a row for each unit.

    Parameters
    ----------
    network : Network
    ax : matplotlib Axes, optional
        A new figure's unless given.
    most : int
        Units to draw, the first ones of the layer, from 1.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If no layer has weights (O, I) or (O, C, K, K).
    """
    if type(most) is not int or most < 1:
        raise HandgradError(f"most must be a whole number from 1; got {most!r}")
    place, weights = first_weights(network)
    pieces = _pieces(network, place)
    units = len(weights) // pieces
    shown = weights[: min(units, most) * pieces].astype(np.float64)
    limit = float(np.percentile(np.abs(shown), CLIPPED)) or float(np.abs(shown).max()) or 1.0
    tiles = _tiles(shown, network.example_shape)
    name = type(network.layers[place]).__name__
    kind = "units" if weights.ndim == 2 else "filters"
    count = f"{units:,} {kind}" if units <= most else f"{most:,} of {units:,} {kind}"
    title = f"weights of layer {place}, {name}: {count}" + (f" of {pieces} pieces" if pieces > 1 else "")
    if tiles is None:
        return _draw_matrix(shown, limit, title, ax)
    tiles = _side_by_side(tiles, pieces)
    columns = choose_columns(len(tiles))
    gap = max(1, tiles.shape[1] // 10)
    sheet = mosaic(tiles if tiles.ndim == 3 else (0.5 + tiles / (2 * limit)).clip(0, 1), columns, (gap, gap))
    wide = 6.4 if columns > 4 else 4.0
    with drawing(ax, (wide, 0.5 + 0.85 * wide * sheet.shape[0] / sheet.shape[1])) as axes:
        image = axes.imshow(sheet, interpolation="none", **(_shades(limit) if sheet.ndim == 2 else {}))
        if sheet.ndim == 2:
            axes.figure.colorbar(image, ax=axes, label="weight", extend="both", shrink=0.8)
        axes.set_title(title)
        axes.set_axis_off()
    return axes


def first_weights(network: Network) -> tuple[int, NDArray[Any]]:
    """Find the first layer with weights: its place from 0, and the weights, (O, I) or (O, C, K, K).

    Raises
    ------
    HandgradError
        If there is none.
    """
    for place, parameters in enumerate(network.parameters):
        weights = getattr(parameters, "weights", None)
        if weights is not None and weights.ndim in (2, 4):
            return place, weights
    raise HandgradError("no layer of the network has weights (O, I) or (O, C, K, K) that could be drawn")


def _pieces(network: Network, place: int) -> int:
    """Say how many neighbouring outputs of a layer a Maxout behind it makes one of."""
    behind = network.layers[place + 1 : place + 2]
    return behind[0].pieces if behind and isinstance(behind[0], Maxout) else 1


def _tiles(weights: NDArray[Any], example_shape: tuple[int, ...]) -> NDArray[Any] | None:
    """See weights as pictures, (O, H, W) or (O, H, W, 3); None where they are none."""
    if weights.ndim == 2:
        return as_pictures(weights, example_shape)
    pictures = as_pictures(weights, weights.shape[1:])
    # Of other numbers of channels, their windows stand side by side.
    return np.concatenate(list(np.moveaxis(weights, 1, 0)), axis=2) if pictures is None else pictures


def _side_by_side(tiles: NDArray[Any], pieces: int) -> NDArray[Any]:
    """Join every `pieces` neighbouring tiles into one."""
    if pieces == 1:
        return tiles
    return np.stack([mosaic(tiles[i : i + pieces], pieces, (0, 1)) for i in range(0, len(tiles), pieces)])


def _shades(limit: float) -> dict[str, Any]:
    """Black for −limit, white for limit."""
    from matplotlib import colormaps

    return {"cmap": colormaps["gray"].resampled(LEVELS), "vmin": -limit, "vmax": limit}


def _draw_matrix(weights: NDArray[Any], limit: float, title: str, ax: "Axes | None") -> "Axes":
    with drawing(ax, (5.6, min(6.0, max(2.6, 1 + 0.15 * len(weights))))) as axes:
        image = axes.imshow(weights, aspect="auto", interpolation="none", **_shades(limit))
        axes.figure.colorbar(image, ax=axes, label="weight of the scaled input", extend="both")
        axes.locator_params(integer=True)
        axes.set(xlabel="input", ylabel="output")
        axes.set_title(title)
        axes.spines[:].set_visible(False)
    return axes
