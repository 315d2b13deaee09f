"""Fixtures for the scikit-learn estimators."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from fixture_types import Examples


@pytest.fixture(scope="session")
def flowers() -> Examples:
    """Three classes with names, and inputs of very different scales."""
    rng = np.random.default_rng(5)
    labels = np.arange(150) % 3
    inputs = rng.normal(size=(150, 4)) + 2.5 * np.eye(3, 4)[labels]
    return inputs * [1, 1000, 0.01, 1] + [0, 1e6, 0, 5], np.array(["iris", "lily", "rose"])[labels]


@pytest.fixture
def quick() -> Callable[..., hg.HandgradClassifier]:
    """Return a small classifier that is trained for five epochs."""
    usual: dict[str, Any] = {"hidden": 16, "epochs": 5, "learning_rate": 0.01, "random_state": 0}
    return lambda **parameters: hg.HandgradClassifier(**usual | parameters)
