"""Figures: learning curves, confusion matrix, weights, mistakes and calibration; needs the extra ``plot``.

Every function draws on one pair of axes, the caller's or those of a new figure, and returns them. `save` writes
their figure as SVG or PNG. Nothing here uses pyplot.
"""

from handgrad.plots.curves import plot_learning_curves
from handgrad.plots.evaluation import plot_calibration, plot_confusion_matrix
from handgrad.plots.mistakes import plot_mistakes
from handgrad.plots.style import save
from handgrad.plots.weights import plot_weights

__all__ = [
    "plot_calibration",
    "plot_confusion_matrix",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_weights",
    "save",
]
