"""Accuracy, confusion and the evaluation of a network."""

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.losses import cross_entropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.metrics import accuracy, confusion_matrix, evaluate


def test_accuracy_of_classes_and_of_scores() -> None:
    labels = np.array([0, 1, 2, 2])
    assert accuracy(np.array([0, 1, 2, 0]), labels) == 0.75
    assert accuracy(np.array([[3, 1, 1], [0, 9, 0], [0, 0, 1], [5, 4, 3]]), labels) == 0.75


def test_confusion_has_true_classes_in_rows() -> None:
    matrix = confusion_matrix(np.array([0, 2, 1, 1]), np.array([0, 0, 1, 2]), 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 0]]


def test_confusion_of_bytes_does_not_overflow() -> None:
    labels = np.full(3, 200, np.uint8)
    assert confusion_matrix(labels, labels, 201)[200, 200] == 3


def test_evaluation_agrees_with_the_loss(table: Dataset) -> None:
    network = Network([Dense(2)], (4,), np.random.default_rng(0), classes=table.class_names)
    result = evaluate(network, table)
    loss, _ = cross_entropy(network.forward(table.inputs)[0], table.labels)
    assert result.loss == pytest.approx(loss, rel=1e-5)
    assert result.examples == len(table)
    assert result.confusion.trace() / len(table) == result.accuracy


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(HandgradError, match="3 predictions for 1 labels"):
        accuracy(np.array([1, 2, 3]), np.array([1]))
    for predictions, labels in (([4, 0], [0, 0]), ([0, 0], [-1, 0])):
        with pytest.raises(HandgradError, match="out of range"):
            confusion_matrix(np.array(predictions), np.array(labels), 3)
    with pytest.raises(HandgradError, match="2 predictions for 1 labels"):
        confusion_matrix(np.array([0, 1]), np.array([0]), 3)


def test_other_classes_and_values_are_refused(table: Dataset) -> None:
    network = Network([Dense(2)], (4,), np.random.default_rng(0), classes=("cold", "warm"))
    with pytest.raises(HandgradError, match="knows the classes cold, warm, the data no, yes"):
        evaluate(network, table)
    digits = Dataset(np.zeros((3, 4), np.uint8), np.array([0, 1, 1]), 2)
    network = Network([Dense(2)], (4,), scaling=Scaling.of_bytes())
    evaluate(network, digits)
    with pytest.raises(HandgradError, match="scaled to 0 to 1 already"):
        evaluate(network, Dataset(digits.inputs / np.float32(255), digits.labels, 2))
    with pytest.raises(HandgradError, match="no examples"):
        evaluate(network, digits.take(slice(0, 0)))


def test_data_that_do_not_fit_are_refused(table: Dataset) -> None:
    with pytest.raises(HandgradError, match="takes 5 inputs, the data have 4"):
        evaluate(Network([Dense(2)], (5,)), table)
    with pytest.raises(HandgradError, match="knows 3 classes, the data have 2"):
        evaluate(Network([Dense(3)], (4,)), table)
