"""The confusion matrix and the calibration curve."""

from typing import Any

import numpy as np

from handgrad.plots import plot_calibration, plot_confusion_matrix
from handgrad.training.metrics import calibration

MATRIX = np.array([[8, 2, 0], [0, 5, 0], [3, 0, 7]])


def test_confusion_matrix_has_counts_shades_and_names() -> None:
    axes: Any = plot_confusion_matrix(MATRIX, np.array(["a", "b", "$c\x1b[31m"]))  # type: ignore[arg-type]
    written = {text.get_position(): text.get_text() for text in axes.texts if text.get_text()}
    assert written == {(0, 0): "8", (1, 0): "2", (1, 1): "5", (0, 2): "3", (2, 2): "7"}
    assert np.allclose(axes.images[0].get_array(), [[0, 20, 0], [0, 0, 0], [30, 0, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", r"\$c�[31m"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert "80.00% of 25" in axes.get_title(loc="left")


def test_many_classes_have_a_colour_bar_instead_of_counts() -> None:
    axes = plot_confusion_matrix(np.eye(100, dtype=int))
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert not axes.texts
    assert len(axes.figure.axes) == 2
    assert len(axes.get_yticklabels()) == 50


def test_calibration_curve_has_the_points_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(3), 200), rng.integers(0, 3, 200)
    axes = plot_calibration(probabilities, labels, bins=5)
    found = calibration(probabilities, labels, 5)
    diagonal, curve = axes.get_lines()
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert np.allclose(curve.get_xydata(), 100 * np.stack([found.confidence, found.accuracy], axis=1))
    assert [text.get_text() for text in axes.texts] == [str(count) for count in found.counts]
    assert f"{found.error:.2%}" in axes.get_title(loc="left")
    assert len(axes.collections[0].get_paths()) == len(found.counts)  # an interval for each bin
