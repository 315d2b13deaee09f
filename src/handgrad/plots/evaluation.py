"""Figures of an evaluation: the confusion matrix and the calibration curve."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats, Integers
from handgrad.plots.style import FAINT, GREY, INK, drawing, percent, shorten
from handgrad.training.calibration import calibration, wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERED = 20
"""Classes up to which cells contain counts; a larger matrix has a colour bar instead."""


def plot_confusion_matrix(
    confusion: Integers, classes: Sequence[str] | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw a confusion matrix, mistakes shaded by their share of the true class and correct answers left white.

    Parameters
    ----------
    confusion : (C, C), whole numbers from 0
        Rows are the true classes, columns the predicted ones, as `handgrad.confusion_matrix` and
        `handgrad.evaluate` count them.
    classes : sequence of str, optional
        The names of the classes; default: "0", "1", …
    ax : matplotlib Axes, optional
        Default: axes of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If the matrix is not square, counts nothing, or does not have one row for each class.
    """
    confusion = np.asarray(confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1] or confusion.dtype.kind not in "ui":
        raise HandgradError(
            f"a confusion matrix holds whole numbers (C, C); got {confusion.dtype} of shape {confusion.shape}"
        )
    names = list(map(str, range(len(confusion)) if classes is None else classes))
    if len(names) != len(confusion):
        raise HandgradError(f"the confusion matrix has {len(confusion)} rows for {len(names)} classes")
    total = int(confusion.sum())
    if not total or confusion.min() < 0:
        raise HandgradError("a confusion matrix counts one example or more, and nothing below 0")
    names = [shorten(name) for name in names]
    shares = 100 * confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    np.fill_diagonal(shares, 0)
    numbered = len(names) <= NUMBERED
    cell = max(0.36, 0.09 * len(str(confusion.max())))
    side = 0.9 + 0.07 * max(map(len, names)) + (max(1.6, cell * len(names)) if numbered else 4.2)
    with drawing(ax, (side + (0 if numbered else 0.6), side)) as axes:
        from matplotlib.colors import LinearSegmentedColormap

        shades = LinearSegmentedColormap.from_list("ink", ["white", INK])
        image = axes.imshow(shares, cmap=shades, vmin=0, vmax=max(1e-9, shares.max()))
        if numbered:
            _write_counts(axes, confusion, shares)
        else:
            axes.figure.colorbar(image, ax=axes, label="share of the true class in %", shrink=0.8)
        _name_classes(axes, names)
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.set_title(f"accuracy {percent(int(confusion.trace()) / total, 2)} of {total:,}")
        axes.spines[:].set(visible=True, color=FAINT)
        axes.tick_params(length=0 if numbered else 2)
    return axes


def _write_counts(axes: "Axes", confusion: Integers, shares: Integers) -> None:
    for (true, predicted), count in np.ndenumerate(confusion):
        if count:
            axes.text(
                predicted,
                true,
                f"{count}",
                color="white" if shares[true, predicted] > shares.max() / 2 else "black",
                fontsize="small",
                fontweight="bold" if true == predicted else "normal",
                horizontalalignment="center",
                verticalalignment="center",
            )


def _name_classes(axes: "Axes", names: Sequence[str]) -> None:
    """Label rows and columns, at most 60 of them."""
    every = -(-len(names) // 60)
    size = 9 if len(names) <= NUMBERED else 6
    for set_ticks in (axes.set_yticks, axes.set_xticks):
        set_ticks(range(0, len(names), every), names[::every], fontsize=size, parse_math=False)
    if max(map(len, names)) > 3 or len(names) > NUMBERED:
        axes.tick_params(axis="x", labelrotation=90)


def plot_calibration(
    probabilities: Floats, labels: Integers, ax: "Axes | None" = None, *, bins: int = 10
) -> "Axes":
    """Draw accuracy against the predicted probability.

    On the dotted diagonal both are equal; below it the network is overconfident. Bars are 95 % intervals, the
    numbers at the bottom count the examples of each bin, the title states the expected calibration error.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
        As `Network.predict_proba` returns them.
    labels : (N,), whole numbers from 0 to C − 1
    ax : matplotlib Axes, optional
        Default: axes of a new figure.
    bins : int
        Number of equal intervals of probability, from 1.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        As `handgrad.calibration` does.

    References
    ----------
    DeGroot and Fienberg, "The comparison and evaluation of forecasters", The Statistician 32 (1983);
    Niculescu-Mizil and Caruana, "Predicting good probabilities with supervised learning", ICML 2005.
    """
    found = calibration(probabilities, labels, bins)
    confidence, accuracy = 100 * found.confidence, 100 * found.accuracy
    low, high = wilson_interval(found.accuracy, found.counts)
    with drawing(ax, (4.2, 4.2)) as axes:
        axes.plot([0, 100], [0, 100], color=GREY, linestyle=":", linewidth=1, zorder=1)
        axes.vlines(confidence, 100 * low, 100 * high, color=INK, linewidth=1)
        axes.plot(confidence, accuracy, color=INK, marker="o", linewidth=1)
        for x, count in zip(confidence, found.counts, strict=True):
            axes.text(x, 2, f"{count:,}", rotation=90, ha="center", va="bottom", color=GREY, fontsize="small")
        axes.set(xlim=(0, 104), ylim=(0, 104), aspect="equal", ylabel="accuracy in %")
        axes.set_xlabel("predicted probability in %, above it the number of examples")
        axes.set_title(f"expected calibration error {percent(found.error, 2)}")
    return axes
