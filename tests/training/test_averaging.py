"""Averages of the parameters: their formulas, and what training makes of them."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.training.averaging import Averaging, ExponentialAverage, LastEpochs
from handgrad.training.metrics import evaluate
from handgrad.training.state import TrainingState
from handgrad.training.train import train


def way(averaging: Averaging | None, table: Dataset, epochs: int = 4) -> tuple[Network, list[np.ndarray]]:
    """Train in epochs of four steps; gives the network, and the parameters after every step."""
    network, vectors = Network([Dense(2)], (4,), np.random.default_rng(0)), []

    def watch() -> bool:
        vectors.append(network.flat_parameters.copy())
        return False

    state = TrainingState(np.random.default_rng(0))
    list(train(network, table, batch_size=50, epochs=epochs, averaging=averaging, state=state, stop=watch))
    return network, vectors


def test_the_last_epochs_are_averaged(table: Dataset) -> None:
    network, vectors = way(LastEpochs(3), table)
    np.testing.assert_allclose(
        network.flat_parameters, np.mean([vectors[7], vectors[11], vectors[15]], axis=0), rtol=1e-5
    )


def test_the_exponential_average_follows_its_formula(table: Dataset) -> None:
    network, vectors = way(ExponentialAverage(0.5), table)
    average = vectors[0].astype(np.float64)
    for taken, vector in enumerate(vectors[1:], 1):
        decay = min(0.5, (1 + taken) / (10 + taken))
        average = decay * average + (1 - decay) * vector
    np.testing.assert_allclose(network.flat_parameters, average, rtol=1e-5)


def test_averaging_does_not_disturb_the_way(table: Dataset) -> None:
    _, plain = way(None, table)
    _, averaged = way(ExponentialAverage(0.9), table)
    np.testing.assert_array_equal(plain, averaged)


def test_the_average_is_what_is_validated(table: Dataset) -> None:
    splits = Splits(table).split_validation(50, np.random.default_rng(0))
    network = Network([Dense(2)], (4,), np.random.default_rng(0))
    *_, last = train(network, splits, epochs=5, averaging=ExponentialAverage(0.9))
    assert splits.validation is not None
    assert last.validation_loss == evaluate(network, splits.validation).loss


@pytest.mark.parametrize("averaging", [ExponentialAverage(0.9), LastEpochs(2)], ids=str)
def test_averages_can_be_written_down(averaging: Averaging) -> None:
    assert Averaging.from_config(averaging.to_config()) == averaging


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ExponentialAverage, {"decay": 1.0}),
        (ExponentialAverage, {"decay": -0.1}),
        (LastEpochs, {"epochs": 0}),
    ],
)
def test_absurd_fields_are_refused(kind: type[Averaging], fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"{kind.__name__} {next(iter(fields))} must be"):
        kind(**fields)
