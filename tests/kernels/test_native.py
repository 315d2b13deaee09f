"""Every function of the compiled library against its NumPy twin: all instruction sets, both dtypes, odd sizes."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handgrad.kernels import activations, images, losses, mlp, optimizers, softmax
from handgrad.kernels import dense as numpy_dense
from handgrad.kernels.backend import kernels
from laid_out import DTYPES, close

hypothesis = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIZES = st.sampled_from([1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 130])
INPUTS = st.sampled_from([1, 2, 3, 7, 16, 31, 64, 65, 100, 255, 257, 784])
OUTPUTS = st.sampled_from([1, 2, 10, 15, 16, 17, 31, 33, 64, 100, 128, 130, 300])


def by_input(weights: NDArray[Any]) -> NDArray[Any]:
    """Return weights (O, I) that lie in memory as (I, O), as those of a network."""
    return np.ascontiguousarray(weights.T).T


def pixels(rng: np.random.Generator, n: int, inputs: int, share: float) -> NDArray[np.uint8]:
    """Return bytes of which a share is not 0."""
    x = rng.integers(0, 256, (n, inputs), np.uint8)
    x[rng.random(x.shape) >= share] = 0
    return x


@hypothesis
@given(n=SIZES, inputs=INPUTS, outputs=OUTPUTS, dtype=DTYPES, share=st.sampled_from([None, 0.0, 0.2, 1.0]))
def test_dense(instruction_set: str, n: int, inputs: int, outputs: int, dtype: Any, share: Any) -> None:
    rng = np.random.default_rng(n)
    floats = rng.normal(size=(n, inputs)).astype(dtype)
    x = floats
    if share is not None:
        x = pixels(rng, n, inputs, share)
        floats = (x / 255).astype(dtype)
    weights = by_input(rng.normal(size=(outputs, inputs)).astype(dtype))
    biases, dy = rng.normal(size=outputs).astype(dtype), rng.normal(size=(n, outputs)).astype(dtype)
    scale = max(n, inputs, outputs) ** 0.5
    close(kernels.dense(x, weights, biases), numpy_dense.dense(floats, weights, biases), scale)
    ours, theirs = ([np.ones_like(weights), np.ones_like(biases)] for _ in range(2))
    dx = kernels.dense_backward(dy, x, weights, *ours)
    close(dx, numpy_dense.dense_backward(dy, floats, weights, *theirs), scale)
    assert kernels.dense_backward(dy, x, weights, *ours, input_gradient=False) is None
    numpy_dense.dense_backward(dy, floats, weights, *theirs)
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, scale)


@hypothesis
@given(
    n=st.sampled_from([1, 3, 64, 70, 520, 1030]),
    sizes=st.tuples(INPUTS, OUTPUTS, st.integers(1, 16)),
    dtype=DTYPES,
)
def test_mlp(instruction_set: str, n: int, sizes: tuple[int, int, int], dtype: Any) -> None:
    inputs, hidden, classes = sizes
    rng = np.random.default_rng(n)

    def layer(outputs: int, inputs: int) -> SimpleNamespace:
        weights = by_input(rng.normal(0, inputs**-0.5, (outputs, inputs)).astype(dtype))
        return SimpleNamespace(weights=weights, biases=rng.normal(size=outputs).astype(dtype))

    layers = layer(hidden, inputs), layer(classes, hidden)
    labels = rng.integers(0, classes, n)
    for x in (pixels(rng, n, inputs, 0.2), rng.normal(size=(n, inputs)).astype(dtype)):
        results = []
        for module in (kernels, mlp):
            gradients = [SimpleNamespace(**{k: np.ones_like(v) for k, v in vars(p).items()}) for p in layers]
            learn = module.mlp_gradient(*layers, *gradients)
            learn(x, labels, 0.1, n)
            loss, correct = learn(x, labels, 0.1, n)  # again: gradients are added to
            logits, predicted = module.mlp(*layers)(x)
            arrays = [array for gradient in gradients for array in vars(gradient).values()]
            results.append((np.array(loss), correct, predicted.tolist(), logits, *arrays))
        (loss, *ours), (expected, *theirs) = results
        np.testing.assert_allclose(loss, expected, rtol=1e-4)
        assert ours[:2] == theirs[:2]
        for one, other in zip(ours[2:], theirs[2:], strict=True):
            close(one, other, 4)


@hypothesis
@given(n=SIZES, classes=st.integers(1, 70), size=st.sampled_from([0.1, 5.0, 200.0]), dtype=DTYPES)
def test_softmax_and_losses(instruction_set: str, n: int, classes: int, size: float, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    logits = (size * rng.normal(size=(classes, n))).astype(dtype).T  # not contiguous
    labels = rng.integers(0, classes, n)
    close(kernels.softmax(logits), softmax.softmax(logits), 1e-3)
    assert kernels.count_correct(logits, labels) == losses.count_correct(logits, labels)
    for smoothing in (0.0, 0.1):
        ours = kernels.softmax_cross_entropy(logits, labels, smoothing)
        for one, other in zip(ours, losses.softmax_cross_entropy(logits, labels, smoothing), strict=True):
            close(one, other, 1e-2 * max(1.0, size))


@hypothesis
@given(size=st.integers(0, 300), dtype=DTYPES)
def test_relu(instruction_set: str, size: int, dtype: Any) -> None:
    x, dy = np.random.default_rng(size).normal(size=(2, size)).astype(dtype)
    np.testing.assert_array_equal(kernels.relu(x), activations.relu(x))
    np.testing.assert_array_equal(kernels.relu_backward(dy, x), activations.relu_backward(dy, x))


UPDATES: dict[str, tuple[int, tuple[float, ...]]] = {
    "sgd": (2, (0.1,)),
    "momentum": (3, (0.9, 0.1)),
    "nesterov": (3, (0.9, 0.1)),
    "rmsprop": (3, (0.9, 1e-8, 0.1)),
    "adam": (4, (0.9, 0.999, 1e-8, 0.1, 3)),
    "move_average": (2, (0.3,)),
}
"""For each update rule, how many vectors it takes, and its numbers."""


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_update_rules(instruction_set: str, name: str, dtype: Any, rng: np.random.Generator) -> None:
    count, numbers = UPDATES[name]
    ours = [np.abs(rng.normal(size=1001)).astype(dtype) for _ in range(count)]
    ours[1][:10] = 0
    theirs = [vector.copy() for vector in ours]
    getattr(kernels, name)(*ours, *numbers)
    getattr(optimizers, name)(*theirs, *numbers)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=50 * float(np.finfo(dtype).eps), atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(8, 1, 28, 28), (5, 3, 9, 14), (1, 2, 1, 6), (0, 1, 4, 4)])
def test_warp(instruction_set: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    n, _, height, width = shape
    x = rng.normal(size=shape).astype(dtype)
    displacements = rng.normal(0, 4, (n, 2, height, width)).astype(np.float32)  # some far outside
    close(kernels.warp(x, displacements), images.warp(x, displacements), 0.1)


def test_draw_strokes(instruction_set: str, rng: np.random.Generator) -> None:
    points = rng.uniform(-3, 23, (20, 12, 2))  # some outside the image
    radii, softness = rng.uniform(0.4, 3, (20, 12)), rng.uniform(0.4, 2, 20)
    pen_down = rng.random((20, 11)) < 0.8
    arguments = (points, radii, pen_down, softness, 20)
    np.testing.assert_array_equal(kernels.draw_strokes(*arguments), images.draw_strokes(*arguments))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_stay_so(instruction_set: str, value: float) -> None:
    for outputs in (10, 40):
        x = np.ones((9, 20), np.float32)
        x[3, 5] = value
        weights, biases = by_input(np.ones((outputs, 20), np.float32)), np.zeros(outputs, np.float32)
        y = kernels.dense(x, weights, biases)
        assert not np.isfinite(y[3]).any()
        assert np.isfinite(np.delete(y, 3, axis=0)).all()
        gradients = np.zeros_like(weights), np.zeros_like(biases)
        kernels.dense_backward(np.ones_like(y), x, weights, *gradients)
        assert np.flatnonzero(~np.isfinite(gradients[0]).all(axis=0)).tolist() == [5]


def unusual(array: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return an equal array that lies in memory otherwise."""
    if kind == "strided":
        wide = np.empty((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if kind == "fortran":
        return np.asfortranarray(array)
    other = array.copy()
    other.flags.writeable = False
    return other


@pytest.mark.parametrize("kind", ["strided", "fortran", "read-only"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_inputs_of_any_memory_order(instruction_set: str, kind: str, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.integers(0, 255, (6, 12)).astype(dtype), rng.normal(size=(20, 12)).astype(np.float32)
    biases, dy = rng.normal(size=20).astype(np.float32), rng.normal(size=(6, 20)).astype(np.float32)
    expected = kernels.dense(x, by_input(weights), biases)
    found = kernels.dense(unusual(x, kind), unusual(weights, kind), unusual(biases, kind))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    gradients = [[np.zeros_like(weights), np.zeros_like(biases)] for _ in range(2)]
    kernels.dense_backward(dy, x, by_input(weights), *gradients[0])
    kernels.dense_backward(unusual(dy, kind), unusual(x, kind), unusual(weights, kind), *gradients[1])
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


def test_read_only_gradients_are_refused(instruction_set: str) -> None:
    x, weights, biases = np.ones((2, 3)), by_input(np.ones((4, 3))), np.ones(4)
    dweights = np.zeros((4, 3))
    dweights.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        kernels.dense_backward(np.ones((2, 4)), x, weights, dweights, biases)


def test_no_examples(instruction_set: str) -> None:
    weights, biases = by_input(np.ones((4, 3), np.float32)), np.ones(4, np.float32)
    for dtype in (np.uint8, np.float32):
        assert kernels.dense(np.empty((0, 3), dtype), weights, biases).shape == (0, 4)
    assert kernels.softmax(np.empty((0, 4), np.float32)).shape == (0, 4)
    assert kernels.relu(np.empty((0, 4), np.float32)).shape == (0, 4)


def f32(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, np.float32)


MISFITS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "gradients of weights of another shape": (
        "dense_backward",
        (f32(4, 10), f32(4, 784), by_input(f32(10, 784)), by_input(f32(10, 10)), f32(10)),
    ),
    "too few biases": ("dense", (f32(4, 784), by_input(f32(10, 784)), f32(3))),
    "points without radii": (
        "draw_strokes",
        (np.ones((1, 2, 2)), np.ones((40, 40)), np.ones((1, 1)), np.ones(1), 9),
    ),
    "a parameter vector that is read-only": ("sgd", (np.frombuffer(bytes(16), np.float32), f32(4), 0.1)),
    "too few labels": ("softmax_cross_entropy", (f32(9, 3), np.zeros(5, np.int64))),
    "labels that are not whole": ("softmax_cross_entropy", (f32(2, 3), np.array([0.5, 1.0]))),
}
"""Calls that C would answer by reading or writing beyond an array."""


@pytest.mark.parametrize("misfit", MISFITS)
def test_arrays_that_do_not_fit_raise_as_in_numpy(instruction_set: str, misfit: str) -> None:
    name, arguments = MISFITS[misfit]
    with pytest.raises((ValueError, IndexError)):
        getattr(kernels, name)(*arguments)


def test_relu_backward_of_other_shapes_broadcasts_as_in_numpy(instruction_set: str) -> None:
    x, dy = np.arange(-20, 20, dtype=np.float32).reshape(10, 4), f32(1, 4)
    np.testing.assert_array_equal(kernels.relu_backward(dy, x), activations.relu_backward(dy, x))


@pytest.mark.parametrize("name", ["relu", "softmax", "sigmoid"])
def test_numbers_in_the_byte_order_of_other_machines(instruction_set: str, name: str) -> None:
    x = np.array([[1, -2, 3]], np.float64).astype(np.dtype(np.float64).newbyteorder())
    np.testing.assert_allclose(getattr(kernels, name)(x), getattr(kernels, name)(x.astype(np.float64)))


def test_softmax_of_three_dimensions(instruction_set: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(kernels.softmax(x), softmax.softmax(x), rtol=1e-6)


def test_a_logit_of_minus_infinity_without_smoothing_is_harmless(instruction_set: str) -> None:
    logits = np.array([[0, -np.inf, -1]], np.float32)
    losses_found, _ = kernels.softmax_cross_entropy(logits, np.array([0]))
    np.testing.assert_allclose(losses_found, np.log1p(np.exp(-1)), rtol=1e-5)


def test_batch_norm_of_three_dimensions_is_left_to_numpy(instruction_set: str) -> None:
    dy, normalised = f32(2, 3, 4), (f32(2, 3, 4), f32(2))
    with pytest.raises((ValueError, IndexError)):
        kernels.batch_norm_backward(dy, normalised, f32(2), f32(2), f32(2))
