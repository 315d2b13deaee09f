"""Another training begins with the parameters of a trained network, or says why not."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, Dropout, ReLU, Tanh
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.fine_tuning import begin_from


def network(*layers: object, inputs: int = 4, classes: str = "ab", seed: int = 0) -> Network:
    return Network(layers, (inputs,), np.random.default_rng(seed), classes=tuple(classes))  # type: ignore[arg-type]


def test_parameters_and_scaling_are_taken_over_and_stay_the_others_own() -> None:
    trained, own = (
        network(Dense(3), ReLU(), Dropout(rate), Dense(2), seed=seed) for seed, rate in ((1, 0.1), (2, 0.5))
    )
    trained.scaling = Scaling.of_bytes()
    begin_from(own, trained, "it")
    assert (own.flat_parameters == trained.flat_parameters).all()
    assert own.scaling is trained.scaling
    own.flat_parameters[:] = 0
    assert trained.flat_parameters.any()


@pytest.mark.parametrize(
    ("other", "telling"),
    [
        (network(Dense(3), ReLU(), Dense(2), inputs=5), "inputs"),
        (network(Dense(3), ReLU(), Dense(2), classes="ac"), "classes a, c"),
        (network(Dense(3), ReLU(), Dense(3), classes="abc"), "classes a, b, c"),
        (network(Dense(4), ReLU(), Dense(2)), "layer 0"),
        (network(Dense(3), Tanh(), Dense(2)), "layer 1"),
        (network(Dense(3), ReLU(), Dense(2), ReLU()), "4 layers"),
    ],
)
def test_what_does_not_fit_is_told_and_changes_nothing(other: Network, telling: str) -> None:
    own = network(Dense(3), ReLU(), Dense(2))
    before = own.flat_parameters.copy()
    with pytest.raises(HandgradError, match=telling) as error:
        begin_from(own, other, "it")
    assert "cannot start from it" in str(error.value)
    assert (own.flat_parameters == before).all()
