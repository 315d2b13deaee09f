"""The weights of the first layer, as images where its inputs are images."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.model.layers import Maxout
from handgrad.model.network import Network
from handgrad.plots.images import as_images, check_most, choose_columns, mosaic
from handgrad.plots.style import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = 33
"""Shades of grey, the middle one for 0; files are half as large as with 256."""

PERCENTILE = 99.5
"""Percentile of the weights' magnitudes that is black or white, so that a few huge ones do not hide the others."""


def plot_weights(network: Network, ax: "Axes | None" = None, *, most: int = 64) -> "Axes":
    """Draw the weights of the first layer that has any: black is below 0, grey is 0, white above.

    A unit of a dense layer whose inputs are images is drawn as an image, and so is a filter of a convolution; of
    images with three channels the colours are the weights. The pieces of a `Maxout` unit are side by side. Weights of
    other inputs are drawn as a matrix, one row per unit.

    Parameters
    ----------
    network : Network
    ax : matplotlib Axes, optional
        Default: axes of a new figure.
    most : int
        Number of units to draw, the first ones of the layer, from 1.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If no layer has weights (O, I) or (O, C, K, K).
    """
    check_most(most)
    index, weights = _first_weights(network)
    next_layer = network.layers[index + 1] if index + 1 < len(network.layers) else None
    pieces = next_layer.pieces if isinstance(next_layer, Maxout) else 1
    units = len(weights) // pieces
    weights = weights[: min(units, most) * pieces].astype(np.float64)
    limit = float(np.percentile(np.abs(weights), PERCENTILE)) or float(np.abs(weights).max()) or 1.0
    look: dict[str, Any]
    count = f"{units:,}" if units <= most else f"{most:,} of {units:,}"
    kind = "units" if weights.ndim == 2 else "filters"
    title = f"weights of layer {index}, {type(network.layers[index]).__name__}: {count} {kind}"
    title += f" of {pieces} pieces" if pieces > 1 else ""
    tiles = _tiles(weights, network.example_shape)
    if tiles is None:
        sheet, size, look = weights, (5.6, min(6.0, max(2.6, 1 + 0.15 * len(weights)))), {"aspect": "auto"}
    else:
        if pieces > 1:
            tiles = np.stack(
                [mosaic(tiles[i : i + pieces], pieces, (0, 1)) for i in range(0, len(tiles), pieces)]
            )
        if tiles.ndim == 4:
            tiles = (0.5 + tiles / (2 * limit)).clip(0, 1)
        columns, gap = choose_columns(len(tiles)), max(1, tiles.shape[1] // 10)
        sheet, look = mosaic(tiles, columns, (gap, gap)), {}
        width = 6.4 if columns > 4 else 4.0
        size = width, 0.5 + 0.85 * width * sheet.shape[0] / sheet.shape[1]
    with drawing(ax, size) as axes:
        from matplotlib import colormaps

        if sheet.ndim == 2:
            look |= {"cmap": colormaps["gray"].resampled(SHADES), "vmin": -limit, "vmax": limit}
        image = axes.imshow(sheet, interpolation="none", **look)
        if sheet.ndim == 2:
            axes.figure.colorbar(
                image, ax=axes, label="weight of the scaled input", extend="both", shrink=0.8
            )
        axes.set_title(title)
        if tiles is None:
            axes.locator_params(integer=True)
            axes.set(xlabel="input", ylabel="output")
            axes.spines[:].set_visible(False)
        else:
            axes.set_axis_off()
    return axes


def _first_weights(network: Network) -> tuple[int, NDArray[Any]]:
    """Return the index of the first layer with weights, and the weights."""
    for index, parameters in enumerate(network.parameters):
        weights = getattr(parameters, "weights", None)
        if weights is not None and weights.ndim in (2, 4):
            return index, weights
    raise HandgradError("no layer of the network has weights (O, I) or (O, C, K, K) to draw")


def _tiles(weights: NDArray[Any], example_shape: tuple[int, ...]) -> NDArray[Any] | None:
    """View weights as images (O, H, W) or (O, H, W, 3), filters of other channels side by side; None for a table."""
    if weights.ndim == 2:
        return as_images(weights, example_shape)
    images = as_images(weights, weights.shape[1:])
    return np.concatenate(list(np.moveaxis(weights, 1, 0)), axis=2) if images is None else images
