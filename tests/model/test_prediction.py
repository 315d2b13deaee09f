"""Predicting few and many: the ways there give the same numbers."""

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from handgrad import Dense, Network, ReLU, Scaling, Tanh
from handgrad.model.network import FEW


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


def test_concurrent_predictions_are_those_of_one_thread() -> None:
    model = network(ReLU())
    rows = np.random.default_rng(1).integers(0, 256, (16, 40, 48), np.uint8)
    expected = [[model.predict(raw[:count]).tolist() for count in (1, 5, 40)] for raw in rows]

    def predict(raw: Any) -> list[list[list[int]]]:
        return [[model.predict(raw[:count]).tolist() for count in (1, 5, 40)] for _ in range(50)]

    with ThreadPoolExecutor(16) as pool:
        for found, wanted in zip(pool.map(predict, rows), expected, strict=True):
            assert all(once == wanted for once in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_predicts() -> None:
    model = network(ReLU())
    raw = np.random.default_rng(1).integers(0, 256, (5, 48), np.uint8)
    expected = model.predict(raw)
    child = os.fork()
    if not child:
        os._exit(0 if np.array_equal(model.predict(raw), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("classes", [1, 17, 10_000])
def test_any_number_of_classes(classes: int) -> None:
    model = Network([Dense(5), ReLU(), Dense(classes)], (7,), np.random.default_rng(0), np.float64)
    x = np.random.default_rng(1).normal(size=(3, 7))
    logits, _ = model.forward(x)
    np.testing.assert_allclose(model.logits(x), logits, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(x), logits.argmax(axis=1))


def test_a_copy_of_a_network_predicts_with_its_parameters() -> None:
    model = network(ReLU())
    raw = np.random.default_rng(1).integers(0, 256, (5, 48), np.uint8)
    before = model.logits(raw)
    duplicate = copy.deepcopy(model)
    duplicate.flat_parameters[:] = 0
    assert not duplicate.logits(raw).any()
    np.testing.assert_array_equal(model.logits(raw), before)
