"""Averages of the parameters and early stopping: their formulas, and their effect in training."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

import handgrad as hg


def trained(averaging: hg.Averaging | None, table: hg.Dataset) -> tuple[hg.Network, list[np.ndarray]]:
    """Train in four epochs of four steps; return the network, and the parameters after every step."""
    network, vectors = hg.Network([hg.Dense(2)], (4,), 0), []
    state = hg.TrainingState(np.random.default_rng(0))

    def watch() -> bool:
        vectors.append(network.flat_parameters.copy())
        return False

    list(hg.train(network, table, batch_size=50, epochs=4, averaging=averaging, state=state, stop=watch))
    last = network.flat_parameters if state.current is None else state.current
    return network, [*vectors[1:], last.copy()]


def test_averages_follow_their_formulas_and_do_not_change_the_steps(table: hg.Dataset) -> None:
    _, vectors = trained(None, table)
    average = vectors[0].astype(np.float64)
    for taken, vector in enumerate(vectors[1:], 1):
        decay = min(0.5, (1 + taken) / (10 + taken))
        average = decay * average + (1 - decay) * vector
    of_epochs = np.mean([vectors[7], vectors[11], vectors[15]], axis=0)
    for averaging, expected in ((hg.LastEpochs(3), of_epochs), (hg.ExponentialAverage(0.5), average)):
        network, same = trained(averaging, table)
        np.testing.assert_array_equal(same, vectors)
        np.testing.assert_allclose(network.flat_parameters, expected, rtol=1e-5)


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("averaging", [None, hg.ExponentialAverage(0.9)], ids=str)
@pytest.mark.parametrize("closed_after", [None, 9])
def test_early_stopping_keeps_the_best_parameters(
    table: hg.Dataset, monitor: Any, averaging: Any, closed_after: int | None
) -> None:
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(200) < 0.2, 1 - table.labels, table.labels)  # noise is soon overfitted
    noisy = hg.Splits(hg.Dataset(table.inputs, labels, table.classes)).split_validation(150, rng)
    model = hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(2)], (4,), 0)
    arguments: dict[str, Any] = {"averaging": averaging, "early_stopping": hg.EarlyStopping(7, monitor)}
    training: Any = hg.train(model, noisy, optimizer=hg.SGD(0.3), batch_size=10, epochs=300, **arguments)
    records = list(islice(training, closed_after))
    training.close()
    sign = -1 if monitor == "validation_loss" else 1
    best = int(np.argmax([sign * getattr(record, monitor) for record in records]))
    assert len(records) == closed_after or len(records) == best + 1 + 7 < 300
    found = hg.evaluate(model, noisy.split("validation"))
    assert (found.loss, found.accuracy) == (records[best].validation_loss, records[best].validation_accuracy)
