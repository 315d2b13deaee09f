"""Layers, losses, optimizers, schedules and averages as descriptions: written down, and with values in range."""

from dataclasses import replace
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.config import Configurable

DESCRIBED: list[Configurable] = [
    hg.SGD(0.2, weight_decay=0.5, clip_norm=1.0, max_norm=2.0),
    hg.Nesterov(momentum=0.5),
    hg.RMSProp(decay=0.8),
    hg.Muon(),
    hg.StepDecay(drop=0.5, interval=0.25, warmup=0.1),
    hg.OneCycle(start=0.1, peak=0.5),
    hg.ReduceOnPlateau(patience=3),
    hg.ExponentialAverage(0.9),
    hg.LastEpochs(2),
    hg.EarlyStopping(3, "validation_accuracy"),
    hg.Adversarial(0.2),
]
WEIGHTS = ((-1, 1), (0, 0), (inf, 1), [[1, 2]], "even", {1: 2.0}, {"a": 2.0}, None)
INVALID: list[tuple[Any, dict[str, Any]]] = [
    (hg.Dense(1), {"units": (0, -1, 1.5, "ten", True, 10**7)}),
    (hg.Dropout(), {"rate": (1.0, -0.1, nan)}),
    (hg.LeakyReLU(), {"negative_slope": (1.0, -0.1, nan)}),
    (hg.Maxout(), {"pieces": (1, 0, 2.0, "2")}),
    (hg.Conv2D(1), {"kernel_size": (0, 2.5, None)}),
    (hg.MaxPool2D(), {"pool_size": (0, 16)}),
    (hg.BatchNorm(), {"epsilon": (0, 1)}),
    (hg.Uniform(), {"low": (nan, -inf, "a"), "high": (inf,)}),
    (hg.CrossEntropy(), {"label_smoothing": (1.0, nan, "0.1"), "class_weights": WEIGHTS}),
    (hg.SGD(), {"learning_rate": (0.0, -1.0, nan, inf, 1e30, 10**400, np.float32(inf), "0.1", True, [0.1])}),
    (hg.SGD(), {"clip_norm": (inf,), "max_norm": (-1.0,)}),
    (hg.Momentum(), {"learning_rate": (0.0,), "momentum": (1.0, -0.1)}),
    (hg.RMSProp(), {"decay": (1.5,), "epsilon": (0.0,)}),
    (hg.Adam(), {"beta2": (nan,), "epsilon": (inf,)}),
    (hg.AdamW(), {"weight_decay": (-1.0,)}),
    (hg.Muon(), {"momentum": (1.0,)}),
    (hg.Constant(), {"warmup": (1.0,)}),
    (hg.StepDecay(), {"drop": (0.0,), "interval": (-1.0,)}),
    (hg.Exponential(), {"final": (0.0,)}),
    (hg.Cosine(), {"final": (nan,)}),
    (hg.OneCycle(), {"peak": (1.0,), "start": (2.0,)}),
    (hg.ReduceOnPlateau(), {"drop": (1.0,), "patience": (0, 1.5)}),
    (hg.ExponentialAverage(), {"decay": (1.0, -0.1)}),
    (hg.LastEpochs(), {"epochs": (0,)}),
    (hg.EarlyStopping(), {"patience": (0, 2.5), "monitor": ("loss",)}),
    (hg.Adversarial(), {"epsilon": (0.0, nan), "share": (1.0, 0.0)}),
]


@pytest.mark.parametrize("thing", DESCRIBED, ids=str)
def test_configurations_round_trip(thing: Configurable) -> None:
    assert type(thing).from_config(thing.to_config()) == thing


@pytest.mark.parametrize(("thing", "fields"), INVALID)
def test_invalid_fields_are_refused(thing: Any, fields: dict[str, Any]) -> None:
    for field, values in fields.items():
        for value in values:
            message = refusal(replace, thing, **{field: value})
            assert message.startswith(f"{type(thing).__name__} {field} must be")


RATES = {hg.SGD: 0.1, hg.Momentum: 0.01, hg.RMSProp: 0.001, hg.Adam: 0.001, hg.AdamW: 0.001, hg.Muon: 0.02}


@pytest.mark.parametrize(("kind", "rate"), RATES.items())
def test_the_learning_rate_is_the_only_positional_parameter(kind: Any, rate: float) -> None:
    assert kind().learning_rate == rate
    assert kind(0.5) == kind(learning_rate=0.5)
    assert type(kind(np.float32(0.5)).learning_rate) is float
    with pytest.raises(TypeError, match="positional"):
        kind(0.5, 0.9)
