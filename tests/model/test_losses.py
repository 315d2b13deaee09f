"""Cross-entropy: its value, its gradient, and its sum over chunks."""

from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.losses import CrossEntropy, Loss, cross_entropy


@pytest.mark.parametrize("labels", [[-1, 0], [0, 3], [0], [[0, 1]]])
def test_labels_that_do_not_fit_are_refused(labels: list[int]) -> None:
    with pytest.raises(HandgradError, match="labels must be"):
        cross_entropy(np.zeros((2, 3)), np.array(labels))


def test_chunks_add_up_to_the_batch() -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(9, 3)), rng.integers(3, size=9)
    whole, dwhole = cross_entropy(logits, labels)
    parts = [CrossEntropy()(logits[rows], labels[rows], None, 9) for rows in (slice(0, 4), slice(4, 9))]
    assert sum(loss for loss, _ in parts) == pytest.approx(whole)
    np.testing.assert_allclose(np.concatenate([dlogits for _, dlogits in parts]), dwhole)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_value_and_gradient_are_those_of_the_formula(smoothing: float) -> None:
    rng = np.random.default_rng(2)
    logits, labels = rng.normal(size=(5, 4)), rng.integers(4, size=5)
    target = (1 - smoothing) * np.eye(4)[labels] + smoothing / 4
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss, dlogits = CrossEntropy(smoothing)(logits, labels)
    assert loss == pytest.approx(-(target * np.log(probabilities)).sum(axis=1).mean())
    np.testing.assert_allclose(dlogits, (probabilities - target) / 5, atol=1e-12)


def test_an_example_that_counts_twice_is_as_good_as_two() -> None:
    rng = np.random.default_rng(3)
    logits, labels = rng.normal(size=(3, 4)), np.array([1, 3, 0])
    twice, dtwice = CrossEntropy()(logits, labels, np.array([1.0, 2.0, 0.0]), 1)
    rows = [0, 1, 1]
    repeated, drepeated = CrossEntropy()(logits[rows], labels[rows], None, 1)
    assert twice == pytest.approx(repeated)
    np.testing.assert_allclose(dtwice[1], drepeated[1] + drepeated[2])
    assert not dtwice[2].any()


def test_weights_of_classes_are_weights_of_their_examples() -> None:
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=(6, 3)), np.array([0, 0, 0, 1, 1, 2])
    weights = np.array([0.5, 2.0, 0.0])
    of_classes = CrossEntropy(class_weights=tuple(weights))(logits, labels)
    of_examples = CrossEntropy()(logits, labels, weights[labels])
    assert of_classes[0] == pytest.approx(of_examples[0])
    np.testing.assert_allclose(of_classes[1], of_examples[1])


def test_balanced_classes_count_alike() -> None:
    labels = np.array([0, 0, 0, 1, 1, 3])
    loss = CrossEntropy(class_weights="balanced").fitted(labels, 4)
    weights = np.asarray(loss.class_weights, float)
    np.testing.assert_allclose(weights[[0, 1, 3]] * [3, 2, 1], 2)  # 6 examples in 3 classes
    assert Loss.from_config(loss.to_config()) == loss


@pytest.mark.parametrize(
    "fields",
    [
        *[{"label_smoothing": value} for value in (1.0, float("nan"), "0.1")],
        *[{"class_weights": value} for value in ((-1, 1), (0, 0), (float("inf"), 1), [[1, 2]])],
        *[{"class_weights": value} for value in ("even", {1: 2.0}, {"a": 2.0}, None)],
    ],
)
def test_absurd_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"CrossEntropy {next(iter(fields))} must be"):
        CrossEntropy(**fields)


@pytest.mark.parametrize("weights", [{0: 5.0, 1: 1.0}, {1: 1, 0: 5}, [5, 1], np.array([5.0, 1.0])])
def test_class_weights_by_class_as_array_or_list(weights: Any) -> None:
    assert CrossEntropy(class_weights=weights).class_weights == (5.0, 1.0)


def test_weights_for_other_classes_are_refused() -> None:
    with pytest.raises(HandgradError, match="2 class_weights; the data have 3 classes"):
        CrossEntropy(class_weights=(1, 2)).fitted(np.array([0, 1, 2]), 3)
