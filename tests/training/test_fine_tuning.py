"""Another training begins with the parameters of a trained network, or the reason is reported."""

import pytest

import handgrad as hg
from failing import refusal
from handgrad.training.fine_tuning import begin_from


def network(*layers: hg.Layer, inputs: int = 4, classes: str = "ab", seed: int = 0) -> hg.Network:
    return hg.Network(layers, inputs, seed, classes=list(classes))


@pytest.mark.parametrize(
    ("other", "detail"),
    [
        (network(hg.Dense(3), hg.ReLU(), hg.Dense(2), inputs=5), "input shape"),
        (network(hg.Dense(3), hg.ReLU(), hg.Dense(2), classes="ac"), "class 1 is c"),
        (network(hg.Dense(3), hg.ReLU(), hg.Dense(3), classes="abc"), "class 2 is c"),
        (network(hg.Dense(4), hg.ReLU(), hg.Dense(2)), "layer 0"),
        (network(hg.Dense(3), hg.Tanh(), hg.Dense(2)), "layer 1 is Tanh"),
        (network(hg.Dense(3), hg.ReLU(), hg.Dense(2), hg.ReLU()), "layer 3 is ReLU"),
    ],
)
def test_what_does_not_fit_is_reported_and_changes_nothing(other: hg.Network, detail: str) -> None:
    target = network(hg.Dense(3), hg.ReLU(), hg.Dense(2))
    before = target.flat_parameters.copy()
    line = refusal(begin_from, target, other, "it")
    assert line.startswith("cannot start from it")
    assert detail in line
    assert (target.flat_parameters == before).all()


def test_parameters_and_scaling_are_copied() -> None:
    trained = network(hg.Dense(3), hg.Dropout(0.1), hg.Dense(2), seed=1)
    target = network(hg.Dense(3), hg.Dropout(0.5), hg.Dense(2), seed=2)
    trained.scaling = hg.Scaling.of_bytes()
    begin_from(target, trained, "it")
    assert (target.flat_parameters == trained.flat_parameters).all()
    assert target.scaling is trained.scaling
    assert target.flat_parameters is not trained.flat_parameters
