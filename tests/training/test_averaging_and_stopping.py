"""Averages of the parameters and early stopping: their formulas, and their effect in training."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

import handgrad as hg


def trained(averaging: hg.Averaging | None, table: hg.Dataset) -> tuple[hg.Network, list[np.ndarray]]:
    """Train in four epochs of four steps; return the network, and the parameters after every step."""
    network, vectors = hg.Network([hg.Dense(2)], (4,), 0), []

    def watch() -> bool:
        vectors.append(network.flat_parameters.copy())
        return False

    list(hg.train(network, table, batch_size=50, epochs=4, averaging=averaging, seed=0, stop=watch))
    return network, vectors


def test_averages_follow_their_formulas_and_do_not_change_the_steps(table: hg.Dataset) -> None:
    _, vectors = trained(None, table)
    network, same = trained(hg.LastEpochs(3), table)
    np.testing.assert_array_equal(same, vectors)
    expected = np.mean([vectors[7], vectors[11], vectors[15]], axis=0)
    np.testing.assert_allclose(network.flat_parameters, expected, rtol=1e-5)
    network, same = trained(hg.ExponentialAverage(0.5), table)
    np.testing.assert_array_equal(same, vectors)
    average = vectors[0].astype(np.float64)
    for taken, vector in enumerate(vectors[1:], 1):
        decay = min(0.5, (1 + taken) / (10 + taken))
        average = decay * average + (1 - decay) * vector
    np.testing.assert_allclose(network.flat_parameters, average, rtol=1e-5)


def test_the_average_is_validated(table: hg.Dataset) -> None:
    splits = hg.Splits(table).split_validation(50, np.random.default_rng(0))
    network = hg.Network([hg.Dense(2)], (4,), 0)
    *_, last = hg.train(network, splits, epochs=5, averaging=hg.ExponentialAverage(0.9))
    assert last.validation_loss == hg.evaluate(network, splits.split("validation")).loss


@pytest.fixture
def noisy(table: hg.Dataset) -> hg.Splits:
    """Few examples with noisy labels, which a large network soon overfits."""
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(len(table)) < 0.2, 1 - table.labels, table.labels)
    return hg.Splits(hg.Dataset(table.inputs, labels, table.classes)).split_validation(150, rng)


def wide() -> hg.Network:
    return hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(2)], (4,), 0)


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("averaging", [None, hg.ExponentialAverage(0.9)], ids=str)
def test_early_stopping_keeps_the_best_parameters(noisy: hg.Splits, monitor: Any, averaging: Any) -> None:
    model, stopping, rate = wide(), hg.EarlyStopping(7, monitor), hg.SGD(0.3)
    records = hg.fit(
        model, noisy, batch_size=10, epochs=300, optimizer=rate, averaging=averaging, early_stopping=stopping
    )
    sign = -1 if monitor == "validation_loss" else 1
    best = int(np.argmax([sign * getattr(record, monitor) for record in records]))
    assert len(records) == best + 1 + 7 < 300
    found = hg.evaluate(model, noisy.split("validation"))
    assert (found.loss, found.accuracy) == (records[best].validation_loss, records[best].validation_accuracy)


def test_closing_the_generator_keeps_the_best(noisy: hg.Splits) -> None:
    model, stopping = wide(), hg.EarlyStopping(50)
    records = hg.train(model, noisy, batch_size=10, optimizer=hg.SGD(0.3), early_stopping=stopping)
    losses = [record.validation_loss for record in islice(records, 9)]
    records.close()  # type: ignore[attr-defined]
    assert hg.evaluate(model, noisy.split("validation")).loss == min(losses)  # type: ignore[type-var]
