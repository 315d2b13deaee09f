"""The dense layer's derivative against a numerical one, and the matrix unit's products against the plain ones."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handgrad.kernels import dense as plain
from handgrad.kernels.compiled import dense as compiled
from handgrad.kernels.compiled.matrix_unit import AVAILABLE
from laid_out import DTYPES, close
from numerical import numerical_gradient


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_dense_backward_is_the_derivative_of_dense(rng: np.random.Generator) -> None:
    x, weights, biases = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    dy = rng.normal(size=(5, 3))
    dweights, dbiases = np.zeros((3, 4)), np.zeros(3)
    dx = plain.dense_backward(dy, x, weights, dweights, dbiases)

    def loss() -> float:
        return float((plain.dense(x, weights, biases) * dy).sum())

    assert dx is not None
    for array, gradient in ((x, dx), (weights, dweights), (biases, dbiases)):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, array), rtol=1e-6, atol=1e-8)


def test_dense_backward_adds_to_the_gradients_of_parameters(rng: np.random.Generator) -> None:
    x, weights, dy = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
    once, twice = (np.zeros((3, 4)), np.zeros(3)), (np.zeros((3, 4)), np.zeros(3))
    plain.dense_backward(dy, x, weights, *once)
    for _ in range(2):
        plain.dense_backward(dy, x, weights, *twice)
    np.testing.assert_allclose(twice[0], 2 * once[0])
    np.testing.assert_allclose(twice[1], 2 * once[1])


def test_dense_backward_saves_dx_where_it_is_not_wanted(rng: np.random.Generator) -> None:
    gradients = np.zeros((3, 4)), np.zeros(3)
    x, dy = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    assert plain.dense_backward(dy, x, np.ones((3, 4)), *gradients, input_gradient=False) is None
    np.testing.assert_allclose(gradients[0], dy.T @ x)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.tuples(*[st.sampled_from([1, 10, 32, 65, 96, 129, 200, 530])] * 3),
    dtype=DTYPES,
    upside_down=st.booleans(),
)
def test_what_is_compiled_computes_the_same(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, int, int], dtype: Any, upside_down: bool
) -> None:
    n, inputs, outputs = sizes
    rng = np.random.default_rng(0)
    x, dy, weights = (
        rng.normal(size=shape).astype(dtype) for shape in ((n, inputs), (n, outputs), (outputs, inputs))
    )
    monkeypatch.setattr(compiled, "WORTH_PACKING", 0)
    monkeypatch.setattr(compiled, "LEAST", 1)
    biases = rng.normal(size=outputs).astype(dtype)
    if upside_down:  # what comes from a convolution lies in memory with the batch last
        x, dy = np.asfortranarray(x), np.asfortranarray(dy)
    y = plain.dense(x, weights, biases)
    close(compiled.dense(x, weights, biases), y, scale=inputs**0.5)
    mine, expected = ([np.ones_like(weights), np.ones_like(biases)] for _ in range(2))
    dx = plain.dense_backward(dy, x, weights, *expected)
    close(compiled.dense_backward(dy, x, weights, *mine), dx, scale=outputs**0.5)
    for one, other in zip(mine, expected, strict=True):
        close(one, other, scale=n**0.5)
    assert compiled.dense_backward(dy, x, weights, *mine, input_gradient=False) is None


@pytest.mark.skipif(not AVAILABLE, reason="this processor has no matrix unit")
def test_large_products_go_through_the_matrix_unit_and_small_ones_through_blas() -> None:
    x, weights = (np.random.default_rng(i).normal(size=(256, 256)).astype(np.float32) for i in (0, 1))

    def difference(outputs: int) -> float:
        arguments = x, weights[:outputs], np.zeros(outputs, np.float32)
        return float(np.abs(compiled.dense(*arguments) - plain.dense(*arguments)).max())

    assert difference(63) == 0
    assert 0 < difference(256) < 1e-3


@pytest.mark.skipif(not AVAILABLE, reason="this processor has no matrix unit")
def test_what_is_not_finite_stays_so() -> None:
    x, weights = np.ones((256, 256), np.float32), np.ones((256, 256), np.float32)
    x[3, 5], x[4, 5] = np.nan, np.inf
    y = compiled.dense(x, weights, np.zeros(256, np.float32))
    assert not np.isfinite(y[3:5]).any()
    assert np.isfinite(np.delete(y, (3, 4), axis=0)).all()
