"""A whole network in one kernel: the plain one against numbers, the compiled twin against the plain one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import perceptron as plain
from handgrad.kernels.compiled import bytes as on_bytes
from handgrad.kernels.compiled import perceptron as compiled
from handgrad.kernels.compiled.matrix_unit import KNOWS_BYTES
from handgrad.kernels.perceptron import Perceptron
from laid_out import close
from numerical import numerical_gradient

needs_unit = pytest.mark.skipif(not KNOWS_BYTES, reason="this processor has no matrix unit for bytes")


def drawn(inputs: int, hidden: int, classes: int, dtype: Any) -> Perceptron:
    rng = np.random.default_rng(0)
    shapes: list[tuple[int, ...]] = [(hidden, inputs), (hidden,), (classes, hidden), (classes,)]
    return Perceptron(*(rng.normal(0, 0.2, shape).astype(dtype) for shape in shapes))


def zeros(parameters: Perceptron) -> Perceptron:
    return Perceptron(*map(np.zeros_like, parameters))


def test_the_plain_gradients_are_those_of_the_loss() -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.integers(0, 256, (6, 5), np.uint8), rng.integers(0, 3, 6)
    parameters = drawn(5, 4, 3, np.float64)
    gradients = zeros(parameters)
    plain.learn(x, 255.0, labels, parameters, gradients, 0.1, 8)

    def loss() -> float:
        return plain.learn(x, 255.0, labels, parameters, zeros(parameters), 0.1, 8)[0]

    for array, gradient in zip(parameters, gradients, strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, array), rtol=1e-5, atol=1e-8)


@needs_unit
@settings(max_examples=40, deadline=None)
@given(
    examples=st.sampled_from([1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 700]),
    inputs=st.sampled_from([64, 65, 95, 784]),
    hidden=st.sampled_from([1, 10, 16, 17, 40]),
    classes=st.sampled_from([2, 10, 17]),
    smoothing=st.sampled_from([0.0, 0.1]),
)
def test_the_compiled_twin_computes_the_same(
    examples: int, inputs: int, hidden: int, classes: int, smoothing: float
) -> None:
    rng = np.random.default_rng(examples)
    x, labels = rng.integers(0, 256, (examples, inputs), np.uint8), rng.integers(0, classes, examples)
    parameters = drawn(inputs, hidden, classes, np.float32)
    one, other = zeros(parameters), zeros(parameters)
    for _ in range(2):  # gradients are added to
        expected = plain.learn(x, 255.0, labels, parameters, one, smoothing, 1000)
        found = compiled.learn(x, 255.0, labels, parameters, other, smoothing, 1000)
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    assert abs(found[1] - expected[1]) <= 1  # of two nearly equal scores either may be the larger
    for gradient, twin in zip(one, other, strict=True):
        assert twin.dtype == np.float32
        np.testing.assert_allclose(twin, gradient, rtol=1e-3, atol=2e-5 * float(np.abs(gradient).max()))


@needs_unit
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_shows_in_the_loss(wrong: float) -> None:
    parameters = drawn(64, 10, 3, np.float32)
    parameters.hidden_weights[3, 5] = wrong
    x, labels = np.ones((20, 64), np.uint8), np.zeros(20, np.int64)
    loss, _ = compiled.learn(x, 255.0, labels, parameters, zeros(parameters), 0.0, 20)
    assert not np.isfinite(loss)


@needs_unit
@pytest.mark.parametrize(
    ("sizes", "dtype", "suits"),
    [
        ((784, 128, 10), "f4", True),
        ((784, 128, 10), "f8", False),
        ((784, 800, 10), "f4", False),
        ((30, 10, 3), "f4", False),
    ],
)
def test_it_is_for_small_networks_of_single_precision(
    sizes: tuple[int, int, int], dtype: str, suits: bool
) -> None:
    assert compiled.suits(*sizes, np.dtype(dtype)) == suits
    assert not plain.suits(*sizes, np.dtype(dtype))


@settings(max_examples=40, deadline=None)
@given(
    examples=st.integers(0, on_bytes.FEW),
    inputs=st.sampled_from([16, 48, 784]),
    hidden=st.sampled_from([1, 9, 10, 11, 40]),
    classes=st.sampled_from([2, 10, 17]),
    share=st.sampled_from([0.0, 0.8, 1.0]),
)
def test_few_examples_are_scored_as_by_the_layers(
    examples: int, inputs: int, hidden: int, classes: int, share: float
) -> None:
    rng = np.random.default_rng(examples)
    x = rng.integers(0, 256, (2 * examples, inputs), np.uint8)
    x[rng.random(x.shape) < share] = 0
    parameters = drawn(inputs, hidden, classes, np.float32)
    expected = plain.score(x[::2], 255.0, *parameters)
    assert compiled.suits_few(examples, inputs, expected.dtype)
    close(compiled.score(x[::2], 255.0, *parameters), expected)
