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
    assert lines[0] == "dweights1[2,3] = Σ[n] dz1[n,2] · x[n,3]"
    assert explanation.trace("da1[0,1]").formula == "Σ[o] dz2[0,o] · weights2[o,1]"


def test_indices_of_an_entry_are_computed() -> None:
    layers = [hg.Conv2D(3, 3, 2, 1), hg.Maxout(3), hg.Flatten(), hg.Dense(2)]
    explanation = hg.explain(hg.Network(layers, (1, 6, 8), 0), np.ones(48), 0)
    formulas = {
        "z1[0,2,1,3]": "Σ[c,k,l] x[0,c,2+k−1,6+l−1] · weights1[2,c,k,l] + biases1[2]",
        "dx[0,0,4,1]": "Σ[o,k,l] dz1[0,o,(5−k)/2,(2−l)/2] · weights1[o,0,k,l]",
        "a1[0,0,1,2]": "Max[k<3] z1[0,k,1,2]",
        "da1[0,0,1,2]": "dflatten1[0,6]",
        "dz2[0,1]": "probabilities[0,1] − [1 = label]",
    }
    for entry, formula in formulas.items():
        assert explanation.trace(entry).formula == formula


def test_large_logits_have_a_finite_loss() -> None:
    for task in ("classification", "multilabel"):
        network = hg.Network([hg.Dense(2)], 2, 0, task=task, classes=("a", "b"))
        network.flat_parameters *= 1e4
        for label, raw in ((0, [3.0, -2]), (0, [-3.0, 2]), (1, [3.0, -2])):
            explanation = hg.explain(network, np.array(raw), label)
            compare(explanation)
            assert np.isfinite(explanation.trace("loss").value)


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
    with pytest.raises(hg.HandgradError, match="Square declares no index formula for dx"):
        hg.explain(network, np.ones(3), 0).trace("dx[0,0]")
