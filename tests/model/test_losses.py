"""Losses: targets, weights, and sums over chunks; tests/kernels/test_formulas.py has their formulas."""

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal


@pytest.mark.parametrize("labels", [[-1, 0], [0, 3], [0], [[0, 1]]])
def test_labels_that_do_not_fit_are_refused(labels: list[int]) -> None:
    assert "labels must be" in refusal(hg.CrossEntropy(), np.zeros((2, 3)), np.array(labels))


@pytest.mark.parametrize("loss", [hg.BinaryCrossEntropy(), hg.MeanSquaredError(), hg.Huber(0.3)])
def test_losses_of_other_tasks_average_outputs_and_examples(loss: hg.Loss) -> None:
    rng = np.random.default_rng(5)
    logits, targets = rng.normal(size=(6, 3)), rng.integers(2, size=(6, 3))
    mean, dlogits = loss(logits, targets)
    single = [loss(logits[:, [k]], targets[:, [k]]) for k in range(3)]
    assert mean == pytest.approx(np.mean([value for value, _ in single]))
    np.testing.assert_allclose(dlogits, np.concatenate([gradient for _, gradient in single], axis=1) / 3)
    assert "targets must be (6, 3)" in refusal(loss, logits, targets[:, :2])
    assert (
        loss.count_correct(logits, targets) == (loss.task == "multilabel") * ((logits > 0) == targets).sum()
    )
    assert hg.Loss.from_config(loss.to_config()) == loss


def test_weighted_examples_are_repeated_ones_and_chunks_add_up() -> None:
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(3, 4)), np.array([1, 3, 0])
    loss, dlogits = hg.CrossEntropy()(logits, labels, np.array([1.0, 2.0, 0.0]), 9)
    parts = [hg.CrossEntropy()(logits[rows], labels[rows], None, 9) for rows in ([0, 1], [1])]
    assert loss == pytest.approx(parts[0][0] + parts[1][0])
    np.testing.assert_allclose(dlogits, [parts[0][1][0], parts[0][1][1] + parts[1][1][0], np.zeros(4)])


def test_balanced_classes_count_alike() -> None:
    labels = np.array([0, 0, 0, 1, 1, 3])
    loss = hg.CrossEntropy(class_weights="balanced").fitted(labels, 4)
    weights = np.asarray(loss.class_weights, float)
    np.testing.assert_allclose(weights[[0, 1, 3]] * [3, 2, 1], 2)  # 6 examples in 3 classes
    assert hg.Loss.from_config(loss.to_config()) == loss


@pytest.mark.parametrize("weights", [{0: 5.0, 1: 1.0}, {1: 1, 0: 5}, [5, 1], np.array([5.0, 1.0])])
def test_class_weights_by_class_as_array_or_list(weights: Any) -> None:
    loss = hg.CrossEntropy(class_weights=weights)
    assert loss.class_weights == (5.0, 1.0)
    logits, labels = np.random.default_rng(4).normal(size=(4, 2)), np.array([0, 0, 1, 1])
    of_examples = hg.CrossEntropy()(logits, labels, np.array([5.0, 5.0, 1.0, 1.0]))
    np.testing.assert_equal(loss(logits, labels), of_examples)
    assert "2 class_weights; the data have 3 classes" in refusal(loss.fitted, np.array([0, 1, 2]), 3)
