"""Pictures: learning curves, confusions, weights, mistakes and calibration; needs the extra ``plot``.

Every function draws one picture on one pair of axes: on those of the caller, whatever they belong to, or on a new
figure. It returns the axes, and `save` writes their figure as SVG or PNG. Nothing here touches pyplot.
"""

from handgrad.plots.calibration import plot_calibration
from handgrad.plots.confusion import plot_confusion_matrix
from handgrad.plots.curves import plot_learning_curves
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
