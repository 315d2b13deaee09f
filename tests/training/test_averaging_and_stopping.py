"""Averages of the parameters and early stopping: their formulas, and their effect in training."""

from typing import Any

import numpy as np
import pytest

from handgrad.config import Configurable
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, ReLU
from handgrad.model.network import Network
from handgrad.training.averaging import Averaging, ExponentialAverage, LastEpochs
from handgrad.training.metrics import evaluate
from handgrad.training.optimizers import SGD
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


def trained(averaging: Averaging | None, table: Dataset) -> tuple[Network, list[np.ndarray]]:
    """Train in four epochs of four steps; return the network, and the parameters after every step."""
    network, vectors = Network([Dense(2)], (4,), np.random.default_rng(0)), []

    def watch() -> bool:
        vectors.append(network.flat_parameters.copy())
        return False

    list(train(network, table, batch_size=50, epochs=4, averaging=averaging, seed=0, stop=watch))
    return network, vectors


def test_averages_follow_their_formulas_and_do_not_change_the_steps(table: Dataset) -> None:
    _, vectors = trained(None, table)
    network, same = trained(LastEpochs(3), table)
    np.testing.assert_array_equal(same, vectors)
    expected = np.mean([vectors[7], vectors[11], vectors[15]], axis=0)
    np.testing.assert_allclose(network.flat_parameters, expected, rtol=1e-5)
    network, same = trained(ExponentialAverage(0.5), table)
    np.testing.assert_array_equal(same, vectors)
    average = vectors[0].astype(np.float64)
    for taken, vector in enumerate(vectors[1:], 1):
        decay = min(0.5, (1 + taken) / (10 + taken))
        average = decay * average + (1 - decay) * vector
    np.testing.assert_allclose(network.flat_parameters, average, rtol=1e-5)


def test_the_average_is_validated(table: Dataset) -> None:
    splits = Splits(table).split_validation(50, np.random.default_rng(0))
    network = Network([Dense(2)], (4,), np.random.default_rng(0))
    *_, last = train(network, splits, epochs=5, averaging=ExponentialAverage(0.9))
    assert splits.validation is not None
    assert last.validation_loss == evaluate(network, splits.validation).loss


@pytest.fixture
def noisy(table: Dataset) -> Splits:
    """Few examples with noisy labels, which a large network soon overfits."""
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(len(table)) < 0.2, 1 - table.labels, table.labels)
    return Splits(Dataset(table.inputs, labels, table.classes)).split_validation(150, rng)


def wide() -> Network:
    return Network([Dense(64), ReLU(), Dense(2)], (4,), np.random.default_rng(0))


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("averaging", [None, ExponentialAverage(0.9)], ids=str)
def test_early_stopping_keeps_the_best_parameters(
    noisy: Splits, monitor: Any, averaging: ExponentialAverage | None
) -> None:
    model, stopping = wide(), EarlyStopping(7, monitor)
    arguments: dict[str, Any] = {
        "batch_size": 10,
        "epochs": 300,
        "optimizer": SGD(0.3),
        "averaging": averaging,
    }
    records = list(train(model, noisy, early_stopping=stopping, **arguments))
    sign = -1 if monitor == "validation_loss" else 1
    best = int(np.argmax([sign * getattr(record, monitor) for record in records]))
    assert len(records) == best + 1 + 7 < 300
    assert noisy.validation is not None
    found = evaluate(model, noisy.validation)
    assert (found.loss, found.accuracy) == (records[best].validation_loss, records[best].validation_accuracy)


def test_closing_the_generator_keeps_the_best(noisy: Splits) -> None:
    model, losses = wide(), []
    for record in train(model, noisy, batch_size=10, optimizer=SGD(0.3), early_stopping=EarlyStopping(50)):
        losses.append(record.validation_loss or 0.0)
        if len(losses) == 9:
            break
    assert noisy.validation is not None
    assert evaluate(model, noisy.validation).loss == min(losses)


def test_early_stopping_needs_a_validation_split(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="validation split"):
        train(wide(), table, early_stopping=EarlyStopping())


@pytest.mark.parametrize("thing", [ExponentialAverage(0.9), LastEpochs(2), EarlyStopping(3)], ids=str)
def test_configurations_round_trip(thing: Configurable) -> None:
    assert type(thing).from_config(thing.to_config()) == thing
    assert EarlyStopping.from_config({"patience": 3}) == EarlyStopping(3)
    with pytest.raises(HandgradError, match="did you mean 'patience'"):
        EarlyStopping.from_config({"patiense": 3})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ExponentialAverage, {"decay": 1.0}),
        (ExponentialAverage, {"decay": -0.1}),
        (LastEpochs, {"epochs": 0}),
        (EarlyStopping, {"patience": 0}),
        (EarlyStopping, {"patience": 2.5}),
        (EarlyStopping, {"monitor": "loss"}),
    ],
)
def test_invalid_fields_are_refused(kind: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"{kind.__name__} {next(iter(fields))} must be"):
        kind(**fields)
