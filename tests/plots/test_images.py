"""Weights as images or as a matrix, and the most confident mistakes."""

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.plots import plot_mistakes, plot_weights

PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.999, 0.001]], np.float32)
LABELS = np.array([0, 0, 0, 1])


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


@pytest.mark.parametrize(
    ("layers", "shape", "heading", "units"),
    [
        ([hg.Flatten(), hg.Dense(100)], (1, 8, 8), "layer 1, Dense: 4 of 100 units", 4),
        ([hg.Conv2D(3, 5), hg.Flatten()], (1, 8, 8), "layer 0, Conv2D: 3 filters", 3),
        ([hg.Conv2D(2, 3), hg.Flatten()], (2, 8, 8), "layer 0, Conv2D: 2 filters", 4),
        ([hg.Dropout(0.1), hg.Dense(5)], (7,), "layer 1, Dense: 4 of 5 units", None),
    ],
)
def test_weights(layers: list[hg.Layer], shape: tuple[int, ...], heading: str, units: int | None) -> None:
    network = hg.Network([*layers, hg.Dense(10)], shape, 0)
    axes: Any = plot_weights(network, most=4)
    assert title(axes) == f"weights of {heading}"
    assert len(axes.figure.axes) == 2  # with a colour bar
    low, high = axes.images[0].get_clim()
    assert low == -high < 0
    weights = next(found.weights for found in network.parameters if vars(found))[:4]
    if units is None:
        assert np.allclose(drawn(axes), weights)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("input", "output")
    else:  # an image of each unit and channel, with gaps between
        tiles = weights.reshape(units, *(shape if weights.ndim == 2 else weights.shape)[-2:])
        assert np.allclose(drawn(axes)[: tiles.shape[1], : tiles.shape[2]], tiles[0])
        assert np.allclose(drawn(axes)[: tiles.shape[1], -tiles.shape[2] :], tiles[1])
        assert (~np.isnan(drawn(axes))).sum() == tiles.size


def test_weights_of_zero_are_grey() -> None:
    axes = plot_weights(hg.Network([hg.Dense(2, hg.Zeros())], 4))
    assert axes.images[0].get_clim() == (-1, 1)


def test_most_confident_mistake_comes_first() -> None:
    axes = plot_mistakes(images(), PROBABILITIES)
    assert captions(axes) == ["b → a\n99.9%", "a → b\n80.0%", "a → b\n70.0%"]
    assert title(axes).startswith("3 mistakes in 4 examples")
    first, low = images().inputs[3].astype(float), images().inputs[1].min()
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
