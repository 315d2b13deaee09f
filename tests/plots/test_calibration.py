"""The calibration curve: what is drawn is what the metric says."""

import numpy as np

from handgrad.plots import plot_calibration
from handgrad.training.calibration import calibration


def test_points_are_those_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 200)
    labels = rng.integers(0, 3, 200)
    axes = plot_calibration(probabilities, labels, bins=5)
    found = calibration(probabilities, labels, 5)
    diagonal, curve = axes.get_lines()
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert np.allclose(curve.get_xydata(), 100 * np.stack([found.confidence, found.accuracy], axis=1))
    assert [text.get_text() for text in axes.texts] == [str(count) for count in found.counts]
    assert f"{100 * found.error:.2f} %" in axes.get_title(loc="left")
    assert len(axes.collections[0].get_paths()) == len(found.counts), "an interval for each bin"
