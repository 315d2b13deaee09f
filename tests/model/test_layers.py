"""One table, one contract: every layer passes the same tests. A new layer is a new row."""

import copy
from dataclasses import FrozenInstanceError
from math import erf, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.kernels.backend import kernels
from layer_table import LAYERS, arrays_of
from numerical import numerical_gradient

table = pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=str)


@table
def test_the_contract(layer: hg.Layer, shape: tuple[int, ...]) -> None:
    """Shapes and names fit, inputs stay as they are, and a batch is the sum of its chunks."""
    rng = np.random.default_rng(0)
    arrays = arrays_of(layer, shape, rng)
    whole = SimpleNamespace(**{name: 0 * array for name, array in vars(arrays).items()})
    parts = copy.deepcopy(whole)
    x, dy = rng.normal(size=(6, *shape)), rng.normal(size=(6, *layer.output_shape(shape)))
    before = copy.deepcopy((vars(arrays), x, dy))
    y, backward = layer.forward(arrays, x)
    dx = backward(dy, whole)
    assert y.shape == dy.shape
    for chunk in (slice(0, 2), slice(2, 6)):
        y_chunk, backward = layer.forward(arrays, x[chunk])
        np.testing.assert_allclose(y_chunk, y[chunk])
        np.testing.assert_allclose(backward(dy[chunk], parts), dx[chunk])
    for name, sums in vars(whole).items():
        np.testing.assert_allclose(getattr(parts, name), sums)
    np.testing.assert_equal((vars(arrays), x, dy), before)
    parameters = layer.parameter_shapes(shape)
    assert set(layer.initializers()) == {*parameters, *layer.statistic_shapes(shape)}
    assert set(layer.formulas) == {"x", "y", *parameters}
    assert hg.Layer.from_config(layer.to_config()) == layer
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        layer.anything = 1  # type: ignore[attr-defined]


@table
@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("training", [True, False])
def test_backward_is_the_derivative_of_forward(
    layer: hg.Layer, shape: tuple[int, ...], backend: str, training: bool
) -> None:
    rng = np.random.default_rng(1)
    arrays = arrays_of(layer, shape, rng)
    x, dy = rng.normal(size=(3, *shape)), rng.normal(size=(3, *layer.output_shape(shape)))
    shapes = layer.parameter_shapes(shape).items()
    gradients = SimpleNamespace(**{name: np.zeros(size) for name, size in shapes})

    def forward() -> Any:
        return layer.forward(arrays, x, np.random.default_rng(2) if training else None)

    with kernels.using(backend):
        gradients.x = forward()[1](dy, gradients)
        for name, gradient in vars(gradients).items():
            array = x if name == "x" else getattr(arrays, name)
            numerical = numerical_gradient(lambda: float((forward()[0] * dy).sum()), array)
            np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (hg.Dense(3), (1, 28, 28), "Flatten"),
        (hg.Dense(3, "he"), (4,), "Dense needs an initializer"),  # type: ignore[arg-type]
        (hg.Maxout(2), (5,), "5 inputs"),
        (hg.Conv2D(2), (784,), "takes images"),
        (hg.Conv2D(2), (1, 2, 28), "does not fit"),
        (hg.MaxPool2D(3), (1, 28, 2), "does not fit"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layer: hg.Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(hg.HandgradError, match=message):
        hg.Network([layer, hg.Flatten()], shape)


def test_gelu_is_close_to_x_times_the_normal_distribution() -> None:
    x = np.linspace(-4, 4, 81)
    exact = [value * (1 + erf(value / sqrt(2))) / 2 for value in x]
    np.testing.assert_allclose(hg.GELU().forward(SimpleNamespace(), x)[0], exact, atol=5e-4)


def test_dropout_drops_at_its_rate_and_keeps_the_mean() -> None:
    x = np.ones((100, 1000), np.float32)
    y, _ = hg.Dropout(0.3).forward(SimpleNamespace(), x, np.random.default_rng(0))
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert y.dtype == np.float32
    assert hg.Dropout(0.3).forward(SimpleNamespace(), x)[0] is x
