"""Figures of trainings, networks and predictions; needs the extra ``plot``.

Every function draws on one pair of axes and returns it: `ax`, in the caller's style, or by default that of a new
figure. `save` writes the figure as SVG or PNG. Nothing here uses pyplot.
"""

from handgrad.plots.curves import plot_learning_curves as plot_learning_curves
from handgrad.plots.evaluation import plot_calibration as plot_calibration
from handgrad.plots.evaluation import plot_confusion_matrix as plot_confusion_matrix
from handgrad.plots.images import plot_mistakes as plot_mistakes
from handgrad.plots.images import plot_weights as plot_weights
from handgrad.plots.style import save as save
from handgrad.plots.tasks import plot_precision_recall as plot_precision_recall
from handgrad.plots.tasks import plot_predictions as plot_predictions
from handgrad.plots.tasks import plot_residuals as plot_residuals
