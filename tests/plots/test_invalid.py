"""Arguments that no figure can be drawn of."""

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad import plots

PIXELS, LABELS = np.zeros((4, 16), np.uint8), np.array([0, 0, 0, 1])
IMAGES, ROWS = hg.Dataset(PIXELS, LABELS, 2, (1, 4, 4)), hg.Dataset(PIXELS, LABELS, 2)
PROBABILITIES = np.full((4, 2), 0.5)
NETWORK = hg.Network([hg.Dense(2)], 4)
RUN = [hg.Record(0, 1, 1.0, 0.75, None, None, 0.1, 1.0, 100.0)]


@pytest.mark.parametrize(
    ("draw", "arguments", "options", "message"),
    [
        (plots.plot_learning_curves, ([],), {}, "load_records"),
        (plots.plot_learning_curves, ({},), {}, "load_records"),
        (plots.plot_learning_curves, ({"a": RUN, "empty": []},), {}, "run 'empty' must hold"),
        (plots.plot_learning_curves, ("runs/mlp",), {}, "load_records"),
        (plots.plot_learning_curves, (RUN,), {"metric": "los"}, "did you mean 'loss'"),
        (plots.plot_learning_curves, (RUN,), {"against": "years"}, "choose from epochs, steps, seconds"),
        (plots.plot_confusion_matrix, (np.ones((2, 3), int),), {}, "of shape"),
        (plots.plot_confusion_matrix, (np.ones((2, 2)),), {}, "float64"),
        (plots.plot_confusion_matrix, (3,), {}, "of shape"),
        (plots.plot_confusion_matrix, (None,), {}, "object"),
        (plots.plot_confusion_matrix, (np.eye(3, dtype=int), ["a", "b"]), {}, "of 2 classes holds 2×2"),
        (plots.plot_confusion_matrix, (np.zeros((2, 2), int),), {}, "not all of them 0"),
        (plots.plot_confusion_matrix, (np.array([[5, -1], [0, 3]]),), {}, "integers from 0"),
        (plots.plot_weights, (hg.Network([hg.Tanh()], 4),), {}, "no layer"),
        (plots.plot_weights, (NETWORK,), {"most": 0}, "most"),
        (plots.plot_weights, (NETWORK,), {"most": 2.5}, "most"),
        (plots.plot_mistakes, (IMAGES, PROBABILITIES[:3]), {}, r"must be \(4, 2\)"),
        (plots.plot_mistakes, (IMAGES, PROBABILITIES), {"most": 0}, "most"),
        (plots.plot_mistakes, (PIXELS, PROBABILITIES), {}, "only a Dataset of"),
        (plots.plot_mistakes, (ROWS, PROBABILITIES), {}, "only a Dataset of"),
        (plots.save, (plots.plot_weights(NETWORK), "figure.gif"), {}, r"figure\.gif: "),
        (plots.save, (plots.plot_weights(NETWORK), "nowhere/figure.svg"), {}, "cannot write"),
    ],
)
def test_invalid_arguments_are_refused(draw: Any, arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(hg.HandgradError, match=message):
        draw(*arguments, **options)
