"""Figures of regressions and of several labels."""

from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from failing import refusal
from handgrad.plots import plot_precision_recall, plot_predictions, plot_residuals


def test_predictions_and_residuals_have_the_points_of_the_data() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(50, 10, size=200)
    predicted = true + rng.normal(size=200)
    against: Any = plot_predictions(true, predicted, name="price")
    residuals: Any = plot_residuals(true, predicted)
    np.testing.assert_allclose(against.collections[0].get_offsets(), np.stack([true, predicted], axis=1))
    expected = np.stack([predicted, true - predicted], axis=1)
    np.testing.assert_allclose(residuals.collections[0].get_offsets(), expected)
    assert against.get_xlabel() == "actual price"
    assert (
        f"R² {1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum():.4f}"
        in against.get_title("left")
    )
    many: Any = plot_residuals(rng.normal(size=20_001), np.zeros(20_001))
    assert len(many.collections[0].get_offsets()) <= 5_000
    assert "same shape" in refusal(plot_predictions, true, predicted[:9])


def test_precision_and_recall_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    true = rng.integers(2, size=(300, 2))
    probabilities = np.round(np.clip(rng.normal(0.3 + 0.4 * true, 0.2), 0, 1), 2)  # with ties
    axes: Any = plot_precision_recall(true, probabilities, ["a", "b"])
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 1]
    for k, curve in enumerate(curves):
        precision, recall, _ = precision_recall_curve(true[:, k], probabilities[:, k])
        found = curve.get_xydata()[1:]
        assert {tuple(point) for point in found.round(9)} <= set(
            zip(recall.round(9), precision.round(9), strict=True)
        )
        average = average_precision_score(true[:, k], probabilities[:, k])
        assert f"({average:.2f})" in axes.get_legend().get_texts()[k].get_text()
