"""The classifier on examples that may have any number of labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

import handgrad as hg
from flowers import LABELS, X, quick

Y = np.column_stack([LABELS == 0, LABELS != 1, LABELS == 2, LABELS > 9]).astype(int)  # nothing has the last


@pytest.mark.parametrize("labels", [Y, Y.astype(bool), Y.tolist(), csr_array(Y), Y.astype(float)])
def test_several_labels_are_learned(labels: Any, tmp_path: Path) -> None:
    classifier = quick(epochs=40).fit(X, labels, X_val=X, y_val=labels)
    predictions, probabilities = classifier.predict(X), classifier.predict_proba(X)
    assert classifier.classes_.tolist() == [0, 1, 2, 3]
    assert (predictions == Y).mean() == pytest.approx((classifier.validation_scores_ or [0])[-1])
    assert classifier.score(X, Y) > 0.9
    np.testing.assert_array_equal(predictions, probabilities > 0.5)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(X)), probabilities, rtol=1e-6)
    hg.save_model(classifier, tmp_path / "m.safetensors")
    network = hg.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(network.predict(X), predictions)
    np.testing.assert_array_equal(network.predict_proba(X), probabilities)


def test_labels_have_the_names_of_their_columns() -> None:
    frame = pd.DataFrame(Y, columns=["round", "tall", "red", "blue"])
    assert quick(epochs=1).fit(X, frame).network_.classes == ("round", "tall", "red", "blue")


def test_labels_continue_and_stop_early() -> None:
    first = quick().partial_fit(X, Y).partial_fit(X[:1], Y[:1], classes=range(4))
    np.testing.assert_array_equal(
        quick().partial_fit(X, Y, classes=range(4)).predict(X), quick(epochs=1).fit(X, Y).predict(X)
    )
    assert len(first.records_) == 2
    assert quick(early_stopping=True).fit(X, Y).best_epoch_
    assert quick().fit(X[:3], np.eye(3, 7)).predict(X[:3]).shape == (3, 7)


@pytest.mark.parametrize(
    ("labels", "parameters", "message"),
    [
        (2 * Y, {}, "only 0 and 1"),
        (Y[:, :3], {}, "fitted to 4 labels per example; this y has 3 labels"),
        (LABELS, {}, "fitted to 4 labels per example; this y has one class per example"),
        (Y, {"class_weight": "balanced"}, "class_weight needs one class"),
        (Y, {"label_smoothing": 0.1}, "label_smoothing needs one class"),
    ],
)
def test_other_labels_are_refused(labels: Any, parameters: dict[str, Any], message: str) -> None:
    classifier = quick(epochs=1, warm_start=True).fit(X, Y)
    before = classifier.predict_proba(X)
    with pytest.raises(hg.HandgradError, match=message):
        classifier.set_params(**parameters).fit(X, labels)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)
