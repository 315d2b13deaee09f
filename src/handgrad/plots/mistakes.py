"""The most confident mistakes: the pictures themselves, what they are, and what they were taken for."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats
from handgrad.plots.mosaic import as_pictures, mosaic
from handgrad.plots.style import drawing, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8
LONG = 8
"""Letters: where a caption has longer names, it has two lines."""


def plot_mistakes(
    dataset: Dataset,
    probabilities: Floats,
    ax: "Axes | None" = None,
    *,
    most: int = 40,
    shape: tuple[int, ...] | None = None,
) -> "Axes":
    """Draw the wrong answers that were given with the highest probabilities, the highest first.

    Under each stands "true class → answer", and the answer's probability. Pictures that are mostly black, as
    MNIST's, are drawn as ink on paper.

    Parameters
    ----------
    dataset : Dataset
        Of pictures, grey or in colour.
    probabilities : (N, C), from 0 to 1
        As ``network.predict_proba(dataset.inputs)`` gives them.
    ax : matplotlib Axes, optional
        A new figure's unless given.
    most : int
        Mistakes to draw, from 1.
    shape : tuple of int, optional
        Of one picture, ``(1, H, W)`` or ``(3, H, W)``; the data set's `input_shape` unless given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If the data are no pictures, or the probabilities are not theirs.
    """
    if not isinstance(dataset, Dataset):
        raise HandgradError(
            f"a Dataset is needed, such as the test split of what load gives; got {dataset!r:.40}"
        )
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (len(dataset), len(dataset.class_names)):
        raise HandgradError(
            f"probabilities must be {(len(dataset), len(dataset.class_names))}, a row for each example and a column "
            f"for each class; got {probabilities.shape}"
        )
    if type(most) is not int or most < 1:
        raise HandgradError(f"most must be a whole number from 1; got {most!r}")
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != dataset.labels)
    worst = wrong[np.argsort(-probabilities[wrong, answers[wrong]], kind="stable")][:most]
    shape = shape or dataset.input_shape
    tiles = as_pictures(dataset.inputs[worst], shape)
    if tiles is None:
        raise HandgradError(f"only pictures (1, H, W) or (3, H, W) can be drawn; the data are {shape}")
    if not len(worst):
        return _draw_none(len(dataset), ax)
    columns = min(COLUMNS, len(worst))
    captions = [
        _caption(dataset.class_names[label], dataset.class_names[answer], probability)
        for label, answer, probability in zip(
            dataset.labels[worst], answers[worst], probabilities[worst, answers[worst]], strict=True
        )
    ]
    lines = max(caption.count("\n") for caption in captions) + 1
    height, width = tiles.shape[1:3]
    gaps = round((0.16 + 0.2 * lines) * height), round(0.3 * width)
    sheet = mosaic(_shaded(tiles), columns, gaps)
    size = 0.4 + 0.82 * columns, 0.5 + 0.82 * (sheet.shape[0] + gaps[0]) / (width + gaps[1])
    with drawing(ax, (max(3.6, size[0]), size[1])) as axes:
        axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="none")
        for index, caption in enumerate(captions):
            axes.text(
                index % columns * (width + gaps[1]) + width / 2 - 0.5,
                index // columns * (height + gaps[0]) + height + 0.04 * height,
                caption,
                ha="center",
                va="top",
                fontsize=7,
                parse_math=False,
            )
        axes.set_ylim(sheet.shape[0] + gaps[0], -0.5)
        count = f"{len(wrong):,} mistakes" if len(wrong) != 1 else "one mistake"
        chosen = f"the {len(worst)} most confident of {count}" if len(wrong) > len(worst) else count
        axes.set_title(f"{chosen} in {len(dataset):,} examples: true class → answer")
        axes.set_axis_off()
    return axes


def _caption(true: str, answer: str, probability: float) -> str:
    sure = percent(float(probability))
    if max(len(true), len(answer)) > 2:
        return f"{shortened(true, LONG + 4)} →\n{shortened(answer, LONG + 4)}\n{sure}"
    return f"{true} → {answer}  {sure}"


def _shaded(tiles: NDArray[Any]) -> NDArray[np.float64]:
    """Bring pictures to 0 (black) to 1 (white); what is mostly black becomes ink on white paper."""
    low, high = (0.0, 255.0) if tiles.dtype == np.uint8 else (float(tiles.min()), float(tiles.max()))
    shaded = (tiles.astype(np.float64) - low) / ((high - low) or 1.0)
    return 1 - shaded if tiles.ndim == 3 and np.median(shaded) == 0 else shaded


def _draw_none(examples: int, ax: "Axes | None") -> "Axes":
    with drawing(ax, (3.6, 1)) as axes:
        axes.set_title(f"no mistakes in {examples:,} examples")
        axes.set_axis_off()
    return axes
