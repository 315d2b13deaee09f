"""Layers and initializers as tables, and what a wrong table gets."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from failing import refusal
from handgrad.config import within
from handgrad.kernels.types import Floats
from handgrad.model import initializers
from handgrad.model.initializers import Uniform
from handgrad.model.layers import Dense, Layer, LeakyReLU
from handgrad.model.layers.layer import Backward, Parameters, Rng


@dataclass(frozen=True)
class Zeros(Layer):
    """A custom layer with the name of an initializer."""

    scale: float = 1.0

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return 0 * x, lambda dy, gradients: 0 * dy


@pytest.mark.parametrize("layer", [Dense(4, Uniform(-1.0, 1.0)), Dense(3, initializers.Zeros()), Zeros(2.0)])
def test_nested_configurations_come_back(layer: Layer) -> None:
    assert Layer.from_config(json.loads(json.dumps(layer.to_config()))) == layer


def test_numbers_of_numpy_become_plain_ones() -> None:
    config = Dense(np.int64(3)).to_config() | LeakyReLU(np.float32(0.5)).to_config()  # type: ignore[arg-type]
    assert json.loads(json.dumps(config)) == config
    assert (config["units"], config["negative_slope"]) == (3, 0.5)


def resolve(value: Any) -> Layer:
    return Layer.resolve(value, "activation")


@pytest.mark.parametrize("value", ["leaky_relu", "LeakyReLU", "LEAKY_RELU", LeakyReLU, LeakyReLU()])
def test_a_name_a_class_and_an_instance_mean_the_same(value: Any) -> None:
    assert resolve(value) == LeakyReLU()


def test_a_subclass_may_have_another_interval() -> None:
    @dataclass(frozen=True)
    class Negative(LeakyReLU):
        negative_slope: float = field(default=-0.5, metadata=within(-1, 0, "[]"))

    assert Negative().negative_slope == -0.5
    assert "at least -1 and at most 0" in refusal(Negative, 0.5)


NESTED = {"type": "Dense", "units": 3, "bias_initializer": {"type": "Uniform", "low": "a"}}


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (Layer.from_config, {"type": "Dens", "units": 3}, "unknown layer 'Dens'; did you mean 'Dense'?"),
        (Layer.from_config, {"type": "Dense", "unit": 3}, "Dense has no field 'unit'; did you mean 'units'?"),
        (Layer.from_config, {"type": "Dense"}, "'units'"),
        (Layer.from_config, NESTED, "Uniform low must be"),
        (Layer.from_config, NESTED | {"bias_initializer": {"type": "Unifrom"}}, "did you mean 'Uniform'"),
        (Layer.from_config, {"units": 3}, "layer: a table with a type is needed"),
        (Layer.from_config, {"type": "Uniform"}, "unknown layer 'Uniform'"),
        (Layer.from_config, "Dense", "layer: a table with a type is needed"),
        (resolve, "leaky", "activation: unknown layer 'leaky'; did you mean 'LeakyReLU'"),
        (resolve, "dense", "activation: Dense: "),
        *((resolve, value, "activation must be a name") for value in (3, None, Layer, Uniform, NESTED)),
    ],
)
def test_what_describes_no_layer_is_refused_in_one_line(read: Any, value: Any, message: str) -> None:
    assert message in refusal(read, value)
