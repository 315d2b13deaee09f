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
    """Draw predicted against actual values of a target; on the dotted diagonal both are equal.

    Parameters
    ----------
    true, predicted : (N,)
        In units of the target; HandgradError where their shapes differ, or there are none.
    ax : matplotlib Axes, optional
    name : str
        The name of the target.
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
    """Draw residuals, actual minus predicted values of a target, against predicted ones.

    A trend or a spread that changes along the axis shows what the network has not learned.

    Parameters
    ----------
    true, predicted, ax, name
        As for `plot_predictions`.
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
    """Draw precision against recall of each label, over all thresholds of its probability.

    The point marks the threshold 0.5, and the legend shows the average precision, Σ (Rₖ − Rₖ₋₁) Pₖ.

    Parameters
    ----------
    true : (N, L), 0 or 1
    probabilities : (N, L), from 0 to 1
    names : sequence of str, optional
        The names of the labels; default: "0", "1", …
    ax : matplotlib Axes, optional
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
            f"true and predicted values must have one shape, of 1 or more; got {y.shape}, {found.shape}"
        )
    return y, found
