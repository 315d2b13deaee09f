"""The dense layer's derivative against a numerical one."""

import numpy as np

from handgrad.kernels import dense as plain
from numerical import numerical_gradient


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
