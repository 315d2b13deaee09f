"""Evaluation of the three tasks, with scikit-learn's metrics as the reference."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

import handgrad as hg
from failing import refusal


def trained(labels: Any, outputs: int, **options: Any) -> tuple[hg.Network, hg.Dataset]:
    """Train a network for a few steps on random inputs and these labels."""
    inputs = np.random.default_rng(0).normal(size=(len(labels), 5)).astype(np.float32)
    data = hg.Dataset(inputs, labels, **options)
    network = hg.Network([hg.Dense(8), hg.Tanh(), hg.Dense(outputs)], 5, 1)
    hg.fit(network, data, optimizer=hg.Adam(0.01), epochs=5, seed=2)
    return network, data


def test_metrics_of_classes() -> None:
    network, data = trained(np.random.default_rng(1).integers(4, size=300), 4)
    found, predicted = hg.evaluate(network, data), network.predict(data.inputs)
    reference = metrics.precision_recall_fscore_support(data.labels, predicted, zero_division=0)
    np.testing.assert_allclose([found.precision, found.recall, found.f1], reference[:3])
    np.testing.assert_equal(found.confusion, metrics.confusion_matrix(data.labels, predicted))
    expected = {"accuracy": (predicted == data.labels).mean(), "macro_f1": reference[2].mean()}
    assert found.metrics() == pytest.approx(expected)


def test_metrics_of_several_labels() -> None:
    true = np.random.default_rng(1).integers(2, size=(300, 3))
    network, data = trained(true, 3, task="multilabel", classes=["a", "b", "c"])
    found, predicted = hg.evaluate(network, data), network.predict(data.inputs)
    np.testing.assert_equal(found.confusion, metrics.multilabel_confusion_matrix(true, predicted))
    np.testing.assert_allclose(found.f1, metrics.f1_score(true, predicted, average=None))
    accuracies = {
        "accuracy": (true == predicted).mean(),
        "exact_match": metrics.accuracy_score(true, predicted),
    }
    assert found.metrics() == pytest.approx(accuracies | {"macro_f1": found.f1.mean()})
    assert found.loss == pytest.approx(
        np.mean([metrics.log_loss(true[:, k], network.predict_proba(data.inputs)[:, k]) for k in range(3)]),
        rel=1e-5,
    )


def test_metrics_of_targets_with_a_large_mean() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(300, 2)) * [1, 1e3] + [1e6, -5e5]
    network, data = trained(true, 2, task="regression")
    found, predicted = hg.evaluate(network, data), network.predict(data.inputs)
    np.testing.assert_allclose(
        found.r2, metrics.r2_score(true, predicted, multioutput="raw_values"), atol=1e-6
    )
    np.testing.assert_allclose(
        found.mae, metrics.mean_absolute_error(true, predicted, multioutput="raw_values")
    )
    np.testing.assert_allclose(found.rmse, np.sqrt(((true - predicted) ** 2).mean(axis=0)))
    assert found.metrics()["mae"] == pytest.approx(found.mae.mean())
    assert "no probabilities" in refusal(network.predict_proba, data.inputs)


def test_data_far_from_those_of_the_training() -> None:
    network, data = trained(np.random.default_rng(1).normal(size=(100, 1)), 1, task="regression")
    far = hg.Dataset(data.inputs, data.labels + 1e8, task="regression")
    r2 = metrics.r2_score(far.labels, network.predict(far.inputs))
    assert hg.evaluate(network, far).r2[0] == pytest.approx(r2, rel=1e-6)


@pytest.mark.parametrize(
    ("task", "labels"),
    [("regression", np.eye(2) / 3), ("multilabel", np.eye(2, dtype=int)), ("classification", [0, 1])],
)
def test_an_untrained_network_takes_the_task_of_the_data(task: str, labels: Any) -> None:
    data = hg.Dataset(np.eye(2, 3), labels, task=task)
    network = hg.Network([hg.Dense(2)], 3, 0)
    assert np.isfinite(hg.evaluate(network, data).loss)
    assert network.task is None


def test_data_that_do_not_fit_the_network_are_refused(table: hg.Dataset) -> None:
    digits = hg.Dataset(np.zeros((3, 4), np.uint8), np.array([0, 1, 1]), 2)
    for_bytes = hg.Network([hg.Dense(2)], (4,), scaling=hg.Scaling.of_bytes())
    assert hg.evaluate(for_bytes, digits).examples == 3
    for network, data, message in (
        (hg.Network([hg.Dense(2)], 4, classes=["cold", "warm"]), table, "cold, warm, the data no, yes"),
        (hg.Network([hg.Dense(2)], 5), table, "5 inputs and 2 classes, the data have 4 inputs and 2"),
        (hg.Network([hg.Dense(3)], 4), table, "4 inputs and 3 classes, the data have 4 inputs and 2"),
        (for_bytes, hg.Dataset(digits.inputs / np.float32(255), digits.labels, 2), "scaled to 0 to 1"),
        (for_bytes, digits.take(slice(0, 0)), "no examples"),
        (for_bytes, digits.inputs, "Dataset"),
    ):
        assert message in refusal(hg.evaluate, network, data)


def test_data_and_losses_of_another_task_are_refused(table: hg.Dataset) -> None:
    numbers = hg.Dataset(table.inputs, np.arange(len(table)) / 3, task="regression")
    network = hg.Network([hg.Dense(1)], 4)
    assert "is for classification" in refusal(hg.fit, network, numbers, loss="cross_entropy")
    assert "is the same in all examples" in refusal(
        hg.fit, network, hg.Dataset(table.inputs, np.ones(len(table)), task="regression")
    )
    hg.fit(network, numbers, epochs=1, seed=0)
    labels = hg.Dataset(table.inputs, np.ones((len(table), 1)), task="multilabel")
    assert "1 target, the data have 4 inputs and 1 label" in refusal(hg.evaluate, network, labels)


@pytest.mark.parametrize("targets", [np.ones(200), 1 + 1e-14 * np.arange(200), 1e-300 * np.arange(200)])
def test_targets_that_differ_by_rounding_only_are_refused(table: hg.Dataset, targets: Any) -> None:
    data = hg.Dataset(table.inputs, targets, task="regression")
    assert "the same in all examples" in refusal(hg.fit, hg.Network([hg.Dense(1)], 4), data)
