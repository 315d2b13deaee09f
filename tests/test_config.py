"""Layers and initializers as tables, and what a wrong table gets."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats
from handgrad.model import initializers
from handgrad.model.initializers import Initializer, Uniform
from handgrad.model.layers import Dense, Layer, LeakyReLU
from handgrad.model.layers.layer import Backward, Parameters, Rng


def test_nested_descriptions_come_back() -> None:
    layer = Dense(4, Uniform(-1.0, 1.0))
    description = layer.to_config()
    assert description["weight_initializer"] == {"type": "Uniform", "low": -1.0, "high": 1.0}
    assert Layer.from_config(description) == layer


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"type": "Dens", "units": 3}, "unknown layer 'Dens'; did you mean 'Dense'?"),
        ({"type": "Dense", "unit": 3}, "Dense has no field 'unit'; did you mean 'units'?"),
        ({"type": "Dense"}, "Dense lacks 'units'"),
        (
            {"type": "Dense", "units": 3, "bias_initializer": {"type": "Uniform", "low": "a"}},
            "Uniform low must be",
        ),
        ({"units": 3}, "layer: a table with a type is needed"),
        ({"type": "Uniform"}, "unknown layer 'Uniform'"),
        ("Dense", "layer: a table with a type is needed"),
        (
            {"type": "Dense", "units": 3, "weight_initializer": {"type": "Unifrom"}},
            "did you mean 'Uniform'",
        ),
    ],
)
def test_a_wrong_description_gets_one_clear_line(description: Any, message: str) -> None:
    with pytest.raises(HandgradError) as error:
        Layer.from_config(description)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@dataclass(frozen=True)
class Zeros(Layer):
    """A custom layer with the name of an initializer."""

    scale: float = 1.0

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return 0 * x, lambda dy, gradients: 0 * dy


def test_a_nested_name_is_looked_up_in_the_family_of_its_field() -> None:
    layers = Dense(3, initializers.Zeros()), Zeros(2.0)
    assert [Layer.from_config(layer.to_config()) for layer in layers] == [*layers]
    assert Dense(3, "zeros") == layers[0]  # type: ignore[arg-type]


def test_numbers_of_numpy_become_plain_ones() -> None:
    config = Dense(np.int64(3)).to_config() | LeakyReLU(np.float32(0.5)).to_config()  # type: ignore[arg-type]
    assert json.loads(json.dumps(config)) == config
    assert (config["units"], config["negative_slope"]) == (3, 0.5)


def test_a_family_takes_only_its_members() -> None:
    with pytest.raises(HandgradError, match="unknown initializer 'Dense'"):
        Initializer.from_config({"type": "Dense", "units": 3})


@pytest.mark.parametrize("name", ["leaky_relu", "LeakyReLU", "leakyrelu", "LEAKY_RELU"])
def test_a_name_in_any_case_builds_one(name: str) -> None:
    assert Layer.from_name(name) == LeakyReLU()


def test_a_name_that_is_unknown_or_not_enough_is_refused() -> None:
    with pytest.raises(HandgradError, match="unknown layer 'leaky'; did you mean 'LeakyReLU'"):
        Layer.from_name("leaky")
    with pytest.raises(HandgradError, match="Dense lacks 'units'"):
        Layer.from_name("dense")
