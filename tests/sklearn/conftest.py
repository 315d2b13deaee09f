"""Fixtures for the scikit-learn estimators."""

import numpy as np
import pytest

from fixture_types import Examples


@pytest.fixture(scope="session")
def flowers() -> Examples:
    """Three classes with names, and inputs of very different scales."""
    rng = np.random.default_rng(5)
    labels = np.arange(150) % 3
    inputs = rng.normal(size=(150, 4)) + 2.5 * np.eye(3, 4)[labels]
    return inputs * [1, 1000, 0.01, 1] + [0, 1e6, 0, 5], np.array(["iris", "lily", "rose"])[labels]
