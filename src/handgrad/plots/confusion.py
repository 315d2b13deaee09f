"""The confusion matrix: what was taken for what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.types import Integers
from handgrad.plots.style import FAINT, INK, drawing, percent, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

NUMBERED = 20
"""Up to so many classes, every cell says its number; beyond, a bar says what the shades mean."""


def plot_confusion_matrix(
    confusion: Integers, classes: Sequence[str] | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw a confusion matrix, the mistakes shaded by their share of the true class.

    What is right stays white, since it would outshine all else.

    Parameters
    ----------
    confusion : (C, C), whole numbers from 0
        Rows are the true classes, columns the predicted ones, as `handgrad.confusion_matrix` and
        `handgrad.evaluate` count them.
    classes : sequence of str, optional
        The names of the classes; "0", "1", … unless given.
    ax : matplotlib Axes, optional
        A new figure's unless given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If the matrix is not square, counts nothing, or has not one row for each class.
    """
    confusion = np.asarray(confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1] or confusion.dtype.kind not in "ui":
        raise HandgradError(
            f"a confusion matrix holds whole numbers (C, C); got {confusion.dtype} of shape {confusion.shape}"
        )
    names = [str(index) for index in range(len(confusion))] if classes is None else list(classes)
    if len(names) != len(confusion):
        raise HandgradError(f"the confusion matrix has {len(confusion)} rows for {len(names)} classes")
    total = int(confusion.sum())
    if not total or confusion.min() < 0:
        raise HandgradError("the confusion matrix must count one example or more, and nothing below 0")
    shares = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    np.fill_diagonal(shares, 0)
    numbered = len(names) <= NUMBERED
    cell, longest = max(0.36, 0.09 * len(str(confusion.max()))), max(len(shortened(name)) for name in names)
    side = 0.9 + 0.07 * longest + (max(1.6, cell * len(names)) if numbered else 4.2)
    with drawing(ax, (side + (0 if numbered else 0.6), side)) as axes:
        image = axes.imshow(100 * shares, cmap=one_ink(), vmin=0, vmax=max(1e-9, 100 * shares.max()))
        if numbered:
            _write_numbers(axes, confusion, shares)
        else:
            axes.figure.colorbar(image, ax=axes, label="share of the true class in %", shrink=0.8)
        _name_classes(axes, names)
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.set_title(f"{percent(int(confusion.trace()) / total, 2)} of {total:,} right")
        axes.spines[:].set(visible=True, color=FAINT)
        axes.tick_params(length=0 if numbered else 2)
    return axes


def one_ink() -> "Colormap":
    """Shades from white paper to full ink, as legible in grey."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ink", ["white", INK])


def _write_numbers(axes: "Axes", confusion: Integers, shares: Integers) -> None:
    darkest = shares.max()
    for (true, predicted), count in np.ndenumerate(confusion):
        if count:
            axes.text(
                predicted,
                true,
                f"{count}",
                ha="center",
                va="center",
                color="white" if shares[true, predicted] > darkest / 2 else "black",
                fontsize="small",
                fontweight="bold" if true == predicted else "normal",
            )


def _name_classes(axes: "Axes", names: Sequence[str]) -> None:
    """Name rows and columns, as many of them as there is room for."""
    every = -(-len(names) // 60)
    places = range(0, len(names), every)
    labels = [shortened(names[place]) for place in places]
    size = 9 if len(names) <= NUMBERED else 6
    axes.set_yticks(places, labels, fontsize=size, parse_math=False)
    axes.set_xticks(places, labels, fontsize=size, parse_math=False)
    if max(map(len, labels)) > 3 or every > 1 or len(names) > NUMBERED:
        axes.tick_params(axis="x", labelrotation=90)
