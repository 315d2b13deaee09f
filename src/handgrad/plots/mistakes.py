"""The most confident mistakes: images, their classes and the predicted ones."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats
from handgrad.plots.images import as_images, check_most, mosaic
from handgrad.plots.style import drawing, percent, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8


def plot_mistakes(
    dataset: Dataset,
    probabilities: Floats,
    ax: "Axes | None" = None,
    *,
    most: int = 40,
    shape: tuple[int, ...] | None = None,
) -> "Axes":
    """Draw the wrong predictions with the highest probabilities, the highest first.

    The caption of an image is "true class → prediction" and the probability of the prediction. Images that are
    mostly black, like MNIST's, are inverted.

    Parameters
    ----------
    dataset : Dataset
        Of images, in grey or in colour.
    probabilities : (N, C), from 0 to 1
        As ``network.predict_proba(dataset.inputs)`` returns them.
    ax : matplotlib Axes, optional
        Default: axes of a new figure.
    most : int
        Number of mistakes to draw, from 1.
    shape : tuple of int, optional
        Of one image, ``(1, H, W)`` or ``(3, H, W)``; default: ``dataset.input_shape``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If the data are not images, or the probabilities do not fit them.
    """
    if not isinstance(dataset, Dataset):
        raise HandgradError(
            f"a Dataset is needed, such as load_data('mnist').test; got {type(dataset).__name__}"
        )
    check_most(most)
    probabilities = np.asarray(probabilities)
    expected = (len(dataset), len(dataset.class_names))
    if probabilities.shape != expected:
        raise HandgradError(
            f"probabilities must have shape {expected}, examples by classes; got {probabilities.shape}"
        )
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != dataset.labels)
    worst = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")][:most]
    shape = shape or dataset.input_shape
    tiles = as_images(dataset.inputs[worst], shape)
    if tiles is None:
        raise HandgradError(f"only images (1, H, W) or (3, H, W) can be drawn; the data have shape {shape}")
    if not len(worst):
        with drawing(ax, (3.6, 1)) as axes:
            axes.set_title(f"no mistakes in {len(dataset):,} examples")
            axes.set_axis_off()
        return axes
    names = dataset.class_names
    captions = [
        _caption(names[dataset.labels[i]], names[predicted[i]], float(probabilities[i, predicted[i]]))
        for i in worst
    ]
    height, width = tiles.shape[1:3]
    lines = max(caption.count("\n") for caption in captions) + 1
    gaps = round((0.16 + 0.2 * lines) * height), round(0.3 * width)
    columns = min(COLUMNS, len(worst))
    sheet = mosaic(_shade(tiles), columns, gaps)
    bottom, right = sheet.shape[0] + gaps[0], width + gaps[1]
    with drawing(ax, (max(3.6, 0.4 + 0.82 * columns), 0.5 + 0.82 * bottom / right)) as axes:
        axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="none")
        for index, caption in enumerate(captions):
            x = index % columns * right + width / 2 - 0.5
            y = index // columns * (height + gaps[0]) + 1.04 * height
            axes.text(x, y, caption, ha="center", va="top", fontsize=7, parse_math=False)
        axes.set_ylim(bottom, -0.5)
        count = f"{len(wrong):,} mistake{'s' if len(wrong) > 1 else ''}"
        if len(wrong) > len(worst):
            count = f"the {len(worst)} most confident of {count}"
        axes.set_title(f"{count} in {len(dataset):,} examples: true class → prediction")
        axes.set_axis_off()
    return axes


def _caption(true: str, predicted: str, probability: float) -> str:
    true, predicted = shorten(true, 12), shorten(predicted, 12)
    if max(len(true), len(predicted)) > 2:
        return f"{true} →\n{predicted}\n{percent(probability)}"
    return f"{true} → {predicted}  {percent(probability)}"


def _shade(images: NDArray[Any]) -> NDArray[np.float64]:
    """Scale images to 0 (black) to 1 (white); invert grey ones that are mostly black."""
    low, high = (0.0, 255.0) if images.dtype == np.uint8 else (float(images.min()), float(images.max()))
    shaded = (images.astype(np.float64) - low) / ((high - low) or 1.0)
    return 1 - shaded if images.ndim == 3 and np.median(shaded) == 0 else shaded
