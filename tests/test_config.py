"""Layers and initializers as tables, and what a wrong table gets."""

from typing import Any

import pytest

from handgrad.errors import HandgradError
from handgrad.model.initializers import Initializer, Uniform
from handgrad.model.layers import Dense, Layer, LeakyReLU


def test_nested_descriptions_come_back() -> None:
    layer = Dense(4, Uniform(-1.0, 1.0))
    description = layer.describe()
    assert description["weight_initializer"] == {"type": "Uniform", "low": -1.0, "high": 1.0}
    assert Layer.from_config(description) == layer


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"type": "Dens", "units": 3}, "unknown layer 'Dens'; did you mean 'Dense'?"),
        ({"type": "Dense", "unit": 3}, "Dense has no field 'unit'; did you mean 'units'?"),
        ({"type": "Dense"}, "Dense lacks 'units'"),
        ({"type": "Dense", "units": 3, "bias_initializer": {"type": "Uniform", "low": "a"}}, "wrong type"),
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


def test_a_family_takes_only_its_own() -> None:
    with pytest.raises(HandgradError, match="unknown initializer 'Dense'"):
        Initializer.from_config({"type": "Dense", "units": 3})


@pytest.mark.parametrize("name", ["leaky_relu", "LeakyReLU", "leakyrelu", "LEAKY_RELU"])
def test_a_name_in_any_case_builds_one(name: str) -> None:
    assert Layer.named(name) == LeakyReLU()


def test_a_name_that_is_unknown_or_not_enough_is_refused() -> None:
    with pytest.raises(HandgradError, match="unknown layer 'leaky'; did you mean 'LeakyReLU'"):
        Layer.named("leaky")
    with pytest.raises(HandgradError, match="Dense lacks 'units'"):
        Layer.named("dense")
