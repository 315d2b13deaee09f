"""One table, one contract: every layer passes the same tests. A new layer is a new row."""

from dataclasses import FrozenInstanceError
from math import erf, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.model.layers import (
    GELU,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Maxout,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from handgrad.model.network import Network
from layer_table import LAYERS, arrays_of, parameters_of
from numerical import numerical_gradient

table = pytest.mark.parametrize(
    ("layer", "shape"), LAYERS, ids=[f"{layer}{shape}" for layer, shape in LAYERS]
)


@table
def test_the_contract(layer: Layer, shape: tuple[int, ...]) -> None:
    """Shapes, initializers, configuration; nothing is changed by forward and backward."""
    rng = np.random.default_rng(0)
    arrays, x = vars(arrays_of(layer, shape, rng)), rng.normal(size=(6, *shape))
    before = {"x": x.copy()} | {name: array.copy() for name, array in arrays.items()}
    y, backward = layer.forward(SimpleNamespace(**arrays), x)
    assert y.shape == (6, *layer.output_shape(shape))
    backward(
        np.ones_like(y), SimpleNamespace(**{name: np.zeros_like(array) for name, array in arrays.items()})
    )
    for name, array in {"x": x, **arrays}.items():
        np.testing.assert_array_equal(array, before[name])
    assert set(layer.initializers()) == {*layer.parameter_shapes(shape), *layer.statistic_shapes(shape)}
    assert Layer.from_config(layer.to_config()) == layer
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        layer.anything = 1  # type: ignore[attr-defined]


@table
@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_backward_is_the_derivative_of_forward(layer: Layer, shape: tuple[int, ...], backend: str) -> None:
    rng = np.random.default_rng(1)
    arrays = parameters_of(layer, shape, rng)
    x, dy = rng.normal(size=(3, *shape)), rng.normal(size=(3, *layer.output_shape(shape)))
    gradients = {name: np.zeros_like(array) for name, array in arrays.items()}

    def loss() -> float:
        y, _ = layer.forward(SimpleNamespace(**arrays), x, np.random.default_rng(2))
        return float((y * dy).sum())

    with kernels.using(backend):
        _, backward = layer.forward(SimpleNamespace(**arrays), x, np.random.default_rng(2))
        gradients["x"] = backward(dy, SimpleNamespace(**gradients))
        for name, array in (*arrays.items(), ("x", x)):
            numerical = numerical_gradient(loss, array)
            np.testing.assert_allclose(gradients[name], numerical, rtol=1e-6, atol=1e-8, err_msg=name)


@table
def test_a_batch_is_the_sum_of_its_chunks(layer: Layer, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    parameters = arrays_of(layer, shape, rng)
    arrays = parameters_of(layer, shape, rng)
    x = rng.normal(size=(6, *shape))
    dy = rng.normal(size=(6, *layer.output_shape(shape)))
    whole = {name: np.zeros_like(array) for name, array in arrays.items()}
    parts = {name: np.zeros_like(array) for name, array in arrays.items()}
    y, backward = layer.forward(parameters, x)
    dx = backward(dy, SimpleNamespace(**whole))
    for chunk in (slice(0, 2), slice(2, 6)):
        y_chunk, backward = layer.forward(parameters, x[chunk])
        np.testing.assert_allclose(y_chunk, y[chunk])
        np.testing.assert_allclose(backward(dy[chunk], SimpleNamespace(**parts)), dx[chunk])
    for name in arrays:
        np.testing.assert_allclose(parts[name], whole[name])


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        (Dense, "units", [0, -1, 1.5, "ten", True, 10**7]),
        (Dropout, "rate", [1.0, -0.1, float("nan")]),
        (LeakyReLU, "negative_slope", [1.0, -0.1, float("nan")]),
        (Maxout, "pieces", [1, 0, 2.0, "2"]),
        (Conv2D, "kernel_size", [0, 2.5, None]),
        (MaxPool2D, "pool_size", [0, 16]),
        (BatchNorm, "epsilon", [0, 1]),
    ],
)
def test_absurd_fields_are_refused(kind: type[Any], field: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(HandgradError, match=f"{kind.__name__} {field} must be"):
            kind(**({"filters": 1} if kind is Conv2D else {}), **{field: value})


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Dense(3), (1, 28, 28), "Flatten"),
        (Maxout(2), (5,), "5 inputs"),
        (Conv2D(2), (784,), "takes images"),
        (Conv2D(2), (1, 2, 28), "does not fit"),
        (MaxPool2D(3), (1, 28, 2), "does not fit"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(HandgradError, match=message):
        Network([layer, Flatten()], shape)


def test_other_initializers_are_refused() -> None:
    with pytest.raises(HandgradError, match="initializer"):
        Network([Dense(3, ReLU())], 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("layer", [Sigmoid(), Tanh(), GELU()])
def test_huge_inputs_do_not_overflow(layer: Layer) -> None:
    x = np.array([[-1e4, 1e4]])
    y, backward = layer.forward(SimpleNamespace(), x)
    assert np.isfinite(y).all()
    assert np.isfinite(backward(np.ones_like(y), SimpleNamespace())).all()


def test_gelu_is_close_to_x_times_the_normal_distribution() -> None:
    x = np.linspace(-4, 4, 81)
    exact = [value * (1 + erf(value / sqrt(2))) / 2 for value in x]
    np.testing.assert_allclose(GELU().forward(SimpleNamespace(), x)[0], exact, atol=5e-4)


def test_dropout_drops_at_its_rate_and_keeps_the_mean() -> None:
    x = np.ones((100, 1000), np.float32)
    y, _ = Dropout(0.3).forward(SimpleNamespace(), x, np.random.default_rng(0))
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert y.dtype == np.float32
    assert Dropout(0.3).forward(SimpleNamespace(), x)[0] is x


def test_maxout_keeps_the_largest_of_its_neighbours() -> None:
    x = np.array([[1.0, 3.0, 2.0, -5.0, -1.0, -2.0]])
    y, backward = Maxout(3).forward(SimpleNamespace(), x)
    assert y.tolist() == [[3, -1]]
    assert backward(np.array([[10.0, 20.0]]), SimpleNamespace()).tolist() == [[0, 10, 0, 0, 20, 0]]
