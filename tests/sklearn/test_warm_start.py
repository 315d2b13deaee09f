"""Warm starts and partial fits."""

import pickle
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import handgrad as hg
from flowers import X, quick, y


def resumable(**parameters: Any) -> hg.HandgradClassifier:
    usual = {"hidden": 16, "warm_start": True, "random_state": 0, "tol": None, "batch_size": 32}
    return hg.HandgradClassifier(**usual | parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"random_state": np.random.RandomState(7), "validation_fraction": 0.2},
        {"dropout": 0.3, "optimizer": "muon"},
        {"early_stopping": True, "patience": 50},
        {"early_stopping": True, "patience": 1, "learning_rate": 0.1},
        {"averaging": hg.ExponentialAverage(0.9)},
        {"tol": 0.05, "patience": 2},
        {"batch_size": "all"},
    ],
)
def test_epochs_in_two_calls_are_the_same_as_in_one(parameters: dict[str, Any]) -> None:
    twice = pickle.loads(pickle.dumps(resumable(epochs=3, **deepcopy(parameters)).fit(X, y)))
    once = resumable(epochs=8, **parameters).fit(X, y)
    twice.set_params(epochs=5).fit(X, y)
    np.testing.assert_array_equal(twice.predict_proba(X), once.predict_proba(X))
    assert twice.loss_curve_ == once.loss_curve_
    assert twice.best_epoch_ == once.best_epoch_
    assert twice.validation_scores_ == once.validation_scores_


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ({"early_stopping": False, "averaging": None}, 150),
        ({"monitor": "validation_accuracy", "averaging": None}, 150),
        ({"optimizer": "muon"}, 150),
        ({"averaging": None}, 90),
        ({}, 90),
    ],
)
def test_other_parameters_or_data_continue_from_the_result(change: dict[str, Any], rows: int) -> None:
    usual: dict[str, Any] = {"patience": 5, "epochs": 99, "learning_rate": 0.05, "averaging": "last_epochs"}
    classifier = resumable(early_stopping=True, **usual).fit(X, y)
    result, epochs = classifier.network_.flat_parameters.copy(), len(classifier.records_)
    assert classifier.best_epoch_ == epochs - 5
    classifier.set_params(epochs=1, learning_rate=1e-9, **change).fit(X[:rows], y[:rows])
    np.testing.assert_allclose(classifier.network_.flat_parameters, result, atol=1e-6)
    assert (classifier.n_iter_, len(classifier.records_)) == (1, epochs + 1)
    assert classifier.best_epoch_ == (epochs + 1 if classifier.early_stopping else None)


def test_time_limit_ends_with_the_epoch_and_is_continued_exactly() -> None:
    limited = resumable(time_limit=1e-9).fit(X, y)
    assert limited.n_iter_ == 1
    limited.set_params(time_limit=None, epochs=4).fit(X, y)
    np.testing.assert_array_equal(limited.predict_proba(X), resumable(epochs=5).fit(X, y).predict_proba(X))


def test_after_a_plateau_there_are_no_more_epochs() -> None:
    classifier = resumable(tol=10.0, patience=2, epochs=9).fit(X, y)
    assert classifier.n_iter_ == 3
    assert classifier.fit(X, y).n_iter_ == 0
    assert len(classifier.records_) == 3
    assert quick(tol=None, patience=4, epochs=50).fit(X, y).n_iter_ == 50


def test_warm_start_with_other_classes_layers_or_inputs_is_refused() -> None:
    classifier = resumable(epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"unseen labels.*oak"):
        classifier.fit(X, np.where(y == "rose", "oak", y))
    with pytest.raises(ValueError, match="X has 3 features, but HandgradClassifier is expecting 4"):
        classifier.fit(X[:, :3], y)
    with pytest.raises(hg.HandgradError, match="layers differ"):
        clone(classifier).fit(X, y).set_params(hidden=9).fit(X, y)


@pytest.mark.parametrize(
    ("examples", "weight", "change"),
    [(149, 1.0, {}), (150, -1.0, {}), (150, 1.0, {"batch_size": 0}), (150, 1.0, {"class_weight": "even"})],
)
def test_a_refused_fit_changes_nothing(examples: int, weight: float, change: dict[str, Any]) -> None:
    classifier = resumable(warm_start=False).fit(X, y)
    before = classifier.predict(X)
    others = np.array(["oak", "elm"])[np.arange(examples) % 2]
    with pytest.raises(ValueError, match=r"weight|inconsistent|batch_size"):
        classifier.set_params(**change).fit(X, others, np.full(len(y), weight))
    np.testing.assert_array_equal(classifier.predict(X), before)


def test_partial_fits_learn() -> None:
    classifier = resumable(learning_rate=0.01)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        classifier.partial_fit(X, y)
    for _ in range(30):
        for part in range(3):  # a class at a time
            classifier.partial_fit(X[part::3], y[part::3], classes=np.unique(y))
    assert classifier.score(X, y) > 0.9
    assert (classifier.n_iter_, len(classifier.records_)) == (1, 90)
    weights = np.linspace(0, 2, 150)  # the mean is 1
    once = resumable(epochs=1).fit(X, y, weights)
    part = clone(once).partial_fit(X, y, np.unique(y), weights)
    np.testing.assert_array_equal(part.predict_proba(X), once.predict_proba(X))


def test_a_first_batch_that_is_not_like_the_others_does_not_determine_the_scaling() -> None:
    inputs, labels = np.tile(X, (7, 1))[:1000], np.tile(y, 7)[:1000]
    inputs = inputs + np.random.default_rng(0).normal(size=inputs.shape) * X.std(axis=0)
    for spread in (0, 1e-3):
        first = inputs[0] + (inputs[:20] - inputs[0]) * spread
        scores = []
        for size in (20, 200):
            classifier = resumable(batch_size=20, learning_rate=0.01)
            classifier.partial_fit(first, labels[:20], classes=np.unique(y))
            for start in range(20, 1000, size):
                classifier.partial_fit(inputs[start : start + size], labels[start : start + size])
            scores.append(classifier.score(inputs[20:], labels[20:]))
        assert scores[0] > scores[1] - 0.02 > 0.7


@pytest.mark.parametrize(
    ("parameters", "label", "classes", "message"),
    [
        ({}, "oak", None, "previously unseen labels.*oak"),
        ({}, "iris", ["iris", "oak"], "differ from those of the last call"),
        ({"early_stopping": True}, "iris", None, "does not support early_stopping"),
        ({"validation_fraction": 0.1}, "iris", None, "does not support validation_fraction"),
        ({"schedule": "cosine"}, "iris", None, "does not support schedule"),
        ({"averaging": hg.LastEpochs()}, "iris", None, "does not support averaging"),
        ({"class_weight": "balanced"}, "iris", None, "cannot balance"),
    ],
)
def test_invalid_partial_fits(parameters: dict[str, Any], label: str, classes: Any, message: str) -> None:
    classifier = resumable().partial_fit(X, y, classes=["iris", "lily", "rose"])
    with pytest.raises(ValueError, match=message):
        classifier.set_params(**parameters).partial_fit(X[:1], [label], classes=classes)
