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
    """Plot a confusion matrix.

    Mistakes are shaded by their share of the true class. Correct predictions are white.

    Parameters
    ----------
    confusion : array of int of shape (C, C)
        Counts; rows are true classes, columns predicted ones. From `handgrad.evaluate`, or from scikit-learn.
    classes : sequence of str, optional
        Names of the classes; default: their numbers.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the matrix does not hold counts, or does not have one row for each class.

    See Also
    --------
    plot_mistakes : Draw the images that were confused.

    Examples
    --------
    >>> import handgrad as hg
    >>> confusion = [[8, 2], [1, 9]]
    >>> axes = hg.plots.plot_confusion_matrix(confusion, ["cat", "dog"])
    >>> axes.get_title(loc="left")
    'accuracy 85.00% of 20'
    >>> hg.plots.save(axes, "confusion.svg")
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
    """Plot accuracy against predicted probability, a reliability diagram.

    Parameters
    ----------
    probabilities : array of shape (N, C)
        Predicted probabilities, from 0 to 1.
    labels : array of int of shape (N,)
        True classes, from 0 to C − 1.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    bins : int, default 10
        Number of equal intervals of probability, at least 1.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the arrays do not match, or a value is out of range.

    See Also
    --------
    handgrad.calibration : Return the numbers of the figure.

    Notes
    -----
    On the dotted diagonal both are equal [1]_. Below it the network is overconfident. Vertical lines are 95 %
    intervals of the accuracy. The numbers at the bottom count the examples of each interval.

    References
    ----------
    .. [1] DeGroot and Fienberg, "The comparison and evaluation of forecasters", The Statistician, 1983.

    Examples
    --------
    Predictions of 80 % and 60 % of which 90 % and 50 % are correct are 10 % off.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> probabilities = np.array([[0.8, 0.2]] * 10 + [[0.6, 0.4]] * 10)
    >>> labels = np.array([0] * 9 + [1] * 1 + [0] * 5 + [1] * 5)
    >>> axes = hg.plots.plot_calibration(probabilities, labels)
    >>> axes.get_title(loc="left")
    'expected calibration error 10.00%'
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
