"""`Explanation.trace`: the sum behind one number is that number, for every array of every layer and loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.model.explanation import Explanation
from layer_table import EDGES, LAYERS, network_of

GIVEN = ("learned", "measured on training data")


def compare(explanation: Explanation) -> None:
    for step in explanation.steps:
        if step.formula in GIVEN:
            continue
        for place in np.random.default_rng(0).permutation(max(1, step.values.size))[:12]:
            index = tuple(map(int, np.unravel_index(place, step.values.shape))) if step.values.ndim else ()
            entry = f"{step.name}[{','.join(map(str, index))}]" if index else step.name
            derivation = explanation.trace(entry)
            assert derivation.value == pytest.approx(float(step.values[index]), rel=1e-9, abs=1e-9), entry
            assert derivation.name == step.name


@pytest.mark.parametrize(("layer", "shape"), [*LAYERS, *EDGES])
def test_entries_of_every_layer(layer: hg.Layer, shape: tuple[int, ...]) -> None:
    network = network_of(layer, shape)
    compare(hg.explain(network, np.random.default_rng(1).normal(size=shape), 1))


TASKS = {
    "classification": (hg.CrossEntropy(), [0, 1] * 10),
    "multilabel": (hg.BinaryCrossEntropy(), [[0, 1], [1, 1]] * 10),
    "regression": (hg.MeanSquaredError(), [[0.5, -1.0], [2.5, 3.0]] * 10),
}


@pytest.mark.parametrize("task", TASKS)
def test_entries_of_every_task(task: str) -> None:
    loss, labels = TASKS[task]
    data = hg.Dataset(np.random.default_rng(0).normal(size=(20, 3)), np.array(labels), ("a", "b"), task=task)
    network = hg.Network([hg.Dense(4), hg.Tanh(), hg.Dense(2)], input_shape=3, rng=0)
    list(hg.train(network, data, epochs=1, loss=loss))
    compare(hg.explain(network, data.inputs[0], 1))


def test_scaling_of_bytes() -> None:
    network = hg.Network([hg.Flatten(), hg.Dense(10)], (1, 28, 28), rng=0, scaling=hg.Scaling.of_bytes())
    explanation = hg.explain(network, np.arange(784) % 256, 3)
    compare(explanation)
    assert explanation.trace("x[0,0,0,5]").terms[0][1] == "5 / 255"


def test_names_are_those_of_the_explanation() -> None:
    network = hg.Network([hg.Dense(3), hg.ReLU(), hg.Dense(2)], input_shape=4, rng=0)
    explanation = hg.explain(network, np.ones(4), 0)
    lines = explanation.trace("dweights1[2,3]").lines()
    assert lines[0] == "dweights1[2, 3] = Σ[n] dz1[n,o] * x[n,i]"
    assert explanation.trace("da1[0,1]").formula == "Σ[o] dz2[n,o] * weights2[o,i]"


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("dweights1", "shape"),
        ("dweights1[0]", "shape"),
        ("dweights1[3,0]", "shape"),
        ("dweight1[0,0]", "dweights1"),
        ("dweights1[0,-1]", "not an entry"),
        ("dweights1[0", "not an entry"),
        ("", "not an entry"),
        ("weights1[0,0]", "learned"),
        ("loss[0]", "shape"),
    ],
)
def test_wrong_entries_are_errors(entry: str, word: str) -> None:
    network = hg.Network([hg.Dense(3), hg.ReLU(), hg.Dense(2)], input_shape=4, rng=0)
    with pytest.raises(hg.HandgradError, match=word):
        hg.explain(network, np.ones(4), 0).trace(entry)


def test_layers_without_index_formulas_are_errors() -> None:
    @dataclass(frozen=True)
    class Square(hg.Layer):
        def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
            return x**2, lambda dy, gradients: 2 * x * dy

    network = hg.Network([Square(), hg.Dense(2)], input_shape=3, rng=0)
    with pytest.raises(hg.HandgradError, match="no index formula"):
        hg.explain(network, np.ones(3), 0).trace("dx[0,0]")
