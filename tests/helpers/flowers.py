"""Three classes with names, inputs of very different scales, and a small classifier."""

from typing import Any

import numpy as np

import handgrad as hg

LABELS = np.arange(150) % 3
NOISE = np.random.default_rng(5).normal(size=(150, 4))
X = (NOISE + 2.5 * np.eye(3, 4)[LABELS]) * [1, 1000, 0.01, 1] + [0, 1e6, 0, 5]
y = np.array(["iris", "lily", "rose"])[LABELS]


def quick(**parameters: Any) -> hg.HandgradClassifier:
    """Return a small classifier that is trained for five epochs."""
    usual: dict[str, Any] = {"hidden": 16, "epochs": 5, "optimizer": "adam", "learning_rate": 0.01}
    return hg.HandgradClassifier(**usual | {"random_state": 0} | parameters)
