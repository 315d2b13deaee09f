"""Data that the classifier's tests share."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.data.dataset import Splits

Examples = tuple[NDArray[Any], NDArray[Any]]


@pytest.fixture(scope="session")
def flowers() -> Examples:
    """Three classes with names, in inputs of very different sizes."""
    rng = np.random.default_rng(5)
    labels = np.arange(150) % 3
    inputs = rng.normal(size=(150, 4)) + 2.5 * np.eye(3, 4)[labels]
    return inputs * [1, 1000, 0.01, 1] + [0, 1e6, 0, 5], np.array(["iris", "lily", "rose"])[labels]


@pytest.fixture(scope="session")
def images(digits: Splits) -> Examples:
    """Digits as bytes."""
    return digits.train.inputs, digits.train.labels
