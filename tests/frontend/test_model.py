"""The page's network equals the library's: every layer, every recipe, forward and back to the inputs."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fixture_types import Cli
from handgrad import load_model
from handgrad.data.dataset import Splits
from handgrad.data.framing import frame_digit
from handgrad.data.strokes.generator import distort, frame, trace
from handgrad.kernels.backend import kernels
from handgrad.model import layers as all_layers
from handgrad.model.layers import GELU, AvgPool2D, Conv2D, Dense, Layer, Maxout
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.recipes.loading import load_recipe, recipe_names
from layer_table import EDGES, LAYERS, network_of
from page_models import Models, model_bytes

ROWS: list[tuple[Layer, tuple[int, ...]]] = [
    *LAYERS,
    *EDGES,
    (Conv2D(5, 3, 3, 2), (3, 7, 11)),
    (AvgPool2D(4, 3), (2, 9, 7)),
    (Maxout(4), (8, 3, 1)),
]


@pytest.mark.parametrize(("layer", "shape"), ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS])
def test_layers(models: Models, layer: Layer, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    network = network_of(layer, shape)
    raw = rng.normal(size=(9, *shape)).astype(np.float32).reshape(9, -1)
    np.testing.assert_allclose(models.predict_proba(network, raw), network.predict_proba(raw), atol=1e-6)
    dlogits = rng.normal(size=(9, 3)).astype(np.float32)
    dx = gradients(network, raw.reshape(9, *shape), dlogits).reshape(raw.shape)
    np.testing.assert_allclose(models.input_gradients(network, raw, dlogits), dx, atol=1e-5)


def gradients(network: Network, x: NDArray[Any], dlogits: NDArray[Any]) -> NDArray[Any]:
    _, backward = network.forward(x)
    dx: NDArray[Any] = backward(dlogits, np.zeros_like(network.flat_parameters))
    return dx


def test_the_page_has_every_layer_of_the_library(models: Models) -> None:
    known = models.run('return Object.keys((await import("handgrad/model/layers/layers.js")).LAYERS);')
    assert set(known) == set(all_layers.__all__) - {"Layer"}


def recipe_network(recipe: str, images: NDArray[np.uint8]) -> Network:
    """Build a recipe's network, with random parameters of float32 values that compute in float64."""
    network = load_recipe(recipe).build_network((1, 28, 28), dtype=np.float64)
    network.scaling, network.framing = Scaling.of_bytes(), "digit"
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    network.calibrate(images[:200])
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    return network


def agree(models: Models, network: Network, images: NDArray[np.uint8]) -> None:
    probabilities, expected = models.predict_proba(network, images), network.predict_proba(images)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert probabilities.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("recipe", recipe_names())
def test_recipes(recipe: str, models: Models, digits: Splits) -> None:
    images = digits.train.inputs[:20]
    network = recipe_network(recipe, digits.train.inputs)
    agree(models, network, images)
    dlogits = np.random.default_rng(2).normal(size=(2, 10)).astype(np.float32)
    dx = gradients(network, network.scale(images[:2]), dlogits).reshape(2, 784)
    found = models.input_gradients(network, images[:2], dlogits)
    np.testing.assert_allclose(found, dx, atol=1e-5 * np.abs(dx).max())


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
def test_recipes_on_mnist(recipe: str, models: Models, mnist: Splits) -> None:
    agree(models, recipe_network(recipe, mnist.train.inputs), mnist.split("test").inputs[:1000])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["classic", "mlp", "convnet"])
def test_trained_models(
    recipe: str, models: Models, cli: Cli, mnist: Splits, mnist_place: dict[str, str], tmp_path: Any
) -> None:
    """Trained models in float32, of which the library's predictions are exact to about 1e-5."""
    done = cli("train", recipe, "--data", "mnist", "--no-test", "--quiet", "--out", "RUN", **mnist_place)
    assert done.returncode == 0, done.stderr
    network, images = load_model(tmp_path / "RUN"), mnist.split("test").inputs[:1000]
    probabilities, expected = models.predict_proba(network, images), network.predict_proba(images)
    np.testing.assert_allclose(probabilities, expected, atol=3e-5)
    apart = probabilities.argmax(axis=1) != expected.argmax(axis=1)
    assert (np.diff(np.sort(expected[apart], axis=1)[:, -2:]) < 1e-4).all()


def drawings(count: int, side: int, seed: int) -> list[NDArray[np.uint8]]:
    """Draw digits of random positions, sizes and pens on images of side × side; half of them dark on light."""
    rng = np.random.default_rng(seed)
    points, pen_down = trace(rng.integers(0, 10, count, np.uint8), rng)
    points, radii, softness = frame(distort(points, rng), rng)
    sizes = rng.uniform(0.3, 0.9, count) * side / 20
    positions = rng.uniform(0, 1, (count, 1, 2)) * (side - 20 * sizes)[:, None, None]
    points = points * sizes[:, None, None] + positions
    images = kernels.draw_strokes(points, radii * sizes[:, None], pen_down, softness, side)
    return [255 - image if number % 2 else image for number, image in enumerate(images)]


@pytest.mark.parametrize("side", [60, 280, 700])
def test_drawings_are_framed_and_classified_alike(side: int, models: Models, digits: Splits) -> None:
    images = drawings(10, side, seed=side)
    framed = models.frame(images)
    expected = np.stack([frame_digit(image) for image in images])
    np.testing.assert_array_equal(np.stack([digit for digit in framed if digit is not None]), expected)
    agree(models, recipe_network("mlp", digits.train.inputs), expected.reshape(-1, 784))


def test_tables_are_standardised(models: Models) -> None:
    scaling = Scaling(np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3]))
    network = Network([Dense(6), GELU(), Dense(3)], (4,), np.random.default_rng(0), scaling=scaling)
    raw = np.random.default_rng(1).normal([1e6, -3, 0, 2.5], size=(50, 4)).astype(np.float32)
    np.testing.assert_allclose(models.predict_proba(network, raw), network.predict_proba(raw), atol=1e-5)


def test_the_trace_has_the_activations_of_every_layer(models: Models, digits: Splits) -> None:
    network = recipe_network("convnet", digits.train.inputs)
    program = """
        const network = readModel(model), trace = network.forward(new Uint8Array(raw));
        return {
            network: [network.classes, network.inputShape, network.exampleShape, network.framing, network.recipe],
            parameters: network.parameterCount,
            layers: network.layers.map(({ type, inputShape, outputShape }) => [type, inputShape, outputShape]),
            shapes: network.layers.map(({ parameters }) =>
                Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape]))),
            activations: trace.activations.map(({ layer, type, shape, values }) =>
                [layer, type, shape, Array.from(values)]),
            logits: Array.from(trace.logits), sum: trace.probabilities.reduce((a, b) => a + b),
            gradient: Array.from(network.inputGradient(trace, 3)),
        };"""
    image = digits.train.inputs[0]
    found = models.run(program, model=model_bytes(network, {"name": "mine"}), raw=image.tobytes())
    shape = [1, 28, 28]
    assert found["network"] == [list(network.classes), shape, shape, "digit", {"name": "mine"}]
    assert found["parameters"] == network.parameter_count
    assert found["activations"][0][:3] == [-1, "input", shape]
    y = network.scale(image[None]).reshape(1, 1, 28, 28)
    for index, (layer, parameters) in enumerate(zip(network.layers, network.parameters, strict=True)):
        kind, before = type(layer).__name__, shape
        y, _ = layer.forward(parameters, y)
        shape = list(y.shape[1:])
        assert found["layers"][index] == [kind, before, shape]
        names = {name: tuple(sizes) for name, sizes in found["shapes"][index].items()}
        assert names == layer.parameter_shapes(tuple(before))
        *facts, values = found["activations"][index + 1]
        assert facts == [index, kind, shape]
        np.testing.assert_allclose(values, y.ravel(), atol=1e-5)
    np.testing.assert_allclose(found["logits"], y[0], atol=1e-5)
    assert found["sum"] == pytest.approx(1)
    dx = gradients(network, network.scale(image[None]), np.eye(10)[3:4])
    np.testing.assert_allclose(found["gradient"], dx.ravel(), atol=1e-5)
