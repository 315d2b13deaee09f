"""DataFrames, with text columns, and the models that searches contain."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import handgrad as hg
from flowers import quick
from handgrad.data.form import Form
from handgrad.data.tables import read_rows

COLUMNS = ("height", "soil=", "soil=clay", "soil=sand", "leaf=broad", "leaf=narrow")
TABLE: dict[str, Any] = {
    "height": np.random.default_rng(2).normal(50, 9, 60),
    "soil": [("clay", "sand", None)[k % 3] for k in range(60)],
    "leaf": [("broad", "narrow")[k % 2] for k in range(60)],
}
LABELS = [("peony", "sage")[k % 2] for k in range(60)]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_each_category_is_an_input(frame: Any, tmp_path: Path) -> None:
    X = frame(TABLE)
    classifier = quick(epochs=60, learning_rate=0.03).fit(X, LABELS)
    assert classifier.feature_names_in_.tolist() == ["height", "soil", "leaf"]
    assert classifier.n_features_in_ == 3
    assert classifier.network_.features == COLUMNS
    assert classifier.score(X, LABELS) == 1
    hg.save_model(classifier, tmp_path / "m.safetensors")
    pl.DataFrame(TABLE).write_csv(tmp_path / "rows.csv")
    network = hg.load_model(tmp_path / "m.safetensors")
    inputs, _, _ = read_rows(tmp_path / "rows.csv", Form(features=network.features))
    assert network.predict_proba(inputs).tobytes() == classifier.predict_proba(X).tobytes()
    assert quick().fit(X[["height"]], pd.Series(LABELS)).network_.features == ("height",)


def test_categories_keep_their_order_and_unknown_ones_are_zero() -> None:
    X = pl.DataFrame(TABLE)
    classifier = quick().fit(X, LABELS)
    alone = classifier.predict_proba(X[1:2])
    np.testing.assert_allclose(alone, classifier.predict_proba(X)[1:2], rtol=1e-6)
    peat = X[1:2].with_columns(soil=pl.lit("peat"))
    inputs = np.array([[X["height"][1], 0, 0, 0, 0, 1]])
    np.testing.assert_allclose(classifier.predict_proba(peat), classifier.network_.predict_proba(inputs))
    assert np.isfinite(cross_val_score(quick(), X, LABELS, cv=3, error_score="raise")).all()


def test_warm_start_and_validation_have_the_same_categories() -> None:
    X = pl.DataFrame(TABLE)
    classifier = quick(early_stopping=True).fit(X, LABELS, X_val=X[:7], y_val=LABELS[:7])
    assert len(classifier.validation_scores_ or ()) == 5
    classifier = quick(warm_start=True).fit(X, LABELS).fit(X, LABELS)
    whole = quick(epochs=10).fit(X, LABELS)
    assert classifier.network_.flat_parameters.tobytes() == whole.network_.flat_parameters.tobytes()
    classifier = quick().partial_fit(X, LABELS, classes=["peony", "sage"]).partial_fit(X[:3], LABELS[:3])
    assert classifier.network_.features == COLUMNS


def test_other_tables_are_refused() -> None:
    X = pd.DataFrame(TABLE)
    classifier = quick().fit(X, LABELS)
    for wrong, message in (
        (X.drop(columns="leaf"), "missing|2 features|feature names"),
        (X.rename(columns={"leaf": "blade"}), "blade"),
        (X[["height"]].assign(soil=1.0, leaf=2.0), "column 'soil' does not hold names"),
        (X.assign(height=np.nan), "NaN"),
        (X.assign(leaf=1.0), "column 'leaf' does not hold names"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier.predict(wrong)
    numbered = quick().fit(X.set_axis(range(3), axis=1), LABELS)
    for rows in (np.ones((2, 3)), pd.DataFrame(np.ones((2, 3)))):
        with pytest.raises(ValueError, match="column '1' does not hold names"):
            numbered.predict(rows)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([f"n{k}" for k in range(150)], "holds 150 different names"),
        (np.arange(150).astype("datetime64[s]"), "column 'other' holds datetime64"),
        (np.arange(150).astype("timedelta64[s]"), "column 'other' holds timedelta64"),
        (np.full(150, 1j), "column 'other' holds complex128, not numbers or text"),
    ],
)
def test_other_columns_are_refused(column: Any, message: str) -> None:
    frame = pd.DataFrame({"soil": ["clay", "sand"] * 75, "other": column})
    with pytest.raises(ValueError, match=message):
        quick().fit(frame, [0, 1] * 75)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8"])
def test_numbers_beside_text_keep_their_type(dtype: str) -> None:
    X = pd.DataFrame(TABLE).astype({"height": dtype})
    classifier = quick().fit(X, LABELS)
    expected = "float32" if dtype == "float32" else "float64"
    assert classifier.network_.dtype == classifier.predict_proba(X).dtype == expected


def test_classifiers_and_searches_are_saved_and_nothing_else(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    for model in (
        make_pipeline(StandardScaler(), quick()),
        make_pipeline(StandardScaler(), GaussianNB()).fit(X, LABELS),
        StandardScaler().fit(X),
        "mlp",
        quick(),
        GridSearchCV(quick(), {}),
    ):
        with pytest.raises(
            hg.HandgradError,
            match="a fitted Handgrad estimator is needed, alone or at the end of a pipeline",
        ):
            hg.export(model, tmp_path / "m.h")
    assert list(tmp_path.iterdir()) == []
    search = GridSearchCV(quick(), {"hidden": [(), (4,)]}, cv=2).fit(X, LABELS)
    hg.save_model(search, tmp_path / "m.safetensors")
    saved, best = hg.load_model(tmp_path / "m.safetensors"), search.best_estimator_.network_
    assert saved.flat_parameters.tobytes() == best.flat_parameters.tobytes()
