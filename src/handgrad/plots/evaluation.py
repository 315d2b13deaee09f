"""Figures of an evaluation: the confusion matrix and the calibration curve."""

from collections.abc import Sequence

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats, Integers
from handgrad.plots.style import GREY, INK, Axes, drawing, shorten
from handgrad.training.metrics import calibration, wilson_interval


def plot_confusion_matrix(
    confusion: Integers, classes: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a confusion matrix, mistakes shaded by their share of the true class and correct answers left white.

    Parameters
    ----------
    confusion : (C, C), integers from 0
        Rows are the true classes, columns the predicted ones; from `evaluate`, or from scikit-learn.
        HandgradError if these are not counts, or there is not one row for each class.
    classes : sequence of str, optional
        The names of the classes; default: "0", "1", …
    ax : matplotlib Axes, optional
    """
    confusion = np.asarray(confusion)
    given = range(max(confusion.shape, default=0)) if classes is None else classes
    names = [shorten(str(name)) for name in given]
    count = len(names)
    counts = confusion.shape == (count, count) and confusion.dtype.kind in "ui" and confusion.any()
    if not counts or confusion.min() < 0:
        raise HandgradError(
            f"a confusion matrix of {count} classes holds {count}×{count} integers from 0, not all of them 0; "
            f"got {confusion.dtype} of shape {confusion.shape}"
        )
    shares = 100 * confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    np.fill_diagonal(shares, 0)
    longest, numbered = max(map(len, names)), count <= 20  # a larger one has a colour bar instead of numbers
    side = 1 + 0.07 * longest + (max(2, 0.4 * count) if numbered else 4.5)
    with drawing(ax, (side, side)) as axes:
        image = axes.imshow(shares, cmap="Blues", vmin=0)
        if numbered:
            for (true, predicted), number in np.ndenumerate(confusion):
                color = "white" if shares[true, predicted] > shares.max() / 2 else "black"
                text = str(number or "")
                axes.text(predicted, true, text, color=color, fontsize="small", ha="center", va="center")
        else:
            axes.figure.colorbar(image, ax=axes, label="share of the true class in %", shrink=0.8)
        every = -(-count // 60)  # of 60 classes or fewer all have a label
        ticks, labels = range(0, count, every), names[::every]
        size = "medium" if numbered else "x-small"
        axes.set_yticks(ticks, labels, fontsize=size)
        axes.set_xticks(ticks, labels, fontsize=size, rotation=0 if numbered and longest <= 3 else 90)
        axes.set(xlabel="predicted class", ylabel="true class")
        axes.set_title(f"accuracy {confusion.trace() / confusion.sum():.2%} of {confusion.sum():,}")
        axes.spines[:].set_visible(True)
    return axes


def plot_calibration(
    probabilities: Floats, labels: Integers, ax: Axes | None = None, *, bins: int = 10
) -> Axes:
    """Draw accuracy against the predicted probability (DeGroot and Fienberg, The Statistician 32, 1983).

    On the dotted diagonal both are equal; below it the network is overconfident. Bars are 95 % intervals, the
    numbers at the bottom count the examples of each bin. Errors are those of `handgrad.calibration`.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
    labels : (N,), integers from 0 to C − 1
    ax : matplotlib Axes, optional
    bins : int
        Number of equal intervals of probability, from 1.
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
        axes.set_xlabel("predicted probability in %, number of examples")
        axes.set_title(f"expected calibration error {found.error:.2%}")
    return axes
