"""The page's explanation of an example is `hg.explain`: arrays, formulas and sums, for every layer and task."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import handgrad as hg
from handgrad.model.explanation import Explanation
from handgrad.model.files import model_bytes
from layer_table import EDGES, LAYERS, network_of
from page_models import Models

GIVEN = ("learned", "measured on training data")
PROGRAM = """
    const { codeOf, explain, trace } = await import("handgrad/model/explanation.js");
    const network = readModel(model);
    const found = explain(network, new Float64Array(raw), LABEL, 0.25);
    const steps = found.steps.map((step) => {
        const traces = (PICKS[step.name] ?? []).map((index) => {
            const { formula, value, symbol, terms, count, left, rest, uses } = trace(step, index);
            const used = Object.fromEntries(Object.entries(uses).map(([name, set]) => [name, [...set]]));
            const shown = terms.map(({ label, text, value }) => [label, text, value]);
            return { formula, value, symbol, count, left, rest, used, terms: shown };
        });
        const { name, direction, formula, shape, values, sources } = step;
        return { name, direction, formula, shape, values: Array.from(values), sources, traces, code: codeOf(step) };
    });
    return { steps, loss: network.withParameters(found.updated).trainingStep(new Float64Array(raw), LABEL).loss };"""


def explained(models: Models, network: hg.Network, raw: NDArray[Any], label: int, picks: Any) -> Any:
    """Return what the page explains; `picks` has indices of entries by the name of their array."""
    program = PROGRAM.replace("LABEL", str(label)).replace("PICKS", str(picks))
    return models.run(program, model=model_bytes(network), raw=raw.astype(np.float64).tobytes())


def compare(models: Models, network: hg.Network, raw: NDArray[Any], label: int = 1) -> None:
    network.flat_parameters = network.flat_parameters.astype(np.float32)  # as the page reads them
    for statistics in network.statistics:
        for array in vars(statistics).values():
            array[...] = array.astype(np.float32)
    explanation = hg.explain(network, raw, label)
    steps = [step for step in explanation.steps if step.formula not in GIVEN]
    rng = np.random.default_rng(0)
    picks = {
        step.name: [list(rng.integers(step.values.shape).tolist()) for _ in range(6)]
        if step.values.ndim
        else [[]]
        for step in steps
    }
    found = [
        step
        for step in explained(models, network, raw, label, picks)["steps"]
        if step["direction"] != "update"
    ]
    assert [step["name"] for step in found] == [step.name for step in steps]
    for step, mine in zip(steps, found, strict=True):
        assert (mine["direction"], tuple(mine["shape"])) == (step.direction, step.values.shape)
        assert mine["formula"].replace("0.00001", "1e-05") == step.formula
        np.testing.assert_allclose(mine["values"], step.values.ravel(), rtol=1e-6, atol=1e-9)
        for trace, index in zip(mine["traces"], picks[step.name], strict=True):
            compare_entry(
                explanation, f"{step.name}[{','.join(map(str, index))}]" if index else step.name, trace
            )


def compare_entry(explanation: Explanation, entry: str, trace: dict[str, Any]) -> None:
    derivation = explanation.trace(entry)
    assert (trace["formula"], trace["symbol"] or "Σ") == (derivation.formula, derivation.symbol)
    assert trace["value"] == pytest.approx(derivation.value, rel=1e-6, abs=1e-9)
    terms = {label: (text, value) for label, text, value in derivation.terms}
    assert trace["count"] == len(terms)
    shown = [value for _, _, value in trace["terms"]]
    for label, text, value in trace["terms"]:
        assert text == terms[label][0]
        assert value == pytest.approx(terms[label][1], rel=1e-6, abs=1e-9)
    if derivation.symbol == "Σ" and trace["symbol"]:
        assert shown == sorted(shown, key=abs, reverse=True)
        left = sum(value for _, value in terms.values()) - sum(shown)
        assert trace["left"] == pytest.approx(left, rel=1e-6, abs=1e-9)
    assert (trace["rest"] and trace["rest"]["text"]) == (derivation.rest and derivation.rest[0])


ROWS = [*LAYERS, *EDGES]


@pytest.mark.parametrize(("layer", "shape"), ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS])
def test_every_layer(models: Models, layer: hg.Layer, shape: tuple[int, ...]) -> None:
    compare(
        models,
        network_of(layer, shape),
        np.random.default_rng(1).normal(size=shape).astype(np.float32).ravel(),
    )


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_every_task(models: Models, task: Any, scaled: bool) -> None:
    scaling = hg.Scaling(np.array([1.5, -2.0, 0.25]), np.array([2.0, 3.0, 4.0])) if scaled else None
    targets = (
        hg.Scaling(np.array([5.0, 6.0]), np.array([7.0, 8.0])) if scaled and task == "regression" else None
    )
    layers = [hg.Dense(4), hg.Tanh(), hg.Dense(2), hg.Dense(2)]
    network = hg.Network(
        layers, 3, 0, task=task, scaling=scaling, target_scaling=targets, classes=("a", "b"), dtype=np.float64
    )
    compare(models, network, np.array([1.0, -2.0, 0.5]))


def images() -> hg.Network:
    """A network in which names repeat, and windows reach into the padding."""
    layers = [
        hg.Conv2D(4, 3, 2, 1),
        hg.Maxout(2),
        hg.BatchNorm(),
        hg.ReLU(),
        hg.ReLU(),
        hg.MaxPool2D(2),
        hg.Flatten(),
        hg.Dense(10),
    ]
    return hg.Network(layers, (1, 12, 12), 0, scaling=hg.Scaling.of_bytes(), dtype=np.float64)


def test_images_of_bytes(models: Models) -> None:
    compare(models, images(), np.arange(144) * 5 % 256, 3)


def test_a_sum_uses_a_window_and_its_filter(models: Models) -> None:
    found = explained(models, images(), np.arange(144) % 256, 3, {"z1": [[0, 2, 0, 1]], "dx": [[0, 0, 1, 1]]})
    steps = {step["name"]: step for step in found["steps"]}
    window = [12 * row + column for row in (0, 1) for column in (1, 2, 3)]  # the first row is padding
    used = steps["z1"]["traces"][0]["used"]
    assert used == {"x": window, "weights1": list(range(21, 27)), "biases1": [2]}
    assert steps["z1"]["sources"] == ["x", "weights1", "biases1"]
    assert steps["flatten1"]["sources"] == ["maxpool2d1"]
    assert steps["z1"]["code"]["file"] == "kernels/convolution.py"
    assert any(
        "windows_as_rows(x" in text
        for line, text in steps["z1"]["code"]["lines"]
        if line in steps["z1"]["code"]["marked"]
    )


def test_the_update_of_the_parameters(models: Models) -> None:
    network = hg.Network([hg.Dense(4), hg.Tanh(), hg.Dense(3)], 3, 0, dtype=np.float64)
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    raw = np.array([1.0, -2.0, 0.5])
    explanation = hg.explain(network, raw, 1)
    found = explained(models, network, raw, 1, {"weights1_new": [[2, 1]]})
    updates = [step for step in found["steps"] if step["direction"] == "update"]
    assert [step["name"] for step in updates] == [
        "weights1_new",
        "biases1_new",
        "weights2_new",
        "biases2_new",
    ]
    for step in updates:
        name = step["name"].removesuffix("_new")
        expected = explanation[name] - 0.25 * explanation[f"d{name}"]
        np.testing.assert_allclose(step["values"], expected.ravel(), rtol=1e-6)
    assert updates[0]["formula"] == "weights1 ← weights1 − rate · dweights1"
    assert updates[0]["traces"][0]["formula"] == "weights1[2,1] − rate · dweights1[2,1]"
    for index, layer in enumerate((0, 2), 1):
        for name, array in vars(network.parameters[layer]).items():
            array -= 0.25 * explanation[f"d{name}{index}"]
    assert found["loss"] == pytest.approx(float(hg.explain(network, raw, 1)["loss"]), rel=1e-6)
    assert found["loss"] < explanation["loss"]
