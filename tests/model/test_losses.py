"""Cross-entropy: its value, its gradient, and its sum over chunks."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.losses import cross_entropy
from numerical import numerical_gradient


def test_loss_of_even_logits_is_log_of_the_number_of_classes() -> None:
    loss, _ = cross_entropy(np.zeros((7, 10)), np.arange(7))
    assert loss == pytest.approx(np.log(10))


def test_gradient_against_differences() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(4, 3)), np.array([0, 2, 1, 1])
    _, dlogits = cross_entropy(logits, labels)
    numerical = numerical_gradient(lambda: cross_entropy(logits, labels)[0], logits)
    np.testing.assert_allclose(dlogits, numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("labels", [[-1, 0], [0, 3], [0], [[0, 1]]])
def test_labels_that_do_not_fit_are_refused(labels: list[int]) -> None:
    with pytest.raises(HandgradError, match="labels must be"):
        cross_entropy(np.zeros((2, 3)), np.array(labels))


def test_chunks_add_up_to_the_batch() -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(9, 3)), rng.integers(3, size=9)
    whole, dwhole = cross_entropy(logits, labels)
    parts = [cross_entropy(logits[rows], labels[rows], 9) for rows in (slice(0, 4), slice(4, 9))]
    assert sum(loss for loss, _ in parts) == pytest.approx(whole)
    np.testing.assert_allclose(np.concatenate([dlogits for _, dlogits in parts]), dwhole)
