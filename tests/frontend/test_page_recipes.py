"""Networks of every recipe in the page: the probabilities, classes and gradients of the library."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fixture_types import Cli
from handgrad.data.dataset import Splits
from handgrad.data.framing import frame_digit
from handgrad.data.strokes.generator import distort, frame, trace
from handgrad.exports.formats import load_model
from handgrad.kernels.backend import kernels
from handgrad.model.layers import GELU, Dense
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.recipes.loading import load_recipe, recipe_names
from page_models import Models, model_bytes


def network_of(recipe: str, images: NDArray[np.uint8]) -> Network:
    """Build a recipe's network, with parameters at random, and statistics measured on images.

    Its numbers are those of float32, so that the page has the same, but it computes in float64: that goes past the
    matrix unit, which rounds to some 1e-5.
    """
    network = load_recipe(recipe).build_network((1, 28, 28), dtype=np.float64)
    network.scaling = Scaling.of_bytes()
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    network.calibrate(images[:200])
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    return network


def drawings(count: int, side: int, seed: int) -> list[NDArray[np.uint8]]:
    """Draw digits somewhere on sheets of side × side, in some size and with some pen; half of them dark on light."""
    rng = np.random.default_rng(seed)
    points, pen_down = trace(rng.integers(0, 10, count, np.uint8), rng)
    points, radii, softness = frame(distort(points, rng), rng)
    sizes = rng.uniform(0.3, 0.9, count) * side / 20
    places = rng.uniform(0, 1, (count, 1, 2)) * (side - 20 * sizes)[:, None, None]
    points = points * sizes[:, None, None] + places
    sheets = kernels.draw_strokes(points, radii * sizes[:, None], pen_down, softness, side)
    return [255 - sheet if number % 2 else sheet for number, sheet in enumerate(sheets)]


def agrees(models: Models, network: Network, images: NDArray[np.uint8]) -> None:
    probabilities, expected = models.predict_proba(network, images), network.predict_proba(images)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert probabilities.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_computes_the_same(recipe: str, models: Models, digits: Splits) -> None:
    images = digits.train.inputs[:40]
    network = network_of(recipe, digits.train.inputs)
    agrees(models, network, images)
    dlogits = np.random.default_rng(2).normal(size=(4, 10)).astype(np.float32)
    _, backward = network.forward(network.scale(images[:4]))
    dx = backward(dlogits, np.zeros_like(network.flat_parameters)).reshape(4, 784)
    found = models.input_gradients(network, images[:4], dlogits)
    np.testing.assert_allclose(found, dx, atol=1e-5 * np.abs(dx).max())


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_computes_the_same_on_a_thousand_images_of_mnist(
    recipe: str, models: Models, mnist: Splits
) -> None:
    agrees(models, network_of(recipe, mnist.train.inputs), mnist.split("test").inputs[:1000])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["classic", "mlp", "convnet"])
def test_what_was_trained_reads_mnist_as_the_library_does(
    recipe: str, models: Models, cli: Cli, mnist: Splits, mnist_place: dict[str, str], tmp_path: Path
) -> None:
    """In float32, as it is; on a processor with a matrix unit the library's own numbers may be 1e-5 off."""
    done = cli("train", recipe, "--data", "mnist", "--no-test", "--quiet", "--out", "RUN", **mnist_place)
    assert done.returncode == 0, done.stderr
    network, images = load_model(tmp_path / "RUN"), mnist.split("test").inputs[:1000]
    probabilities, expected = models.predict_proba(network, images), network.predict_proba(images)
    np.testing.assert_allclose(probabilities, expected, atol=3e-5)
    apart = probabilities.argmax(axis=1) != expected.argmax(axis=1)
    assert (np.diff(np.sort(expected[apart], axis=1)[:, -2:]) < 1e-4).all()


@pytest.mark.parametrize("side", [60, 280, 700])
def test_drawings_are_framed_and_read_alike(side: int, models: Models, digits: Splits) -> None:
    pictures = drawings(20, side, seed=side)
    framed = models.frame(pictures)
    expected = np.stack([frame_digit(picture) for picture in pictures])
    np.testing.assert_array_equal(np.stack([digit for digit in framed if digit is not None]), expected)
    for recipe in ("mlp", "convnet"):
        agrees(models, network_of(recipe, digits.train.inputs), expected.reshape(-1, 784))


def test_tables_are_standardised_as_in_the_library(models: Models) -> None:
    scaling = Scaling(np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3]))
    network = Network([Dense(6), GELU(), Dense(3)], (4,), np.random.default_rng(0), scaling=scaling)
    raw = np.random.default_rng(1).normal([1e6, -3, 0, 2.5], size=(50, 4)).astype(np.float32)
    np.testing.assert_allclose(models.predict_proba(network, raw), network.predict_proba(raw), atol=1e-5)


def test_the_trace_tells_what_every_layer_gives(models: Models, digits: Splits) -> None:
    network = network_of("convnet", digits.train.inputs)
    program = """
        const network = readModel(model), trace = network.forward(new Uint8Array(raw));
        const gradient = Array.from(network.inputGradient(trace, 3));
        return {
            classes: network.classes, inputShape: network.inputShape, exampleShape: network.exampleShape,
            framing: network.framing, recipe: network.recipe, parameters: network.parameterCount,
            layers: network.layers.map(({ type, inputShape, outputShape, parameters }) =>
                [type, inputShape, outputShape, Object.entries(parameters).map(([name, p]) => [name, p.shape])]),
            activations: trace.activations.map(({ layer, type, shape, values }) =>
                [layer, type, shape, Array.from(values)]),
            logits: Array.from(trace.logits), sum: trace.probabilities.reduce((a, b) => a + b), gradient,
        };"""
    image = digits.train.inputs[0]
    told = models.run(program, model=model_bytes(network, {"name": "mine"}), raw=image.tobytes())
    assert told["classes"] == list(network.classes)
    assert (told["inputShape"], told["exampleShape"], told["framing"]) == ([1, 28, 28], [1, 28, 28], "digit")
    assert (told["recipe"], told["parameters"]) == ({"name": "mine"}, network.parameter_count)
    y, shape = network.scale(image[None]).reshape(1, 1, 28, 28), network.input_shape
    assert told["activations"][0][:3] == [-1, "input", [1, 28, 28]]
    for index, (layer, parameters) in enumerate(zip(network.layers, network.parameters, strict=True)):
        kind, before, after, shapes = told["layers"][index]
        assert (kind, tuple(before)) == (type(layer).__name__, shape)
        assert {name: tuple(sizes) for name, sizes in shapes} == network.shapes[index]
        y, _ = layer.forward(parameters, y)
        shape = layer.output_shape(shape)
        number, kind, given, values = told["activations"][index + 1]
        assert (number, kind, tuple(given), tuple(after)) == (index, type(layer).__name__, shape, shape)
        np.testing.assert_allclose(values, y.ravel(), atol=1e-5)
    np.testing.assert_allclose(told["logits"], y[0], atol=1e-5)
    assert told["sum"] == pytest.approx(1)
    _, backward = network.forward(network.scale(image[None]))
    dx = backward(np.eye(10)[3:4], np.zeros_like(network.flat_parameters))
    np.testing.assert_allclose(told["gradient"], dx.ravel(), atol=1e-5)
