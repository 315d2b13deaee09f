"""What "auto" stands for."""

from typing import Any

import pytest

import handgrad as hg
from handgrad.sklearn.parameters import build_optimizer, choose_schedule


@pytest.mark.parametrize(
    ("parameters", "partial", "rows", "optimizer", "schedule"),
    [
        ({}, False, 200, hg.AdamW(0.01, weight_decay=0.4), "one_cycle"),
        ({}, False, 10, hg.AdamW(0.01, weight_decay=1.0), "one_cycle"),
        ({}, False, 10**6, hg.AdamW(0.01, weight_decay=0.05), "one_cycle"),
        (
            {"learning_rate": 0.02, "weight_decay": 0.0},
            False,
            200,
            hg.AdamW(0.02, weight_decay=0),
            "one_cycle",
        ),
        ({"early_stopping": True}, False, 200, hg.AdamW(0.01, weight_decay=0.4), "one_cycle"),
        ({}, True, 200, hg.AdamW(), None),
        ({"warm_start": True}, False, 200, hg.AdamW(), None),
        ({"schedule": None}, False, 200, hg.AdamW(), None),
        ({"schedule": "cosine", "warm_start": True}, False, 200, hg.AdamW(0.01, weight_decay=0.4), "cosine"),
        ({"optimizer": "adamw"}, False, 200, hg.AdamW(), None),
        ({"optimizer": hg.SGD(0.3), "schedule": "one_cycle"}, False, 200, hg.SGD(0.3), "one_cycle"),
    ],
)
def test_default_optimizers_and_schedules(
    parameters: dict[str, Any], partial: bool, rows: int, optimizer: hg.Optimizer, schedule: Any
) -> None:
    for kind in (hg.HandgradClassifier, hg.HandgradRegressor):
        estimator = kind(**parameters)
        assert choose_schedule(estimator, partial=partial) == schedule
        assert build_optimizer(estimator, schedule, rows, 4) == optimizer
