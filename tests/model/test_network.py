"""The network: one flat vector, forward and backward, predictions, and what does not fit."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import HandgradError
from handgrad.kernels.softmax import softmax
from handgrad.model.initializers import Uniform
from handgrad.model.layers import BatchNorm, Conv2D, Dense, Flatten, ReLU
from handgrad.model.losses import CrossEntropy, cross_entropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from numerical import numerical_gradient


def small(dtype: Any = np.float64, seed: int = 0) -> Network:
    uniform = Uniform()
    layers = [Dense(5, uniform, uniform), ReLU(), Dense(3, uniform, uniform)]
    return Network(layers, (4,), np.random.default_rng(seed), dtype)


def test_parameters_are_views_into_one_vector() -> None:
    network = small()
    assert network.parameter_count == network.flat_parameters.size == 5 * 4 + 5 + 3 * 5 + 3
    network.flat_parameters[:] = np.arange(network.flat_parameters.size)
    assert network.parameters[0].weights[0].tolist() == [0, 5, 10, 15]  # weights lie as (I, O)
    network.parameters[2].biases[-1] = -7
    assert network.flat_parameters[-1] == -7


def test_the_seed_decides_the_parameters() -> None:
    np.testing.assert_array_equal(small(seed=1).flat_parameters, small(seed=1).flat_parameters)
    assert (small(seed=1).flat_parameters != small(seed=2).flat_parameters).any()


def test_forward_is_the_formula() -> None:
    network = small()
    x = np.random.default_rng(1).normal(size=(6, 4))
    first, _, last = network.parameters
    expected = np.maximum(x @ first.weights.T + first.biases, 0) @ last.weights.T + last.biases
    np.testing.assert_allclose(network.forward(x)[0], expected)


def test_backward_of_the_whole_against_differences() -> None:
    network, rng = small(), np.random.default_rng(2)
    x, labels = rng.normal(size=(6, 4)), rng.integers(3, size=6)

    def loss() -> float:
        return cross_entropy(network.forward(x)[0], labels)[0]

    logits, backward = network.forward(x)
    gradient = np.zeros_like(network.flat_parameters)
    dx = backward(cross_entropy(logits, labels)[1], gradient)
    np.testing.assert_allclose(
        gradient, numerical_gradient(loss, network.flat_parameters), rtol=1e-6, atol=1e-9
    )
    assert dx is not None
    np.testing.assert_allclose(dx, numerical_gradient(loss, x), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("leading", [[], [ReLU()]])
def test_without_the_input_gradient_the_parameters_get_the_same(leading: list[ReLU]) -> None:
    network = Network([*leading, Dense(5), ReLU(), Dense(3)], (4,), np.random.default_rng(0), np.float64)
    x, dlogits = np.random.default_rng(3).normal(size=(6, 4)), np.ones((6, 3))
    with_dx, without = np.zeros_like(network.flat_parameters), np.zeros_like(network.flat_parameters)
    network.forward(x)[1](dlogits, with_dx)
    assert network.forward(x)[1](dlogits, without, input_gradient=False) is None
    np.testing.assert_array_equal(with_dx, without)


def test_predict_proba_takes_raw_values_in_any_shape_and_number() -> None:
    network = Network([Dense(3)], (4,), np.random.default_rng(0), scaling=Scaling.of_bytes())
    raw = np.random.default_rng(4).integers(256, size=(network.chunk + 7, 4), dtype=np.uint8)
    probabilities = network.predict_proba(raw)
    np.testing.assert_allclose(probabilities, softmax(network.forward(raw / np.float32(255))[0]), rtol=1e-5)
    np.testing.assert_array_equal(network.predict_proba(raw.reshape(-1, 2, 2)), probabilities)
    np.testing.assert_array_equal(network.predict(raw), probabilities.argmax(axis=1))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 5)), "the model takes"),
        (np.zeros(4), "the model takes"),
        (np.full((1, 4), np.nan), "not finite"),
        (np.array([["a", "b", "c", "d"]]), "not finite numbers"),
        ([[1, 2, 3, 4], [1, 2]], "not an array"),
        (np.ma.masked_less(np.eye(4), 1), "masked entries"),
    ],
)
def test_predict_refuses_what_does_not_fit(raw: Any, message: str) -> None:
    with pytest.raises(HandgradError, match=message):
        small().predict_proba(raw)


@pytest.mark.parametrize(
    "arguments",
    [
        {"layers": []},
        {"layers": ["Dense"]},
        {"input_shape": ()},
        {"input_shape": (0,)},
        {"input_shape": (1, 2, 2)},
        {"dtype": np.int64},
        {"classes": ["a", "b"]},
    ],
)
def test_what_does_not_fit_together_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(HandgradError):
        Network(**{"layers": [Dense(3)], "input_shape": (4,), **arguments})


@pytest.mark.parametrize("shape", [4, np.int64(4), [4], np.array([4]), (np.int32(4),)])
def test_an_input_shape_may_be_a_number_or_several(shape: Any) -> None:
    assert Network([Dense(3)], shape).input_shape == (4,)


@pytest.mark.parametrize(
    "arguments",
    [
        *[{"input_shape": shape} for shape in ((-1, -2, 2), (-1, 4), 4.0, "4", None, (True, "a"))],
        *[{"classes": classes} for classes in (["a", "b", "a"], "abc", 3)],
        *[{"example_shape": (1, 3)}, {"framing": "letter"}, {"features": ["a"]}, {"arrays": {}}],
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(HandgradError) as error:
        Network(**{"layers": [Dense(3)], "input_shape": 4, **arguments})
    assert "\n" not in str(error.value)


def test_class_names_may_be_an_array_and_784_inputs_are_not_an_image() -> None:
    network = Network([Dense(3)], 784, classes=np.array(["a", "b", "c"]))
    assert network.classes == ("a", "b", "c")
    assert (network.example_shape, network.framing) == ((784,), "plain")


def test_training_data_name_only_classes_that_have_no_names() -> None:
    for given, data, expected in (
        (None, ("x", "y", "z"), ("x", "y", "z")),
        (["a", "b", "c"], ("0", "1", "2"), ("a", "b", "c")),
    ):
        network = Network([Dense(3)], 4, classes=given)
        network.adopt(data, (1, 2, 2), "digit")
        assert (network.classes, network.example_shape, network.framing) == (expected, (1, 2, 2), "digit")
    for other in (("c", "b", "a"), ("x", "y", "z")):
        with pytest.raises(HandgradError, match="same"):
            network.adopt(other, (4,), "plain")


def test_training_keeps_the_names_of_the_network_and_takes_the_form_of_the_data() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 1, 4, 4), np.uint8)
    data = hg.Dataset(images, np.arange(20) % 3, 3, (1, 4, 4), framing="plain")
    network = Network([Dense(3)], 16, 0, classes=np.array(["a", "b", "c"]))
    hg.fit(network, data, epochs=1, progress=False)
    assert (network.classes, network.example_shape, network.framing) == (("a", "b", "c"), (1, 4, 4), "plain")


def test_decay_and_clipping_leave_statistics_alone() -> None:
    data = hg.Dataset(np.random.default_rng(0).normal(5, 2, (64, 4)), np.arange(64) % 2, 2)
    network = Network([Dense(4), BatchNorm(), Dense(2)], 4, 0)
    hg.fit(network, data, optimizer=hg.SGD(0.1, weight_decay=0.9, clip_norm=1e-3), epochs=3, progress=False)
    before = copy.deepcopy(network.statistics[1])
    network.calibrate(data.inputs)
    np.testing.assert_allclose(network.statistics[1].variance, before.variance, rtol=1e-5)


def test_statistics_are_not_parameters() -> None:
    network = Network([Dense(4), BatchNorm(), Dense(3)], 5, 0)
    assert network.parameter_count == 5 * 4 + 4 + 2 * 4 + 4 * 3 + 3
    assert set(vars(network.parameters[1])) == {"gamma", "beta"}
    assert set(vars(network.statistics[1])) == {"mean", "variance"}
    before = network.flat_parameters.copy()
    network.calibrate(np.random.default_rng(0).normal(3, 2, size=(50, 5)))
    assert network.statistics[1].mean.any()
    np.testing.assert_array_equal(network.flat_parameters, before)
    duplicate = copy.deepcopy(network)
    duplicate.statistics[1].mean[...] = 7
    assert not (network.statistics[1].mean == 7).any()
    assert (duplicate.arrays[1].mean == 7).all()


@pytest.mark.parametrize("value", [1e300, 3e38, -1e300])
@pytest.mark.parametrize("count", [1, 100])
def test_inputs_that_overflow_are_refused(value: float, count: int) -> None:
    network = Network([Dense(5), ReLU(), Dense(3)], 4, 0)
    for method in (network.predict, network.predict_proba):
        with pytest.raises(HandgradError, match="too large"):
            method(np.full((count, 4), value))


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float16, "read-only", "fortran", list])
def test_inputs_as_users_have_them(dtype: Any) -> None:
    network = Network([Dense(5), ReLU(), Dense(3)], 4, 0, scaling=Scaling.of_bytes())
    raw: Any = np.random.default_rng(0).integers(0, 2, (6, 4), np.uint8)
    expected = network.predict_proba(raw)
    if dtype == "read-only":
        raw.flags.writeable = False
    else:
        raw = (
            np.asfortranarray(raw)
            if dtype == "fortran"
            else raw.tolist()
            if dtype is list
            else raw.astype(dtype)
        )
    np.testing.assert_allclose(network.predict_proba(raw), expected, rtol=1e-5)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_copy_has_separate_parameters(copied: Any) -> None:
    original = small()
    before = original.flat_parameters.copy()
    duplicate = copied(original)
    duplicate.flat_parameters[:] = 3
    assert duplicate.parameters[0].weights[0, 0] == 3
    np.testing.assert_array_equal(original.flat_parameters, before)


def test_what_is_assigned_to_the_vector_reaches_the_parameters() -> None:
    network = small()
    network.flat_parameters = np.arange(network.flat_parameters.size)
    assert network.parameters[0].weights[:, 0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("shape", [(4,), (8,), (2, 8), (2, 3)])
def test_forward_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(HandgradError, match="takes inputs"):
        small().forward(np.zeros(shape))


def test_summary_counts_parameters() -> None:
    printed = Network([Dense(10), ReLU(), Dense(10)], (784,)).summary()
    assert "7,850" in printed
    assert printed.splitlines()[-1].split() == ["total", "7,960"]


def test_batch_norm_learns_from_training_data_what_inference_needs() -> None:
    rng = np.random.default_rng(4)
    layers = [Conv2D(3, 3), BatchNorm(), ReLU(), Flatten(), Dense(4), BatchNorm(), Dense(2)]
    network = Network(layers, (2, 6, 6), rng, np.float64, scaling=Scaling(np.full(72, 1.0), np.full(72, 2.0)))
    raw = rng.normal(3, 5, size=(50, 72))
    network.calibrate(raw)
    x = network.scale(raw).reshape(-1, 2, 6, 6)
    training, _ = network.forward(x, np.random.default_rng(0))
    np.testing.assert_allclose(network.forward(x)[0], training, rtol=1e-4)
    part = network.forward(x[:1])[0]
    np.testing.assert_allclose(part, training[:1], rtol=1e-4)


def test_the_input_gradient_of_inference_is_right_with_batch_norm() -> None:
    rng = np.random.default_rng(5)
    network = Network([Dense(4), BatchNorm(), Dense(3)], (5,), rng, np.float64)
    network.calibrate(rng.normal(size=(40, 5)))
    x, dy = rng.normal(size=(6, 5)), rng.normal(size=(6, 3))
    gradient = np.zeros_like(network.flat_parameters)
    dx = network.forward(x)[1](dy, gradient)
    numerical = numerical_gradient(lambda: float((network.forward(x)[0] * dy).sum()), x)
    np.testing.assert_allclose(dx, numerical, rtol=1e-6, atol=1e-8)


def test_networks_without_statistics_are_left_alone() -> None:
    network = small()
    before = network.flat_parameters.copy()
    network.calibrate(np.ones((3, 4)))
    np.testing.assert_array_equal(network.flat_parameters, before)


@pytest.mark.parametrize("examples", [5, 300])
@pytest.mark.parametrize("first", ["bytes", "floats", "images"])
def test_whatever_type_a_gradient_arrives_in(first: str, examples: int) -> None:
    rng = np.random.default_rng(6)
    layers: list[Any] = [Dense(128), ReLU(), Dense(10)]
    if first == "images":
        layers = [Conv2D(16), ReLU(), Conv2D(16), Flatten(), *layers]
    shape = (1, 12, 12) if first == "images" else (144,)
    network = Network(layers, shape, rng, scaling=Scaling.of_bytes())
    raw = rng.integers(0, 256, (examples, 144), np.uint8)
    x = network.prepare(raw) if first == "bytes" else network.scale(raw)
    logits, backward = network.forward(x)
    dlogits, gradients = rng.normal(size=logits.shape), []
    for dtype in (np.float32, np.float64):
        gradients.append(np.zeros_like(network.flat_parameters))
        backward(dlogits.astype(dtype), gradients[-1], input_gradient=False)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-5, atol=1e-4)
    assert np.abs(gradients[0]).max() > 1


def test_a_gradient_of_another_type_or_with_gaps_is_refused() -> None:
    network = small()
    _, backward = network.forward(np.ones((2, 4)))
    size = network.flat_parameters.size
    for wrong in (np.zeros(size, np.float16), np.zeros((size, 2), network.dtype)[:, 0]):
        with pytest.raises(HandgradError, match="contiguous"):
            backward(np.ones((2, 3)), wrong)
        with pytest.raises(HandgradError, match="contiguous"):
            network.gradient_function(CrossEntropy(), wrong)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_gradient_function_takes_what_forward_takes(dtype: Any) -> None:
    network = small()
    x, labels = np.arange(24).reshape(6, 2, 2).astype(dtype), np.array([0, 1, 2, 0, 1, 2])
    gradients = [np.zeros_like(network.flat_parameters) for _ in range(2)]
    loss, _ = network.gradient_function(CrossEntropy(), gradients[0])(x, labels, None, 6, None)
    logits, backward = network.forward(x)
    expected, dlogits = CrossEntropy()(logits, labels)
    backward(dlogits, gradients[1])
    assert loss == pytest.approx(expected)
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-9)


def test_a_label_out_of_range_leaves_the_gradient_as_it_was() -> None:
    network = small()
    gradient = np.ones_like(network.flat_parameters)
    add = network.gradient_function(CrossEntropy(), gradient)
    with pytest.raises(HandgradError):
        add(np.ones((2, 4)), np.array([0, 3]), None, 2, None)
    assert (gradient == 1).all()


@pytest.mark.parametrize(("count", "size"), [(7, 7), (64, 64), (100, 64), (700, 64), (0, 1)])
def test_chunks_are_full_and_no_larger_than_they_may_be(count: int, size: int) -> None:
    network = small()
    network.chunk = 64
    assert network.chunk_size(count, 2) == size


def test_no_examples_have_no_predictions() -> None:
    network = Network([Dense(10)], (784,), np.random.default_rng(0), scaling=Scaling.of_bytes())
    for dtype in (np.uint8, np.float32):
        assert network.predict_proba(np.zeros((0, 784), dtype)).shape == (0, 10)
