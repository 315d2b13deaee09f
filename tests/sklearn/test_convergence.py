"""When a training that ends at its last epoch is reported as unfinished."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from flowers import X, quick, y
from handgrad.sklearn.convergence import falls_fast, has_plateau

EPOCHS = np.arange(100)
NOISE = np.random.default_rng(0).normal(0, 0.002, 100)


@pytest.mark.parametrize(
    ("losses", "fast"),
    [
        (1 - EPOCHS / 100, True),
        (np.exp(-EPOCHS / 80), True),
        (np.exp(-EPOCHS / 40) + NOISE, False),
        (1 / (1 + EPOCHS), False),
        (np.exp(-EPOCHS / 10) + NOISE, False),
        (EPOCHS / 100, False),
        (np.ones(100), False),
        ([2.0, 1.0], True),
        ([2.0], False),
    ],
)
def test_curves(losses: Any, fast: bool) -> None:
    assert falls_fast(losses) == fast


def test_plateau() -> None:
    assert not has_plateau([3, 2, 1, 1], 0.1, 2)
    assert has_plateau([3, 2, 1, 1, 0.95], 0.1, 2)
    assert not has_plateau([3, 2, 1, 1, 0.95], None, 2)


@pytest.mark.parametrize(
    ("parameters", "warned"),
    [
        ({}, True),
        ({"warm_start": True, "validation_fraction": 0.2}, True),
        ({"schedule": "reduce_on_plateau"}, True),
        ({"schedule": "one_cycle"}, False),
        ({"early_stopping": True}, False),
        ({"time_limit": 1e-9}, False),
        ({"callbacks": lambda _, record: record.epoch == 4}, False),
        ({"tol": 1.0, "patience": 1}, False),
        ({"epochs": 1}, False),
    ],
)
def test_only_an_unfinished_training_is_reported(parameters: dict[str, Any], warned: bool) -> None:
    classifier = quick(**{"schedule": None, "learning_rate": 0.001} | parameters)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        classifier.fit(X, y)
    assert [each.category for each in found] == [ConvergenceWarning] * warned
    assert all(each.filename == __file__ for each in found)
