"""Every function of the compiled library against its NumPy twin: all instruction sets, both dtypes, odd sizes."""

from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

import handgrad as hg
from handgrad.kernels import backend
from handgrad.kernels.backend import kernels
from handgrad.kernels.native import images
from handgrad.kernels.native.mlp import RULES
from handgrad.kernels.sparse_rows import SparseRows
from laid_out import DTYPES, ORDERS, close, laid

plain = SimpleNamespace(**backend.functions_of("handgrad.kernels", backend.MODULES))
hypothesis = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIZES = st.sampled_from([0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 130])
INPUTS = st.sampled_from([1, 2, 3, 7, 16, 31, 64, 65, 100, 255, 257, 784])
OUTPUTS = st.sampled_from([1, 2, 10, 15, 16, 17, 31, 33, 64, 100, 128, 130, 300])
IMAGES = st.sampled_from([0, 1, 2, 5, 15, 16, 17, 32, 33, 37, 64, 70])


def pixels(rng: np.random.Generator, n: int, inputs: int, share: float) -> NDArray[np.uint8]:
    """Return bytes of which a share is not 0."""
    x = rng.integers(0, 256, (n, inputs), np.uint8)
    x[rng.random(x.shape) >= share] = 0
    return x


def flat(values: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays and numbers of nested tuples."""
    if isinstance(values, tuple):
        for value in values:
            yield from flat(value)
    elif values is not None:
        yield np.asarray(values)


def compare(name: str, *arguments: Any, scale: float = 1.0, **options: Any) -> Any:
    """Compare a kernel's results in C with those in NumPy, and the arrays that it changes; return the results."""
    copies = deepcopy(arguments)
    found, expected = getattr(kernels, name)(*arguments, **options), getattr(plain, name)(*copies, **options)
    for one, other in zip(flat((found, arguments)), flat((expected, copies)), strict=True):
        close(one, other, scale)
    return expected


@hypothesis
@given(
    sizes=st.tuples(SIZES, INPUTS, OUTPUTS),
    dtype=DTYPES,
    share=st.sampled_from([None, 0.0, 0.2, 1.0]),
    order=st.one_of(st.just("first"), ORDERS),
)
def test_dense(instruction_set: str, sizes: Any, dtype: Any, share: float | None, order: str) -> None:
    n, inputs, outputs = sizes
    rng = np.random.default_rng(n)
    x = numbers = rng.normal(size=(n, inputs)).astype(dtype)
    if share is not None:
        x = pixels(rng, n, inputs, share)
        numbers = (x / 255).astype(dtype)
    weights = np.asfortranarray(rng.normal(size=(outputs, inputs)).astype(dtype))  # as those of a network
    biases, dy = rng.normal(size=outputs).astype(dtype), rng.normal(size=(n, outputs)).astype(dtype)
    scale = max(n, inputs, outputs) ** 0.5
    y = plain.dense(numbers, weights, biases)
    ours, theirs = ([np.ones_like(weights), np.ones_like(biases)] for _ in range(2))
    expected = plain.dense_backward(dy, numbers, weights, *theirs)
    x, dy, weights, biases = (laid(array, order) for array in (x, dy, weights, biases))
    for array in (x, dy, weights, biases):
        array.flags.writeable = False
    close(kernels.dense(x, weights, biases), y, scale)
    close(kernels.dense_backward(dy, x, weights, *ours), expected, scale)
    assert kernels.dense_backward(dy, x, weights, *ours, input_gradient=False) is None
    plain.dense_backward(dy, numbers, weights, *theirs)  # again: gradients are added to
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, scale)


@hypothesis
@given(
    sizes=st.tuples(SIZES, INPUTS, OUTPUTS),
    dtype=DTYPES,
    share=st.sampled_from([0.0, 0.1, 1.0]),
    order=st.one_of(st.just("first"), ORDERS),
)
def test_sparse_dense(instruction_set: str, sizes: Any, dtype: Any, share: float, order: str) -> None:
    n, inputs, outputs = sizes
    rng = np.random.default_rng(n)
    numbers = (rng.normal(size=(n, inputs)) * (rng.random((n, inputs)) < share)).astype(dtype)
    x = SparseRows.of(csr_array(numbers))
    weights = laid(np.asfortranarray(rng.normal(size=(outputs, inputs)).astype(dtype)), order)
    biases, dy = rng.normal(size=outputs).astype(dtype), rng.normal(size=(n, outputs)).astype(dtype)
    scale = max(n, inputs, outputs) ** 0.5
    y = compare("sparse_dense", x, weights, biases, scale=scale)
    close(y, plain.dense(numbers, weights, biases), scale)
    ours, theirs = ((np.ones_like(weights), np.ones_like(biases)) for _ in range(2))
    dx = compare("sparse_dense_backward", laid(dy, order), x, weights, *ours, scale=scale)
    close(dx, plain.dense_backward(dy, numbers, weights, *theirs), scale)
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, scale)
    assert kernels.sparse_dense_backward(dy, x, weights, *ours, input_gradient=False) is None


@hypothesis
@given(
    n=st.sampled_from([1, 3, 64, 70, 520]),
    sizes=st.tuples(INPUTS, OUTPUTS, st.integers(1, 16)),
    dtype=DTYPES,
)
def test_mlp(instruction_set: str, n: int, sizes: tuple[int, int, int], dtype: Any) -> None:
    inputs, units, classes = sizes
    rng = np.random.default_rng(n)
    network = hg.Network([hg.Dense(units), hg.ReLU(), hg.Dense(classes)], (inputs,), n, dtype=dtype)
    network.flat_parameters[...] += rng.normal(0, 0.1, network.flat_parameters.shape)
    layers = network.parameters[::2]
    labels, weights = rng.integers(0, classes, n), rng.random(n).astype(dtype)
    targets = rng.normal(size=(n, classes)).astype(dtype)
    for x in (pixels(rng, n, inputs, 0.2), rng.normal(size=(n, inputs)).astype(dtype)):
        for loss, *known in (
            ("softmax_cross_entropy", labels, 0.1),
            ("binary_cross_entropy", (targets > 0).astype(np.uint8)),
            ("squared_error", targets),
            ("huber", targets, 0.7),
        ):
            ours, theirs = np.ones((2, *network.flat_parameters.shape), dtype)
            with kernels.using("numpy"):
                logits, backward = network.forward(x)
                losses, dlogits = getattr(kernels, loss)(logits, *known)
                backward(weights[:, None] * dlogits / n, theirs)
            found = kernels.mlp_gradient(*layers, *network.views(ours)[::2], loss, *known[1:])(
                x, known[0], weights, n
            )
            assert (found is None) == (n > 512 or (x.dtype != np.uint8 and inputs > 512))
            if found:
                np.testing.assert_allclose(found[0], (weights * losses).mean(), rtol=1e-4)
                correct = {"softmax_cross_entropy": plain.count_correct(logits, labels)}
                correct["binary_cross_entropy"] = ((logits > 0) == (targets > 0)).sum()
                assert found[1] == correct.get(loss, 0)
                close(ours, theirs, 4)
        found = kernels.mlp(*layers)(x)
        assert (found is None) == (x.dtype != np.uint8 and inputs > 512)  # slower than BLAS
        if found:
            close(found[0], logits, 4)
            assert found[1].tolist() == logits.argmax(axis=1).tolist()


@hypothesis
@given(n=SIZES, classes=st.integers(1, 70), size=st.sampled_from([0.1, 5.0, 200.0]), dtype=DTYPES)
def test_softmax_and_losses(instruction_set: str, n: int, classes: int, size: float, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    logits = (size * rng.normal(size=(classes, n))).astype(dtype).T  # not contiguous
    labels = rng.integers(0, classes, n)
    compare("softmax", logits, scale=1e-3)
    compare("count_correct", logits, labels)
    for smoothing in (0.0, 0.1):
        compare("softmax_cross_entropy", logits, labels, smoothing, scale=1e-2 * max(1.0, size))
    targets = rng.normal(size=(n, classes)).astype(dtype)
    compare("binary_cross_entropy", logits, (targets > 0).astype(np.uint8), scale=1e-2 * max(1.0, size))
    compare("squared_error", logits, targets, scale=size**2)
    compare("huber", logits, targets, 0.7, scale=size)


VECTORS: dict[str, tuple[int, tuple[float, ...]]] = {
    "relu": (1, ()),
    "relu_backward": (2, ()),
    "leaky_relu": (1, (0.1,)),
    "leaky_relu_backward": (2, (0.1,)),
    "tanh": (1, ()),
    "tanh_backward": (2, ()),
    "sigmoid": (1, ()),
    "sigmoid_backward": (2, ()),
    "gelu": (1, ()),
    "gelu_backward": (2, ()),
    "sgd": (2, (0.1,)),
    "momentum": (3, (0.9, 0.1)),
    "nesterov": (3, (0.9, 0.1)),
    "rmsprop": (3, (0.9, 1e-8, 0.1)),
    "adam": (4, (0.9, 0.999, 1e-8, 0.1, 3)),
    "move_average": (2, (0.3,)),
}
"""For each function of vectors, how many it takes, and its numbers."""


@hypothesis
@pytest.mark.parametrize("name", VECTORS)
@given(size=st.integers(0, 1001), dtype=DTYPES)
def test_activations_and_update_rules(instruction_set: str, name: str, size: int, dtype: Any) -> None:
    count, numbers = VECTORS[name]
    vectors = list(np.random.default_rng(size).normal(size=(count, size)).astype(dtype))
    if count > 2:  # the last one is a second moment
        vectors[-1] = np.abs(vectors[-1])
        vectors[1][:10] = 0
    compare(name, *vectors, *numbers, scale=1e-2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_several_steps(instruction_set: str, rule: str, dtype: Any) -> None:
    rng, (units, classes) = np.random.default_rng(0), (19, 3)
    vectors, numbers = VECTORS[rule]
    x, labels, weights = (
        rng.normal(size=(50, 7)).astype(dtype),
        rng.integers(0, 3, 50),
        rng.random(50).astype(dtype),
    )
    network = hg.Network([hg.Dense(units), hg.ReLU(), hg.Dense(classes)], 7, 0, dtype)
    ours, theirs = network.flat_parameters.copy(), network.flat_parameters
    states = [[np.zeros_like(ours) for _ in range(vectors - 2)] for _ in range(2)]
    rows, gradient = rng.permutation(50)[:30], np.zeros_like(ours)
    take = kernels.mlp_steps(ours, np.zeros_like(ours), units, x, labels, weights, 12)
    found = take(rows, rule, states[0], [(0.9, *numbers)] * 3)
    for step, batch in enumerate((rows[:12], rows[12:24], rows[24:])):
        gradient[:] = 0
        logits, backward = network.forward(x[batch])
        loss, dlogits = plain.softmax_cross_entropy(logits, labels[batch])
        backward(weights[batch, None] * dlogits / len(batch), gradient)
        theirs *= 0.9
        getattr(plain, rule)(theirs, gradient, *states[1], *numbers)
        expected = (weights[batch] * loss).mean(), plain.count_correct(logits, labels[batch])
        np.testing.assert_allclose(found[step], expected, rtol=1e-4)
    close(ours, theirs, 4)
    for one, other in zip(*states, strict=True):
        close(one, other, 4)
    before = ours.copy()
    assert len(take(np.arange(20, 60), rule, states[0], [(1, *numbers)] * 4)) == 2  # there is no row 50
    assert (before != ours).any()
    before, labels[20] = ours.copy(), 3
    for moments, wrong in ((states[0], rows[:0]), (states[0], np.arange(20, 30)), ([x], rows)):
        assert take(wrong, rule, moments, [(1, *numbers)] * -(-len(wrong) // 12)) == []
    assert (before == ours).all()


@hypothesis
@given(
    sizes=st.tuples(IMAGES, st.sampled_from([1, 2, 3, 5, 8, 17]), st.sampled_from([1, 2, 6, 9, 16])),
    image=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    windows=st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(0, 5)),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS, ORDERS),
    lanes=st.sampled_from([(16, 4), (1, 0)]),  # C handles any number of examples
)
def test_convolution(
    instruction_set: str, sizes: Any, image: Any, windows: Any, dtype: Any, orders: Any, lanes: Any
) -> None:
    (n, channels, outputs), (window, stride, padding) = sizes, windows
    height, width = (max(size, window - 2 * padding) for size in image)
    rng = np.random.default_rng(0)
    terms = max(1.0, (max(channels, outputs, n * height * width) * window**2) ** 0.5)
    x = laid(rng.normal(size=(n, channels, height, width)).astype(dtype), orders[0])
    weights = laid(rng.normal(size=(outputs, channels, window, window)).astype(dtype), orders[2])
    gradients = laid(np.ones_like(weights), orders[2]), np.ones(outputs, dtype)
    with patch.multiple(images, LANES=lanes[0], FEW=lanes[1]):
        y = compare("convolution", x, weights, gradients[1], stride, padding, scale=terms)
        dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
        arguments = (dy, x, weights, *gradients, stride, padding)
        compare("convolution_backward", *arguments, scale=terms)
        compare("convolution_backward", *arguments, scale=terms, input_gradient=False)


@hypothesis
@given(
    sizes=st.tuples(IMAGES, st.integers(1, 4), st.integers(4, 9), st.integers(4, 9)),
    windows=st.tuples(st.integers(1, 4), st.integers(1, 5)),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
)
def test_pooling(instruction_set: str, sizes: Any, windows: Any, dtype: Any, orders: Any) -> None:
    rng, pool = np.random.default_rng(1), (sizes[2:], *windows)
    x = laid(rng.integers(-2, 3, size=sizes).astype(dtype), orders[0])  # many equal pixels
    y, argmax = kernels.max_pool(x, *windows)
    for array in (y, argmax):
        assert array.transpose(1, 2, 3, 0).flags.c_contiguous  # the batch is last in memory
    dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
    compare("max_pool", x, *windows, scale=0)
    compare("max_pool_backward", dy, argmax, *pool)
    compare("average_pool", x, *windows)
    compare("average_pool_backward", dy, *pool)


@hypothesis
@given(features=st.integers(1, 5), examples=st.integers(1, 300), dtype=DTYPES, strided=st.booleans())
def test_batch_norm(instruction_set: str, features: int, examples: int, dtype: Any, strided: bool) -> None:
    x, dy = np.random.default_rng(1).normal(2, 3, size=(2, features, examples)).astype(dtype)
    gamma, beta = np.random.default_rng(2).normal(size=(2, features)).astype(dtype)
    if strided:
        x, dy = np.asfortranarray(x), np.repeat(dy, 2, axis=1)[:, ::2]
    _, normalized = compare("batch_norm", x, gamma, beta, 1e-2, scale=10)
    gradients = np.ones((features, 2), dtype).T if strided else np.ones((2, features), dtype)
    compare("batch_norm_backward", dy, normalized, gamma, *gradients, scale=10)
    statistics = x.mean(axis=1), x.var(axis=1)
    compare("batch_norm_inference", x, *statistics, gamma, beta, 1e-2, scale=10)
    compare("batch_norm_inference_backward", dy, x, *statistics, gamma, *gradients, 1e-2, scale=examples)


@hypothesis
@given(n=IMAGES, pieces=st.integers(1, 5), image=st.sampled_from([(), (3, 5)]), dtype=DTYPES, order=ORDERS)
def test_maxout(instruction_set: str, n: int, pieces: int, image: Any, dtype: Any, order: str) -> None:
    x = laid(np.random.default_rng(n).integers(-3, 3, (n, 4 * pieces, *image)).astype(dtype), order)
    y, argmax = kernels.maxout(x, pieces)
    expected, places = plain.maxout(x, pieces)
    close(y, expected)
    np.testing.assert_array_equal(argmax, places)
    close(kernels.maxout_backward(y, argmax, pieces), plain.maxout_backward(expected, places, pieces))


def test_maxout_of_nan_is_nan(instruction_set: str) -> None:
    x = np.array([[1, np.nan, np.nan, 2, 3, 3], [np.nan, np.nan, 1, 2, 2, 1]], "f")
    for computed, expected in zip(kernels.maxout(x, 2), plain.maxout(x, 2), strict=True):
        np.testing.assert_array_equal(computed, expected)


def test_tanh_of_small_numbers_has_all_digits(instruction_set: str) -> None:
    x = np.geomspace(1e-6, 20, 999)
    np.testing.assert_allclose(kernels.tanh(x), np.tanh(x), rtol=1e-14)
    np.testing.assert_allclose(kernels.tanh(-x.astype("f")), -np.tanh(x).astype("f"), rtol=5e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(8, 1, 28, 28), (5, 3, 9, 14), (1, 2, 1, 6), (0, 1, 4, 4)])
def test_warp(instruction_set: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    n, _, height, width = shape
    x = rng.normal(size=shape).astype(dtype)
    displacements = rng.normal(0, 4, (n, 2, height, width)).astype(np.float32)  # some far outside
    compare("warp", x, displacements, scale=0.1)


def test_draw_strokes(instruction_set: str, rng: np.random.Generator) -> None:
    points = rng.uniform(-3, 23, (20, 12, 2))  # some outside the image
    radii, softness = rng.uniform(0.4, 3, (20, 12)), rng.uniform(0.4, 2, 20)
    compare("draw_strokes", points, radii, rng.random((20, 11)) < 0.8, softness, 20)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_stay_so(instruction_set: str, value: float) -> None:
    images, filters, ones = f32(32, 1, 4, 4), f32(1, 1, 3, 3), f32(1)
    images[3, 0, 0, 0] = value
    x = images.reshape(32, 16)
    for outputs in (10, 40):
        weights, biases, dy = np.asfortranarray(f32(outputs, 16)), f32(outputs), f32(32, outputs)
        finite: list[Any] = []
        for functions in (kernels, plain):
            dense, convolved = [np.zeros_like(weights), f32(outputs)], [np.zeros_like(filters), f32(1)]
            y = functions.convolution(images, filters, ones)
            arrays = [functions.dense(x, weights, biases), functions.dense_backward(dy, x, weights, *dense)]
            arrays += [y, functions.convolution_backward(y, images, filters, *convolved), *dense, *convolved]
            arrays += functions.max_pool(images, 2, 2)
            arrays += functions.batch_norm(x.reshape(1, -1), ones, ones, 1)[:1]
            finite.append([np.isfinite(array).tolist() for array in arrays])
        assert finite[0] == finite[1]


def f32(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, np.float32)


SPARSE = SparseRows.of(csr_array(f32(3, 2)))
READ_ONLY = np.frombuffer(bytes(16), np.float32)
SWAPPED = np.array([[1, -2, 3]], np.dtype(np.float64).newbyteorder())
WEIGHTS, POOLED, CUBE = np.asfortranarray(f32(10, 784)), f32(16, 1, 2, 2), f32(2, 3, 4)
HALVES = tuple(f32(*shape).astype("e") for shape in ((16, 1, 4, 4), (2, 1, 3, 3), (2,)))
UNUSUAL: dict[str, tuple[str, tuple[Any, ...]]] = {
    "other gradients": ("dense_backward", (f32(4, 10), f32(4, 784), WEIGHTS, WEIGHTS[:, :10], f32(10))),
    "read-only gradients": ("dense_backward", (f32(2, 4), f32(2, 1), f32(4, 1), READ_ONLY[:, None], f32(4))),
    "too few biases": ("dense", (f32(4, 784), WEIGHTS, f32(3))),
    "too many channels": ("convolution", (f32(16, 3, 4, 4), f32(4, 2, 3, 3), f32(4))),
    "too small an image": ("convolution", (f32(16, 2, 2, 4), f32(4, 2, 3, 3), f32(4))),
    "two types": ("convolution", (f32(16, 1, 4, 4), np.ones((2, 1, 3, 3)), np.zeros(2))),
    "half precision": ("convolution", HALVES),
    "other maxima": ("max_pool_backward", (POOLED, np.zeros((16, 1, 3, 3), np.uint8), (4, 4), 2, 2)),
    "longer integers": ("max_pool_backward", (POOLED, np.ones((16, 1, 2, 2), np.int64), (4, 4), 2, 2)),
    "points without radii": ("draw_strokes", (np.ones((1, 2, 2)), np.ones((40, 40)), *np.ones((2, 1, 1)), 9)),
    "a parameter vector that is read-only": ("sgd", (READ_ONLY, f32(4), 0.1)),
    "too few labels": ("softmax_cross_entropy", (f32(9, 3), np.zeros(5, np.int64))),
    "labels that are not integers": ("softmax_cross_entropy", (f32(2, 3), np.array([0.5, 1.0]))),
    "features of three dimensions": ("batch_norm_backward", (CUBE, (CUBE, f32(2)), *f32(3, 2))),
    "shapes that broadcast": ("relu_backward", (f32(1, 4), np.arange(-20, 20.0).reshape(10, 4).astype("f"))),
    "sparse rows of another width": ("sparse_dense", (SPARSE, f32(5, 1), f32(5))),
    "sparse rows of another type": ("sparse_dense", (SPARSE, np.ones((5, 2)), np.ones(5))),
    "sparse rows without their gradients": (
        "sparse_dense_backward",
        (f32(3, 5), SPARSE, f32(5, 2), READ_ONLY[:, None], f32(5)),
    ),
    "another byte order in relu": ("relu", (SWAPPED,)),
    "a number in relu": ("relu", (np.float32(-1),)),
    "a number and an array": ("tanh_backward", (np.float32(1), np.array(0.5, "f"))),
    "another byte order in softmax": ("softmax", (SWAPPED,)),
    "three dimensions": ("softmax", (np.arange(24, dtype=np.float32).reshape(2, 3, 4),)),
}
"""Calls that C would answer by reading or writing beyond an array, or cannot take."""


@pytest.mark.parametrize("case", UNUSUAL)
def test_numpy_computes_what_c_cannot_or_raises(instruction_set: str, case: str) -> None:
    name, arguments = UNUSUAL[case]
    try:
        expected = getattr(plain, name)(*arguments)
    except (ValueError, IndexError) as error:
        with pytest.raises(type(error)):
            getattr(kernels, name)(*arguments)
    else:
        close(getattr(kernels, name)(*arguments), expected)
