"""Figures of many small images: the weights of the first layer, and the most confident mistakes."""

from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import check_integer
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats
from handgrad.model.network import Network
from handgrad.plots.style import Axes, drawing, shorten


def plot_weights(network: Network, ax: Axes | None = None, *, most: int = 64) -> Axes:
    """Draw the weights of the first layer that has any.

    Negative weights are black, 0 is grey, and positive ones are white.

    Parameters
    ----------
    network : Network
        Network.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    most : int, default 64
        Number of units or filters to draw, the first ones of the layer, at least 1.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If no layer has weights (O, I) or (O, C, K, K).

    Notes
    -----
    A unit of a dense layer whose inputs are images is drawn as an image for each channel, and so is a filter of a
    convolution. Weights of other inputs are drawn as a matrix with one row per unit.

    Examples
    --------
    >>> import handgrad as hg
    >>> layers = [hg.Flatten(), hg.Dense(16)]
    >>> network = hg.Network(layers, input_shape=(1, 28, 28), rng=0)
    >>> axes = hg.plots.plot_weights(network)
    >>> axes.get_title(loc="left")
    'weights of layer 1, Dense: 16 units'
    """
    check_integer("most", most, 1)
    arrays = [getattr(parameters, "weights", np.empty(0)) for parameters in network.parameters]
    index = next((index for index, array in enumerate(arrays) if array.ndim in (2, 4)), None)
    if index is None:
        raise HandgradError("no layer of the network has weights (O, I) or (O, C, K, K) to draw")
    weights, units = arrays[index][:most], len(arrays[index])
    limit = float(np.percentile(np.abs(weights), 99.5)) or 1.0  # a few huge ones do not hide the others
    shape = network.example_shape if weights.ndim == 2 else weights.shape[1:]
    are_images = len(shape) == 3 and weights[0].size == np.prod(shape)
    sheet, size = weights, (5.6, 4.0)
    if are_images:
        tiles = weights.reshape(-1, *shape[1:])
        gap = max(1, shape[1] // 10)
        sheet = _mosaic(tiles, ceil(sqrt(len(tiles))), (gap, gap))
        size = 5.6, 0.5 + 4.4 * sheet.shape[0] / sheet.shape[1]
    with drawing(ax, size) as axes:
        colors: dict[str, Any] = {"cmap": "gray", "vmin": -limit, "vmax": limit, "interpolation": "none"}
        image = axes.imshow(sheet, **colors, aspect="equal" if are_images else "auto")
        label = "weight of the scaled input"
        axes.figure.colorbar(image, ax=axes, label=label, extend="both", shrink=0.8)
        count = f"{units:,}" if units == len(weights) else f"{len(weights):,} of {units:,}"
        name, noun = type(network.layers[index]).__name__, "units" if weights.ndim == 2 else "filters"
        axes.set_title(f"weights of layer {index}, {name}: {count} {noun}")
        axes.set(xlabel="input", ylabel="output")
        if are_images:
            axes.set_axis_off()
    return axes


def plot_mistakes(dataset: Dataset, probabilities: Floats, ax: Axes | None = None, *, most: int = 40) -> Axes:
    """Draw the images of the most confident wrong predictions.

    Parameters
    ----------
    dataset : Dataset
        Images in grey (1, H, W) or in colour (3, H, W), with their true classes.
    probabilities : array of shape (N, C)
        Predicted probabilities, from 0 to 1, e.g. ``network.predict_proba(dataset.inputs)``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    most : int, default 40
        Maximum number of images, at least 1.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the data are not images, or the probabilities do not match them.

    Notes
    -----
    Captions are "true class → prediction" and the probability of the prediction. Images that are mostly black, e.g.
    those of MNIST, are inverted.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(256, size=(4, 1, 8, 8))
    >>> data = hg.Dataset(images, [0, 1, 2, 0])
    >>> axes = hg.plots.plot_mistakes(data, np.eye(3)[[0, 1, 1, 2]])
    >>> axes.get_title(loc="left")
    '2 mistakes in 4 examples: true class → prediction'
    """
    check_integer("most", most, 1)
    shape: tuple[int, ...] = getattr(dataset, "input_shape", ())
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise HandgradError(
            f"only a Dataset of images (1, H, W) or (3, H, W) can be drawn; got {dataset!r:.60}"
        )
    probabilities, names = np.asarray(probabilities), dataset.classes
    if probabilities.shape != (wanted := (len(dataset), len(names))):
        raise HandgradError(f"probabilities must be {wanted}, examples by classes; got {probabilities.shape}")
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != dataset.labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    if not len(worst):
        with drawing(ax, (3.6, 1)) as axes:
            axes.set_title(f"no mistakes in {len(dataset):,} examples")
            axes.set_axis_off()
        return axes
    images = np.array([dataset.inputs[k] for k in worst]).reshape(len(worst), *shape)  # also of sparse rows
    tiles = images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)
    pairs = [(shorten(names[dataset.labels[k]], 12), shorten(names[predicted[k]], 12)) for k in worst]
    arrow = " → " if max(len(name) for pair in pairs for name in pair) <= 3 else " →\n"
    columns, (height, width) = min(8, len(worst)), tiles.shape[1:3]
    gaps = max(1, round((0.5 if arrow == " → " else 0.7) * height)), max(1, round(0.3 * width))
    sheet = _mosaic((tiles - tiles.min()) / (np.ptp(tiles) or 1), columns, gaps)
    down, across = height + gaps[0], width + gaps[1]
    size = max(3.6, 0.4 + 0.82 * columns), 0.5 + 0.82 * (sheet.shape[0] + gaps[0]) / across
    with drawing(ax, size) as axes:
        shades = "gray_r" if np.median(tiles) == tiles.min() else "gray"
        axes.imshow(sheet, cmap=shades, vmin=0, vmax=1, interpolation="none")
        for index, (true, other) in enumerate(pairs):
            x, y = index % columns * across + width / 2 - 0.5, index // columns * down + 1.04 * height
            caption = f"{true}{arrow}{other}\n{confidence[worst[index]]:.1%}"
            axes.text(x, y, caption, ha="center", va="top", fontsize=7)
        axes.set_ylim(sheet.shape[0] + gaps[0], -0.5)
        some = f"the {len(worst)} most confident of " if len(wrong) > len(worst) else ""
        axes.set_title(f"{some}{len(wrong):,} mistakes in {len(dataset):,} examples: true class → prediction")
        axes.set_axis_off()
    return axes


def _mosaic(tiles: NDArray[Any], columns: int, gaps: tuple[int, int]) -> NDArray[Any]:
    """Arrange tiles, (N, H, W) or (N, H, W, 3), in rows as one image, with gaps of white or of no colour between."""
    rows, colours = -(-len(tiles) // columns), tiles.ndim - 3
    padding = [(0, rows * columns - len(tiles)), (0, gaps[0]), (0, gaps[1]), *[(0, 0)] * colours]
    padded = np.pad(tiles.astype(np.float64), padding, constant_values=1.0 if colours else np.nan)
    grid = padded.reshape(rows, columns, *padded.shape[1:]).swapaxes(1, 2)
    sheet = grid.reshape(rows * padded.shape[1], columns * padded.shape[2], *padded.shape[3:])
    return sheet[: -gaps[0], : -gaps[1]]
