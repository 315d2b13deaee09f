"""Figures of regressions and of examples with several labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import HandgradError
from handgrad.plots.curves import DASHES
from handgrad.plots.style import GREY, INK, Axes, drawing, shorten

MOST_POINTS = 5_000
"""Examples that are drawn; of more, these are evenly spaced."""


def plot_predictions(
    true: ArrayLike, predicted: ArrayLike, ax: Axes | None = None, *, name: str = ""
) -> Axes:
    """Plot predicted against actual values of a target; on the dotted diagonal both are equal.

    Parameters
    ----------
    true : array-like of shape (N,)
        Actual values.
    predicted : array-like of shape (N,)
        Predicted values.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    name : str, default ""
        Name of the target for the labels of the axes.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the shapes differ, or there are no values.

    See Also
    --------
    plot_residuals : Plot the differences.

    Examples
    --------
    >>> import handgrad as hg
    >>> true, predicted = [1, 2, 3], [1.1, 1.9, 3.2]
    >>> axes = hg.plots.plot_predictions(true, predicted, name="price")
    >>> axes.get_title(loc="left"), axes.get_xlabel()
    ('R² 0.9700 of 3', 'actual price')
    """
    y, found = _pair(true, predicted)
    with drawing(ax, (4.2, 4.2)) as axes:
        low, high = min(y.min(), found.min()), max(y.max(), found.max())
        axes.plot([low, high], [low, high], color=GREY, linestyle=":", linewidth=1, zorder=3)
        part = slice(None, None, -(-len(y) // MOST_POINTS))
        axes.scatter(y[part], found[part], s=8, color=INK, alpha=0.4, linewidths=0)
        axes.set(xlabel=f"actual {shorten(name)}".strip(), ylabel=f"predicted {shorten(name)}".strip())
        variance = np.square(y - y.mean()).sum()
        r2 = 1 - np.square(y - found).sum() / variance if variance else 0.0
        axes.set_title(f"R² {r2:.4f} of {len(y):,}")
    return axes


def plot_residuals(true: ArrayLike, predicted: ArrayLike, ax: Axes | None = None, *, name: str = "") -> Axes:
    """Plot residuals, actual minus predicted values of a target, against predicted values.

    Parameters
    ----------
    true : array-like of shape (N,)
        Actual values.
    predicted : array-like of shape (N,)
        Predicted values.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    name : str, default ""
        Name of the target for the labels of the axes.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the shapes differ, or there are no values.

    See Also
    --------
    plot_predictions : Plot predicted against actual values.

    Notes
    -----
    A trend, or a spread that changes along the axis, shows what the network has not learned.

    Examples
    --------
    >>> import handgrad as hg
    >>> axes = hg.plots.plot_residuals([1, 2, 3], [1.1, 1.9, 3.2])
    >>> axes.get_title(loc="left")
    'RMSE 0.1414 of 3'
    """
    y, found = _pair(true, predicted)
    with drawing(ax, (4.6, 3.6)) as axes:
        axes.axhline(0, color=GREY, linestyle=":", linewidth=1, zorder=3)
        part = slice(None, None, -(-len(y) // MOST_POINTS))
        axes.scatter(found[part], (y - found)[part], s=8, color=INK, alpha=0.4, linewidths=0)
        axes.set(xlabel=f"predicted {shorten(name)}".strip(), ylabel="actual minus predicted")
        axes.set_title(f"RMSE {np.sqrt(np.square(y - found).mean()):.4g} of {len(y):,}")
    return axes


def plot_precision_recall(
    true: ArrayLike, probabilities: ArrayLike, names: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    r"""Plot precision against recall of each label over all thresholds of its probability.

    Parameters
    ----------
    true : array-like of shape (N, L)
        True labels, 0 or 1.
    probabilities : array-like of shape (N, L)
        Predicted probabilities, from 0 to 1.
    names : sequence of str, optional
        Names of the labels; default: their numbers. A label that no example has is left out.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If the shapes differ, or there are no values.

    Notes
    -----
    A point marks the threshold 0.5. The legend shows the average precision :math:`\sum_k (R_k - R_{k-1}) P_k` over
    the thresholds, with precision :math:`P` and recall :math:`R`.

    Examples
    --------
    >>> import handgrad as hg
    >>> true = [[1, 0], [0, 1], [1, 1]]
    >>> predicted = [[0.9, 0.2], [0.6, 0.7], [0.5, 0.8]]
    >>> names = ["urgent", "paid"]
    >>> axes = hg.plots.plot_precision_recall(true, predicted, names)
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['urgent (0.83)', 'paid (1.00)']
    """
    labels, found = _pair(true, probabilities, axes=2)
    names = [str(k) for k in range(labels.shape[1])] if names is None else names
    with drawing(ax, (4.8, 4.2)) as axes:
        for k, name in enumerate(names):
            if not labels[:, k].any():
                continue
            order = np.argsort(-found[:, k], kind="stable")
            last = np.append(np.diff(found[order, k]) != 0, True)  # of equal probabilities
            correct = np.cumsum(labels[order, k])[last]
            precision = correct / (np.flatnonzero(last) + 1)
            recall = correct / labels[:, k].sum()
            average = (np.diff(recall, prepend=0) * precision).sum()
            style: Any = {"color": f"C{k % 7}", "linestyle": DASHES[k % len(DASHES)]}
            text = f"{shorten(name)} ({average:.2f})"
            axes.plot([0, *recall], [precision[0], *precision], label=text, **style)
            if (chosen := found[order, k][last] > 0.5).any():
                axes.plot(recall[chosen][-1], precision[chosen][-1], marker="o", color=style["color"])
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axes.legend(loc="lower left", title="label (average precision)")
    return axes


def _pair(
    true: ArrayLike, predicted: ArrayLike, axes: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, found = (np.asarray(values, np.float64) for values in (true, predicted))
    if y.shape != found.shape or y.ndim != axes or not y.size:
        raise HandgradError(
            f"true and predicted values must have the same shape and not be empty; got {y.shape}, {found.shape}"
        )
    return y, found
