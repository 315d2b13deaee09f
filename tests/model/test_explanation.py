"""One example step by step: the arrays are those of the network, and formulas have their names."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.model.explain import input_effects


def mixed() -> hg.Network:
    convolution = [hg.Conv2D(4, 5, 2), hg.BatchNorm(), hg.MaxPool2D(), hg.ReLU(), hg.Flatten()]
    layers = [*convolution, hg.Dropout(), hg.Dense(12), hg.Maxout(3), hg.Dense(10)]
    rng = np.random.default_rng(0)
    network = hg.Network(layers, (1, 28, 28), rng, np.float64, scaling=hg.Scaling.of_bytes())
    network.flat_parameters += 0.01 * rng.normal(size=network.parameter_count)
    return network


def test_the_arrays_are_those_of_the_network(digits: hg.Splits) -> None:
    network, raw = mixed(), digits.train.inputs[3]
    explanation = hg.explain(network, raw, 7)
    logits, backward = network.forward(network.scale(raw[None]))
    loss, dlogits = hg.CrossEntropy()(logits, np.array([7]))
    gradient = np.zeros(network.parameter_count)
    dx, views = backward(dlogits, gradient), network.views(gradient)
    expected: dict[str, Any] = {"z3": logits, "probabilities": network.predict_proba(raw[None]), "loss": loss}
    expected |= {"dz3": dlogits, "dx": dx}
    for number, index in (("1", 0), ("2", 6), ("3", 8)):
        expected[f"weights{number}"] = network.parameters[index].weights
        expected |= {f"d{name}{number}": values for name, values in vars(views[index]).items()}
    for name, values in expected.items():
        np.testing.assert_allclose(explanation[name], values, rtol=1e-9, atol=1e-15, err_msg=name)
    assert explanation.input_gradient.shape == (1, 28, 28)
    with pytest.raises(KeyError):
        explanation["z9"]
    assert explanation.label == 7
    assert explanation.predicted == network.predict(raw[None])[0]
    assert repr(explanation).startswith(f"Explanation('{explanation.predicted}' at ")


def test_names_and_order_follow_the_arithmetic() -> None:
    network = hg.Network([hg.Dense(3), hg.ReLU(), hg.Dense(2)], (4,), np.random.default_rng(0))
    explanation = hg.explain(network, np.ones(4))
    forward = ["x", "weights1", "biases1", "z1", "a1", "weights2", "biases2", "z2", "probabilities", "loss"]
    backward = ["dz2", "dweights2", "dbiases2", "da1", "dz1", "dweights1", "dbiases1", "dx"]
    assert [step.name for step in explanation.steps] == forward + backward
    assert [step.direction for step in explanation.steps] == ["forward"] * 10 + ["backward"] * 8
    formulas = {step.name: step.formula for step in explanation.steps}
    assert formulas["z2"] == "z2 = a1 weights2ᵀ + biases2"
    assert formulas["dz1"] == "dz1 = da1 · [z1 > 0]"
    assert formulas["weights1"] == "learned"
    # in float32, probabilities and dz of a certain prediction would be 0 and 1
    assert {step.values.dtype.name for step in explanation.steps} == {"float64"}
    assert explanation.label == explanation.predicted
    assert explanation["loss"] == pytest.approx(-np.log(explanation.value))


@dataclass(frozen=True)
class Halves(hg.Layer):
    def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
        return x / 2, lambda dy, gradients: dy / 2


@dataclass(frozen=True)
class Rest(Halves):
    formulas: ClassVar[dict[str, str]] = {"y": "{max{x}, 0}{}{other}"}


def test_formulas_have_the_names_of_arrays_and_the_values_of_fields() -> None:
    layers = [hg.LeakyReLU(0.25), hg.GELU(), hg.Sigmoid(), hg.AvgPool2D(2), hg.BatchNorm(), hg.Flatten()]
    network = hg.Network([*layers, Halves(), Halves(), Rest(), hg.Dense(2)], (1, 4, 4), 0)
    steps = hg.explain(network, np.arange(16.0)).steps
    formulas = {step.name: step.formula for step in steps}
    assert formulas.pop("rest0") == "rest0 = {maxhalves0′, 0}{}{other}"  # other braces stay
    assert not [formula for formula in formulas.values() if "{" in formula]
    assert formulas["a0"] == "a0 = x where x > 0, else 0.25 · x"
    assert formulas["variance0"] == "measured on training data"
    assert "dvariance0" not in formulas
    assert formulas["halves0′"] == "halves0′ = Halves(halves0)"
    assert formulas["dhalves0"] == "dhalves0 = backward of Halves(halves0)"
    assert len(formulas) == len(steps) - 1  # a0, a0′, a0′′, …


@pytest.mark.parametrize(
    ("raw", "label", "message"),
    [
        (np.ones(5), None, "takes (N, 4) inputs"),
        (np.array([1, 2, np.nan, 4]), None, "not finite"),
        *[(np.ones(4), label, "label must be an integer from 0 to 1") for label in (2, -1, "one", 0.5, True)],
    ],
)
def test_invalid_arguments_are_refused(raw: Any, label: Any, message: str) -> None:
    assert message in refusal(hg.explain, hg.Network([hg.Dense(2)], 4, 0), raw, label)


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_other_tasks_explain_one_output(task: str) -> None:
    scaling = hg.Scaling(np.array([5.0, -3]), np.array([2.0, 10])) if task == "regression" else None
    layers = [hg.Dense(3), hg.Tanh(), hg.Dense(2)]
    network = hg.Network(layers, 4, 0, np.float64, task=task, target_scaling=scaling, classes=["a", "b"])
    raw = np.random.default_rng(0).normal(size=4)

    def explained(x: Any) -> float:
        return float(
            network.predict(x[None])[0, 1] if scaling else -np.log(network.predict_proba(x[None])[0, 1])
        )

    explanation = hg.explain(network, raw, 1)
    numerical = [(explained(raw + step) - explained(raw - step)) / 2e-6 for step in 1e-6 * np.eye(4)]
    np.testing.assert_allclose(explanation.input_gradient, numerical, rtol=1e-6)
    expected = network.predict(raw[None])[0, 1] if scaling else network.predict_proba(raw[None]).max()
    assert explanation.value == pytest.approx(expected)
    effects = input_effects(network, raw, 1, [[0, 2], [3]])
    outputs = (network.predict if scaling else network.predict_proba)(
        [raw, raw * [0, 1, 0, 1], raw * [1, 1, 1, 0]]
    )
    np.testing.assert_allclose(effects, outputs[0, 1] - outputs[1:, 1])
