"""Weights as images or as a matrix, and the most confident mistakes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.plots import plot_mistakes, plot_weights

PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.999, 0.001]], np.float32)
LABELS = np.array([0, 0, 0, 1])


def network(*layers: hg.Layer, shape: tuple[int, ...] = (1, 28, 28)) -> hg.Network:
    return hg.Network(layers, shape, np.random.default_rng(0))


def images(shape: tuple[int, ...] = (1, 4, 4), dtype: Any = np.uint8, names: Any = ("a", "b")) -> hg.Dataset:
    size = int(np.prod(shape))
    inputs = (np.arange(4)[:, np.newaxis] * 50 + np.arange(size) % 50).astype(dtype)
    return hg.Dataset(inputs, LABELS, names, shape)


def drawn(axes: Any) -> Any:
    return np.ma.filled(axes.images[0].get_array(), np.nan)


def title(axes: Any) -> str:
    return str(axes.get_title(loc="left"))


def captions(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_units_of_images_are_images() -> None:
    net = network(hg.Flatten(), hg.Dense(100), hg.ReLU(), hg.Dense(10))
    axes: Any = plot_weights(net, most=4)
    assert np.allclose(drawn(axes)[:28, :28].ravel(), net.parameters[1].weights[0])
    assert (~np.isnan(drawn(axes))).sum() == 4 * 784
    assert title(axes) == "weights of layer 1, Dense: 4 of 100 units"
    assert len(axes.figure.axes) == 2  # with a colour bar
    low, high = axes.images[0].get_clim()
    assert low == -high < 0


def test_filters_of_a_convolution() -> None:
    net = network(hg.Conv2D(6, kernel_size=5), hg.Flatten(), hg.Dense(10))
    axes = plot_weights(net)
    assert title(axes) == "weights of layer 0, Conv2D: 6 filters"
    assert np.allclose(drawn(axes)[:5, :5], net.parameters[0].weights[0, 0])
    net = network(hg.Conv2D(2, kernel_size=3), hg.Flatten(), hg.Dense(2), shape=(2, 8, 8))
    assert np.allclose(drawn(plot_weights(net))[:3, -3:], net.parameters[0].weights[0, 1])


@pytest.mark.parametrize("first", [hg.Conv2D(4), hg.Flatten()])
def test_three_channels_are_colours(first: hg.Layer) -> None:
    axes: Any = plot_weights(network(first, hg.Flatten(), hg.Dense(2), shape=(3, 8, 8)))
    assert drawn(axes).shape[2] == 3
    assert 0 <= drawn(axes).min() <= drawn(axes).max() <= 1
    assert len(axes.figure.axes) == 1


def test_weights_of_a_table_are_a_matrix() -> None:
    net = network(hg.Dropout(0.1), hg.Dense(5), hg.ReLU(), hg.Dense(2), shape=(7,))
    axes = plot_weights(net)
    assert np.allclose(drawn(axes), net.parameters[1].weights)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input", "output")
    assert plot_weights(network(hg.Dense(2, hg.Zeros()), shape=(4,))).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("layers", "most", "message"),
    [([hg.Tanh()], 8, "no layer"), ([hg.Dense(2)], 0, "most"), ([hg.Dense(2)], 2.5, "most")],
)
def test_invalid_arguments_of_weights(layers: Sequence[hg.Layer], most: Any, message: str) -> None:
    with pytest.raises(hg.HandgradError, match=message):
        plot_weights(network(*layers, shape=(4,)), most=most)


def test_most_confident_mistake_comes_first() -> None:
    axes = plot_mistakes(images(), PROBABILITIES)
    assert captions(axes) == ["b → a\n99.9%", "a → b\n80.0%", "a → b\n70.0%"]
    assert title(axes).startswith("3 mistakes in 4 examples")
    first = images().inputs[3].astype(float)
    low = images().inputs[1].min()
    assert np.allclose(drawn(axes)[:4, :4].ravel(), (first - low) / (first.max() - low))
    limited = plot_mistakes(images(), PROBABILITIES, most=2)
    assert len(captions(limited)) == 2
    assert "2 most confident of 3 mistakes" in title(limited)
    assert title(plot_mistakes(images(), np.eye(2)[LABELS])) == "no mistakes in 4 examples"


def test_mostly_black_images_are_inverted() -> None:
    inputs = np.zeros((4, 16), np.uint8)
    inputs[:, 5] = 255
    for values, shades in ((inputs, "gray_r"), (255 - inputs, "gray")):
        axes = plot_mistakes(hg.Dataset(values, LABELS, 2, (1, 4, 4)), PROBABILITIES)
        assert axes.images[0].get_cmap().name == shades


def test_colours_floats_and_long_names() -> None:
    data = images((3, 4, 4), np.float32, ("aeroplane", "a name that is longer"))
    axes = plot_mistakes(data, PROBABILITIES)
    assert drawn(axes).shape[2] == 3
    assert captions(axes)[0].split("\n") == ["a name that… →", "aeroplane", "99.9%"]


def test_shape_of_flat_images_is_an_argument() -> None:
    flat = hg.Dataset(images().inputs, LABELS, 2)
    assert len(captions(plot_mistakes(flat, PROBABILITIES, shape=(1, 4, 4)))) == 3


@pytest.mark.parametrize(
    ("dataset", "probabilities", "most", "message"),
    [
        (images(), PROBABILITIES[:3], 1, r"must be \(4, 2\)"),
        (images().inputs, PROBABILITIES, 1, "a Dataset is needed"),
        (images(), PROBABILITIES, 0, "most"),
        (hg.Dataset(images().inputs, LABELS, 2), PROBABILITIES, 1, "only images"),
    ],
)
def test_invalid_arguments_of_mistakes(dataset: Any, probabilities: Any, most: int, message: str) -> None:
    with pytest.raises(hg.HandgradError, match=message):
        plot_mistakes(dataset, probabilities, most=most)
