"""Calibration: how often a network is right where it is how sure."""

from typing import TYPE_CHECKING

from handgrad.kernels.types import Floats, Integers
from handgrad.plots.style import GREY, INK, drawing, percent
from handgrad.training.calibration import calibration, wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_calibration(
    probabilities: Floats, labels: Integers, ax: "Axes | None" = None, *, bins: int = 10
) -> "Axes":
    """Draw the share of right answers against their probability.

    On the dotted diagonal a network is right as often as it says; below it, it is too sure. Bars are 95 % intervals,
    the numbers below count the examples of each bin; the title tells the expected calibration error.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
        As `Network.predict_proba` gives them.
    labels : (N,), whole numbers from 0 to C − 1
    ax : matplotlib Axes, optional
        A new figure's unless given.
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
        axes.set(
            xlim=(0, 104),
            ylim=(0, 104),
            aspect="equal",
            xlabel="probability of the answer in %, above it the examples",
            ylabel="right answers in %",
        )
        axes.set_title(f"expected calibration error {percent(found.error, 2)}")
    return axes
