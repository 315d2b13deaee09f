"""Predicting few and many: the ways there give the same numbers."""

from typing import Any

import numpy as np
import pytest

from handgrad import Dense, Network, ReLU, Scaling, Tanh
from handgrad.model.inference import FEW


def network(*between: Any, scaling: Scaling | None = None) -> Network:
    scaling = scaling or Scaling.of_bytes()
    layers = [Dense(20), *between, Dense(3)]
    return Network(layers, (48,), np.random.default_rng(0), scaling=scaling)


@pytest.mark.parametrize("between", [[ReLU()], [Tanh()], [ReLU(), ReLU()], []])
def test_one_at_a_time_as_all_at_once(between: list[Any]) -> None:
    model = network(*between)
    raw = np.random.default_rng(1).integers(0, 256, (3 * FEW, 48), np.uint8)
    one_by_one = np.concatenate([model.logits(row[np.newaxis]) for row in raw])
    np.testing.assert_allclose(one_by_one, model.logits(raw), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one_by_one, model.forward(raw / 255)[0], rtol=1e-4, atol=1e-5)
