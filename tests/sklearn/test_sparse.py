"""Estimators on sparse inputs, which stay sparse."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

import handgrad as hg
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.scaling import Scaling

EXAMPLES = 200
CATEGORIES = np.random.default_rng(0).integers(0, 12, (EXAMPLES, 3))
X = OneHotEncoder().fit_transform(CATEGORIES)
X.data *= np.repeat(np.arange(1.0, EXAMPLES + 1), 3)  # each number of its own size
y = (CATEGORIES[:, 0] % 3).astype(str)
NUMBERS = CATEGORIES[:, :2] / 12
USUAL: dict[str, Any] = {
    "hidden": 16,
    "epochs": 5,
    "learning_rate": 0.01,
    "random_state": 0,
    "batch_size": 50,
}


def no_array(rows: SparseRows) -> Any:
    raise AssertionError(f"{rows.shape} became dense")


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (hg.HandgradClassifier, y),
        (hg.HandgradClassifier, CATEGORIES[:, :2] > 5),
        (hg.HandgradRegressor, NUMBERS),
        (hg.HandgradRegressor, NUMBERS[:, 0]),
    ],
)
@pytest.mark.parametrize(
    "parameters", [{}, {"early_stopping": True}, {"scaling": None, "dtype": "float32"}, {"warm_start": True}]
)
def test_all_tasks_on_every_form(kind: Any, labels: Any, parameters: dict[str, Any]) -> None:
    estimator = kind(**USUAL | parameters)
    with patch.object(SparseRows, "toarray", no_array):
        estimator.fit(sparse.csc_matrix(X), labels)
        if "warm_start" in parameters:
            estimator.fit(X, labels)
        predicted = estimator.predict(X.tocoo())
        assert np.isfinite(estimator.score(X, labels))
    same = kind(**USUAL | parameters | ({"epochs": 10} if "warm_start" in parameters else {}))
    same.fit(X.toarray(), labels) if parameters.get("scaling", 1) is None else same.fit(X, labels)
    np.testing.assert_allclose(same.predict(X.toarray()).astype(float), predicted.astype(float), atol=1e-4)


def test_rare_inputs_are_not_magnified_and_zeros_stay() -> None:
    scaling: Any = hg.HandgradClassifier(**USUAL).fit(X, y).network_.scaling
    assert not scaling.shift.any()
    np.testing.assert_array_equal(scaling.divisor, Scaling.learned(SparseRows.of(X)).divisor)


@pytest.mark.parametrize("sparse_first", [True, False])
def test_dense_and_sparse_data_may_take_turns(sparse_first: bool) -> None:
    forms = [X, X.toarray()] if sparse_first else [X.toarray(), X]
    results: list[Any] = []
    for validation in forms:  # X_val has the form of X
        estimator = hg.HandgradClassifier(**USUAL).fit(forms[0], y, X_val=validation, y_val=y)
        results.append([record.validation_loss for record in estimator.records_])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)
    turns, same = (hg.HandgradClassifier(**USUAL) for _ in range(2))
    for k in range(4):
        rows = slice(50 * k, 50 * k + 50)
        turns.partial_fit(forms[k % 2][rows], y[rows], np.unique(y))
        same.partial_fit(forms[0][rows], y[rows], np.unique(y))
    np.testing.assert_allclose(turns.predict_proba(X), same.predict_proba(X.toarray()), rtol=1e-3)


def test_integers_zeros_duplicates_and_empty_rows_are_as_usual() -> None:
    counts = sparse.coo_array((CATEGORIES.ravel(), (np.repeat(np.arange(EXAMPLES), 3), CATEGORIES.ravel())))
    assert (counts.data == 0).any()
    counts.resize(EXAMPLES + 5, 12)
    labels = [*y, *y[:5]]
    expected = hg.HandgradClassifier(**USUAL).fit(counts.astype(float).tocsr(), labels).predict_proba(counts)
    for kind in (np.int64, np.uint8, np.int8):
        matrix = counts.astype(kind)
        before = matrix.data.copy(), [index.copy() for index in matrix.coords]
        found = hg.HandgradClassifier(**USUAL, dtype="float64").fit(matrix, labels).predict_proba(matrix)
        np.testing.assert_allclose(found, expected, rtol=1e-4)
        np.testing.assert_array_equal(before[0], matrix.data)
        np.testing.assert_array_equal(before[1], matrix.coords)


def test_sparse_columns_of_a_frame() -> None:
    names = [f"c{k}" for k in range(X.shape[1])]
    frame = pd.DataFrame.sparse.from_spmatrix(X, columns=names)
    with patch.object(SparseRows, "toarray", no_array):
        classifier = hg.HandgradClassifier(**USUAL).fit(frame, y)
        found = classifier.predict_proba(frame)
    assert classifier.network_.features == tuple(names)
    np.testing.assert_array_equal(found, hg.HandgradClassifier(**USUAL).fit(X, y).predict_proba(X))


@pytest.mark.parametrize(
    ("matrix", "parameters", "message"),
    [
        (X * np.nan, {}, "contains NaN"),
        (X * np.inf, {}, "infinity"),
        (X * 1j, {}, "Complex data not supported"),
        (X * 1e200, {}, "too large"),
        (X * 1e300, {"scaling": None, "dtype": "float32"}, "before the first step"),
        (X, {"augmentation": hg.Augmentation(shift=1)}, "augmentation deforms images"),
        (X, {"input_shape": (1, 6, 5)}, "30 inputs; X has 36"),
    ],
)
def test_invalid_data(matrix: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hg.HandgradClassifier(**USUAL | parameters).fit(matrix, y)
    classifier = hg.HandgradClassifier(**USUAL, scaling=Scaling.of_bytes()).fit(X, y)
    with pytest.raises(ValueError, match="36 features"):
        classifier.predict(X[:, :3])


def test_images_may_be_sparse() -> None:
    layers = [hg.Conv2D(4), hg.ReLU(), hg.Flatten()]
    classifier = hg.HandgradClassifier(
        layers=layers, input_shape=(1, 6, 6), augmentation=hg.Augmentation(shift=1), epochs=2, random_state=0
    )
    assert np.isfinite(classifier.fit(X, y).predict_proba(X[:50])).all()
