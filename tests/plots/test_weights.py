"""Weights as images, or as a matrix where inputs are not images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.plots import plot_weights
from handgrad.plots.images import choose_columns


def network(*layers: hg.Layer, shape: tuple[int, ...] = (1, 28, 28)) -> hg.Network:
    return hg.Network(layers, shape, np.random.default_rng(0))


def drawn(axes: Any) -> Any:
    return np.ma.filled(axes.images[0].get_array(), np.nan)


def title(axes: Any) -> str:
    return str(axes.get_title(loc="left"))


def test_units_of_images_are_images() -> None:
    net = network(hg.Flatten(), hg.Dense(4), hg.ReLU(), hg.Dense(10))
    axes = plot_weights(net)
    assert np.allclose(drawn(axes)[:28, :28].ravel(), net.parameters[1].weights[0])
    assert title(axes) == "weights of layer 1, Dense: 4 units"
    assert len(axes.figure.axes) == 2  # with a colour bar
    low, high = axes.images[0].get_clim()
    assert low == -high < 0


def test_only_the_first_units_are_drawn() -> None:
    axes = plot_weights(network(hg.Flatten(), hg.Dense(100)), most=6)
    assert title(axes).endswith("6 of 100 units")
    assert (~np.isnan(drawn(axes))).sum() == 6 * 784


def test_filters_of_a_convolution() -> None:
    net = network(hg.Conv2D(6, kernel_size=5), hg.Flatten(), hg.Dense(10))
    axes = plot_weights(net)
    assert title(axes) == "weights of layer 0, Conv2D: 6 filters"
    assert np.allclose(drawn(axes)[:5, :5], net.parameters[0].weights[0, 0])


@pytest.mark.parametrize("first", [hg.Conv2D(4), hg.Flatten()])
def test_three_channels_are_colours(first: hg.Layer) -> None:
    axes = plot_weights(network(first, hg.Flatten(), hg.Dense(2), shape=(3, 8, 8)))
    sheet = drawn(axes)
    assert sheet.shape[2] == 3
    assert (sheet.min() >= 0, sheet.max() <= 1) == (True, True)
    assert len(axes.figure.axes) == 1


def test_other_channels_are_side_by_side() -> None:
    net = network(hg.Conv2D(2, kernel_size=3), hg.Flatten(), hg.Dense(2), shape=(2, 8, 8))
    first = drawn(plot_weights(net))[:3, :6]
    assert np.allclose(first, np.hstack(list(net.parameters[0].weights[0])))


def test_pieces_of_a_maxout_unit_are_side_by_side() -> None:
    net = network(hg.Flatten(), hg.Dense(6), hg.Maxout(3), hg.Dense(10))
    axes = plot_weights(net, most=1)
    assert title(axes).endswith("1 of 2 units of 3 pieces")
    sheet = drawn(axes)
    assert sheet.shape == (28, 3 * 28 + 2)
    for piece in range(3):
        pixels = sheet[:, 29 * piece : 29 * piece + 28]
        assert np.allclose(pixels.ravel(), net.parameters[1].weights[piece])


def test_weights_of_a_table_are_a_matrix() -> None:
    net = network(hg.Dropout(0.1), hg.Dense(5), hg.ReLU(), hg.Dense(2), shape=(7,))
    axes = plot_weights(net)
    assert np.allclose(drawn(axes), net.parameters[1].weights)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input", "output")


def test_weights_of_zero_are_drawn() -> None:
    net = network(hg.Dense(2, hg.Zeros()), shape=(784,))
    assert plot_weights(net).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("layers", "most", "message"),
    [([hg.Tanh()], 8, "no layer"), ([hg.Dense(2)], 0, "most"), ([hg.Dense(2)], 2.5, "most")],
)
def test_invalid_arguments_are_refused(layers: Sequence[hg.Layer], most: Any, message: str) -> None:
    with pytest.raises(hg.HandgradError, match=message):
        plot_weights(network(*layers, shape=(4,)), most=most)


def test_mosaics_have_full_rows_where_possible() -> None:
    assert [choose_columns(tiles) for tiles in (1, 6, 7, 32, 64)] == [1, 3, 4, 8, 8]
