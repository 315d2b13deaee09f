"""Figures: learning curves, confusion matrix, weights, mistakes and calibration; needs the extra ``plot``.

Every function draws on one pair of axes and returns it: `ax`, in the caller's style, or by default that of a new
figure. `save` writes the figure as SVG or PNG. Nothing here uses pyplot.
"""

from handgrad.plots.curves import plot_learning_curves
from handgrad.plots.evaluation import plot_calibration, plot_confusion_matrix
from handgrad.plots.images import plot_mistakes, plot_weights
from handgrad.plots.style import save

__all__ = [
    "plot_calibration",
    "plot_confusion_matrix",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_weights",
    "save",
]
