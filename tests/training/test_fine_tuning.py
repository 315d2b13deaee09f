"""Another training begins with the parameters of a trained network, or the reason is reported."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, Dropout, ReLU, Tanh
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.fine_tuning import begin_from


def network(*layers: object, inputs: int = 4, classes: str = "ab", seed: int = 0) -> Network:
    return Network(layers, (inputs,), np.random.default_rng(seed), classes=tuple(classes))  # type: ignore[arg-type]


def test_parameters_and_scaling_are_copied() -> None:
    trained, target = (
        network(Dense(3), ReLU(), Dropout(rate), Dense(2), seed=seed) for seed, rate in ((1, 0.1), (2, 0.5))
    )
    trained.scaling = Scaling.of_bytes()
    begin_from(target, trained, "it")
    assert (target.flat_parameters == trained.flat_parameters).all()
    assert target.scaling is trained.scaling
    target.flat_parameters[:] = 0
    assert trained.flat_parameters.any()


@pytest.mark.parametrize(
    ("other", "detail"),
    [
        (network(Dense(3), ReLU(), Dense(2), inputs=5), "inputs"),
        (network(Dense(3), ReLU(), Dense(2), classes="ac"), "classes a, c"),
        (network(Dense(3), ReLU(), Dense(3), classes="abc"), "classes a, b, c"),
        (network(Dense(4), ReLU(), Dense(2)), "layer 0"),
        (network(Dense(3), Tanh(), Dense(2)), "layer 1"),
        (network(Dense(3), ReLU(), Dense(2), ReLU()), "4 layers"),
    ],
)
def test_what_does_not_fit_is_reported_and_changes_nothing(other: Network, detail: str) -> None:
    target = network(Dense(3), ReLU(), Dense(2))
    before = target.flat_parameters.copy()
    with pytest.raises(HandgradError, match=detail) as error:
        begin_from(target, other, "it")
    assert "cannot start from it" in str(error.value)
    assert (target.flat_parameters == before).all()
