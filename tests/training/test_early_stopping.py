"""Early stopping: when, and with which parameters."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, ReLU
from handgrad.model.network import Network
from handgrad.training.averaging import ExponentialAverage
from handgrad.training.metrics import evaluate
from handgrad.training.optimizers import SGD
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


@pytest.fixture
def noisy(table: Dataset) -> Splits:
    """Labels with noise, of which few are trained on: a large network soon learns the noise."""
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(len(table)) < 0.2, 1 - table.labels, table.labels)
    data = Dataset(table.inputs, labels, table.classes)
    return Splits(data).split_validation(150, rng)


def network(data: Splits) -> Network:
    return Network([Dense(64), ReLU(), Dense(2)], (4,), np.random.default_rng(0))


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("averaging", [None, ExponentialAverage(0.9)], ids=str)
def test_it_stops_after_its_patience_with_the_best_parameters(
    noisy: Splits, monitor: Any, averaging: ExponentialAverage | None
) -> None:
    model = network(noisy)
    arguments: dict[str, Any] = {
        "batch_size": 10,
        "epochs": 300,
        "optimizer": SGD(0.3),
        "averaging": averaging,
    }
    records = list(train(model, noisy, early_stopping=EarlyStopping(7, monitor), **arguments))
    sign = -1 if monitor == "validation_loss" else 1
    scores = [sign * getattr(record, monitor) for record in records]
    best = int(np.argmax(scores))
    assert len(records) == best + 1 + 7 < 300
    assert noisy.validation is not None
    found = evaluate(model, noisy.validation)
    assert found.loss == records[best].validation_loss
    assert found.accuracy == records[best].validation_accuracy


def test_whoever_breaks_off_keeps_the_best(noisy: Splits) -> None:
    model, losses = network(noisy), []
    for record in train(model, noisy, batch_size=10, optimizer=SGD(0.3), early_stopping=EarlyStopping(50)):
        losses.append(record.validation_loss or 0.0)
        if len(losses) == 9:
            break
    assert noisy.validation is not None
    assert evaluate(model, noisy.validation).loss == min(losses)


def test_without_a_validation_split_it_is_refused(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="early stopping watches the validation split, and there is none"):
        train(network(Splits(table)), table, early_stopping=EarlyStopping())


@pytest.mark.parametrize("fields", [{"patience": 0}, {"patience": 2.5}, {"monitor": "loss"}])
def test_absurd_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"EarlyStopping {next(iter(fields))} must be"):
        EarlyStopping(**fields)


def test_it_can_be_written_down_without_a_type() -> None:
    assert EarlyStopping.from_config({"patience": 3}) == EarlyStopping(3)
    assert EarlyStopping.from_config(EarlyStopping(3).to_config()) == EarlyStopping(3)
    with pytest.raises(HandgradError, match="EarlyStopping has no field 'patiense'; did you mean 'patience'"):
        EarlyStopping.from_config({"patiense": 3})
