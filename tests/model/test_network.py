"""The network: one flat vector, forward and backward, predictions, and what does not fit."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.kernels.softmax import softmax
from handgrad.model.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, ReLU, Tanh
from handgrad.model.network import Network
from handgrad.model.predictions import FEW


def small(seed: int = 0) -> Network:
    uniform = hg.Uniform()
    return Network([Dense(5, uniform, uniform), ReLU(), Dense(3, uniform, uniform)], 4, seed, np.float64)


def of_bytes(*between: Layer, classes: int = 3) -> Network:
    return Network([Dense(20), *between, Dense(classes)], 48, 0, scaling=hg.Scaling.of_bytes())


def test_the_seed_decides_the_parameters() -> None:
    network = small(seed=1)
    np.testing.assert_array_equal(network.flat_parameters, small(seed=1).flat_parameters)
    assert (network.flat_parameters != small(seed=2).flat_parameters).any()
    assert network.parameter_count == network.flat_parameters.size == 5 * 4 + 5 + 3 * 5 + 3
    network.flat_parameters = np.arange(network.flat_parameters.size)
    assert network.parameters[0].weights[0].tolist() == [0, 5, 10, 15]  # weights lie as (I, O)
    network.parameters[2].biases[-1] = -7
    assert network.flat_parameters[-1] == -7


@pytest.mark.parametrize("layers", [[Dense(5), ReLU(), Dense(3)], [ReLU(), Dense(5), BatchNorm(), Dense(3)]])
def test_the_gradient_of_inputs_is_left_out_on_request(layers: list[Layer]) -> None:
    network, rng = Network(layers, 4, 0, np.float64), np.random.default_rng(2)
    _, backward = network.forward(rng.normal(size=(6, 4)))
    dlogits, (gradient, without) = rng.normal(size=(6, 3)), np.zeros((2, network.parameter_count))
    assert backward(dlogits, gradient) is not None
    assert backward(dlogits, without, input_gradient=False) is None
    np.testing.assert_array_equal(gradient, without)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((2, 5)), "the model takes"),
        (np.zeros(4), "the model takes"),
        (np.full((1, 4), np.nan), "not finite"),
        (np.array([["a", "b", "c", "d"]]), "not finite numbers"),
        ([[1, 2, 3, 4], [1, 2]], "not an array"),
        (np.ma.masked_less(np.eye(4), 1), "masked entries"),
        *[(np.full((count, 4), value), "too large") for value in (1e300, 3e38, -1e300) for count in (1, 100)],
    ],
)
def test_inputs_that_do_not_fit_are_refused(raw: Any, message: str) -> None:
    network = Network([Dense(5), ReLU(), Dense(3)], 4, 0)
    for method in (network.predict, network.predict_proba):
        assert message in refusal(method, raw)
    for shape in ((4,), (8,), (2, 8), (2, 3)):
        assert "takes inputs" in refusal(network.forward, np.zeros(shape))


UNFIT: dict[str, list[Any]] = {
    "layers": [[], ["Dense"]],
    "input_shape": [(), (0,), (1, 2, 2), (-1, -2, 2), (-1, 4), 4.0, "4", None, (True, "a")],
    "classes": [["a", "b"], ["a", "b", "a"], "abc", 3],
    **{"example_shape": [(1, 3)], "framing": ["letter"], "features": [["a"]], "arrays": [{}]},
    **{"dtype": [np.int64], "scaling": [hg.Scaling(np.zeros(3), np.ones(3))]},
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_together_is_refused(name: str) -> None:
    for value in UNFIT[name]:
        assert refusal(Network, **{"layers": [Dense(3)], "input_shape": 4, name: value})


@pytest.mark.parametrize("shape", [784, np.int64(784), [784], np.array([784]), (np.int32(784),)])
def test_arguments_as_users_have_them(shape: Any) -> None:
    network = Network([Dense(3)], shape, classes=np.array(["a", "b", "c"]))
    assert network.classes == ("a", "b", "c")
    assert (network.input_shape, network.example_shape, network.framing) == ((784,), (784,), "plain")


NAMES = [("", "xyz", "xyz"), ("abc", "012", "abc"), ("abc", "cba", ""), ("abc", "xyz", "")]


@pytest.mark.parametrize(("given", "data", "expected"), NAMES)
def test_training_data_name_only_classes_that_have_no_names(given: str, data: str, expected: str) -> None:
    network = Network([Dense(3)], 4, 0, classes=[*given] or None)
    examples = hg.Dataset(np.ones((3, 1, 2, 2), np.uint8), [0, 1, 2], [*data], (1, 2, 2), framing="digit")
    if not expected:
        assert "must be the same" in refusal(hg.fit, network, examples)
        return
    hg.fit(network, examples, epochs=1, progress=False)
    assert (network.classes, network.example_shape, network.framing) == ((*expected,), (1, 2, 2), "digit")


def test_statistics_are_measured_neither_counted_nor_decayed() -> None:
    data = hg.Dataset(np.random.default_rng(0).normal(5, 2, (64, 4)), np.arange(64) % 2, 2)
    network = Network([Dense(4), BatchNorm(), Dense(2)], 4, 0)
    assert network.parameter_count == 4 * 4 + 4 + 2 * 4 + 4 * 2 + 2
    hg.fit(network, data, optimizer=hg.SGD(0.1, weight_decay=0.9, clip_norm=1e-3), epochs=3, progress=False)
    parameters, variance = network.flat_parameters.copy(), network.statistics[1].variance.copy()
    network.calibrate(data.inputs)
    np.testing.assert_allclose(network.statistics[1].variance, variance, rtol=1e-5)
    np.testing.assert_array_equal(network.flat_parameters, parameters)


def test_batch_norm_learns_from_training_data_what_inference_needs() -> None:
    rng = np.random.default_rng(4)
    layers = [Conv2D(3, 3), BatchNorm(), ReLU(), Flatten(), Dense(4), BatchNorm(), Dense(2)]
    scaling = hg.Scaling(np.full(72, 1.0), np.full(72, 2.0))
    network = Network(layers, (2, 6, 6), rng, np.float64, scaling=scaling)
    raw = rng.normal(3, 5, size=(50, 72))
    network.calibrate(raw)
    x = network.scale(raw).reshape(-1, 2, 6, 6)
    training, _ = network.forward(x, np.random.default_rng(0))
    np.testing.assert_allclose(network.forward(x)[0], training, rtol=1e-4)
    np.testing.assert_allclose(network.forward(x[:1])[0], training[:1], rtol=1e-4)


AS_USERS_HAVE_THEM: dict[str, Any] = {
    **{kind: lambda raw, kind=kind: raw.astype(kind) for kind in ("bool", "int64", "float16")},
    "fortran": np.asfortranarray,
    "images": lambda raw: raw.reshape(-1, 2, 2),
    "list": np.ndarray.tolist,
    "read-only": lambda raw: np.frombuffer(raw.tobytes(), np.uint8).reshape(raw.shape),
}


@pytest.mark.parametrize("convert", AS_USERS_HAVE_THEM.values(), ids=AS_USERS_HAVE_THEM)
def test_inputs_as_users_have_them(convert: Any) -> None:
    network = Network([Dense(5), ReLU(), Dense(3)], 4, 0, scaling=hg.Scaling.of_bytes())
    raw = np.random.default_rng(0).integers(0, 2, (6, 4), np.uint8)
    np.testing.assert_allclose(network.predict_proba(convert(raw)), network.predict_proba(raw), rtol=1e-5)


@pytest.mark.parametrize("between", [[ReLU()], [Tanh()], [ReLU(), ReLU()], []])
@pytest.mark.parametrize(("classes", "dtype"), [(3, "u1"), (3, "f8"), (1, "u1"), (17, "u1"), (10_000, "f4")])
def test_one_at_a_time_as_all_at_once(between: list[Any], classes: int, dtype: str) -> None:
    model = of_bytes(*between, classes=classes)
    model.chunk = FEW
    raw = np.random.default_rng(1).integers(0, 256, (3 * FEW, 48), np.uint8).astype(dtype)
    expected = model.forward(raw / 255)[0]
    one_by_one = np.concatenate([model.logits(row[np.newaxis]) for row in raw])
    for logits in (one_by_one, model.logits(raw)):
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.predict_proba(raw), softmax(expected), rtol=1e-4, atol=1e-5)
    for rows in (raw[:0], raw[:1], raw[:5], raw):
        assert model.predict(rows).tolist() == expected[: len(rows)].argmax(axis=1).tolist()


def test_concurrent_predictions_are_those_of_one_thread() -> None:
    model = of_bytes(ReLU())
    rows = np.random.default_rng(1).integers(0, 256, (16, 40, 48), np.uint8)

    def predict(raw: Any) -> list[list[int]]:
        return [model.predict(raw[:count]).tolist() for count in (1, 5, 40)]

    expected = list(map(predict, rows))
    with ThreadPoolExecutor(16) as pool:
        for found in pool.map(lambda raw: [predict(raw) for _ in range(50)], rows):
            assert found == [expected.pop(0)] * 50


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("between", [ReLU(), BatchNorm()])
def test_a_copy_predicts_with_its_parameters(copied: Any, between: Layer) -> None:
    original = of_bytes(between)
    raw = np.random.default_rng(1).integers(0, 256, (5, 48), np.uint8)
    before = original.logits(raw)
    duplicate = copied(original)
    np.testing.assert_array_equal(duplicate.logits(raw), before)
    duplicate.flat_parameters[:] = 0
    assert not duplicate.logits(raw).any()
    assert duplicate.parameters[0].weights[0, 0] == 0
    if copied is not copy.copy:
        np.testing.assert_array_equal(original.logits(raw), before)


def test_the_gradient_of_logits_may_have_another_dtype_and_that_of_parameters_not() -> None:
    network = Network([Conv2D(16), ReLU(), Flatten(), Dense(10)], (1, 12, 12), 6)
    rng, size = np.random.default_rng(6), network.parameter_count
    logits, backward = network.forward(rng.random((300, 144)))
    dlogits, gradients = rng.normal(size=logits.shape), np.zeros((2, size), np.float32)
    for gradient, dtype in zip(gradients, (np.float32, np.float64), strict=True):
        backward(dlogits.astype(dtype), gradient, input_gradient=False)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-5, atol=1e-4)
    assert np.abs(gradients).max() > 1
    for wrong in (np.zeros(size), np.zeros((size, 2), np.float32)[:, 0], np.zeros(3, np.float32)):
        assert "contiguous" in refusal(backward, dlogits, wrong)


@pytest.mark.parametrize(("count", "size"), [(7, 7), (64, 64), (100, 64), (700, 64), (0, 1)])
def test_chunks_are_full_and_no_larger_than_they_may_be(count: int, size: int) -> None:
    network = small()
    network.chunk = 64
    assert network.chunk_size(count, 2) == size
