"""Weights: units and filters as pictures, or as a matrix where inputs are no pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.plots import plot_weights


def network(*layers: hg.Layer, shape: tuple[int, ...] = (784,)) -> Network:
    return Network(layers, shape, np.random.default_rng(0))


def drawn(axes: Any) -> Any:
    return np.ma.filled(axes.images[0].get_array(), np.nan)


def title(axes: Any) -> str:
    return str(axes.get_title(loc="left"))


def test_units_that_see_pictures_are_pictures() -> None:
    net = network(hg.Dense(4), hg.ReLU(), hg.Dense(10))
    axes = plot_weights(net)
    sheet = drawn(axes)
    assert np.allclose(sheet[:28, :28].ravel(), net.parameters[0].weights[0])
    assert title(axes) == "weights of layer 0, Dense: 4 units"
    assert len(axes.figure.axes) == 2, "a bar says what the shades mean"
    low, high = axes.images[0].get_clim()
    assert low == -high < 0


def test_only_so_many_units_are_drawn() -> None:
    axes = plot_weights(network(hg.Dense(100)), most=6)
    assert title(axes) == "weights of layer 0, Dense: 6 of 100 units"
    assert (~np.isnan(drawn(axes))).sum() == 6 * 784


def test_filters_of_a_convolution() -> None:
    net = network(hg.Conv2D(6, kernel_size=5), hg.Flatten(), hg.Dense(10), shape=(1, 28, 28))
    axes = plot_weights(net)
    assert title(axes) == "weights of layer 0, Conv2D: 6 filters"
    assert np.allclose(drawn(axes)[:5, :5], net.parameters[0].weights[0, 0])


def test_three_channels_are_colours() -> None:
    for layers in (
        [hg.Conv2D(4), hg.Flatten(), hg.Dense(2)],
        [hg.Flatten(), hg.Dense(4), hg.Dense(2)],
    ):
        axes = plot_weights(network(*layers, shape=(3, 8, 8)))
        sheet = drawn(axes)
        assert sheet.shape[2] == 3
        assert (sheet.min() >= 0, sheet.max() <= 1) == (True, True)
        assert len(axes.figure.axes) == 1


def test_other_channels_stand_side_by_side() -> None:
    net = network(hg.Conv2D(2, kernel_size=3), hg.Flatten(), hg.Dense(2), shape=(2, 8, 8))
    first = drawn(plot_weights(net))[:3, :6]
    assert np.allclose(first, np.hstack(list(net.parameters[0].weights[0])))


def test_the_pieces_of_a_maxout_unit_stand_side_by_side() -> None:
    net = network(hg.Dense(6), hg.Maxout(3), hg.Dense(10))
    axes = plot_weights(net, most=1)
    assert title(axes) == "weights of layer 0, Dense: 1 of 2 units of 3 pieces"
    sheet = drawn(axes)
    assert sheet.shape == (28, 3 * 28 + 2)
    for piece in range(3):
        pixels = sheet[:, 29 * piece : 29 * piece + 28]
        assert np.allclose(pixels.ravel(), net.parameters[0].weights[piece])


def test_weights_on_a_table_are_a_matrix() -> None:
    net = network(hg.Dropout(0.1), hg.Dense(5), hg.ReLU(), hg.Dense(2), shape=(7,))
    axes = plot_weights(net)
    assert np.allclose(drawn(axes), net.parameters[1].weights)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input", "output")


@pytest.mark.parametrize(
    ("layers", "most", "told"),
    [([hg.Tanh()], 8, "no layer"), ([hg.Dense(2)], 0, "most"), ([hg.Dense(2)], 2.5, "most")],
)
def test_what_cannot_be_drawn_is_refused(layers: Sequence[hg.Layer], most: Any, told: str) -> None:
    with pytest.raises(HandgradError, match=told):
        plot_weights(network(*layers, shape=(4,)), most=most)


def test_weights_of_zero_are_drawn() -> None:
    net = network(hg.Dense(2, hg.Zeros()))
    low, high = plot_weights(net).images[0].get_clim()
    assert (low, high) == (-1, 1)
