"""DataFrames with text columns, and the models that searches and pipelines contain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import handgrad as hg
from handgrad.data.rows import read_rows

COLUMNS = ("height", "soil=", "soil=clay", "soil=sand", "leaf=broad", "leaf=narrow")


Quick = Callable[..., hg.HandgradClassifier]


def columns(rows: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    return {
        "height": rng.normal(50, 9, rows),
        "soil": [("clay", "sand", None)[k % 3] for k in range(rows)],
        "leaf": [("broad", "narrow")[k % 2] for k in range(rows)],
    }


@pytest.fixture
def y() -> list[str]:
    return [("peony", "sage")[k % 2] for k in range(60)]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_each_category_is_an_input(quick: Quick, frame: Any, y: list[str], tmp_path: Path) -> None:
    X = frame(columns())
    classifier = quick(epochs=60, learning_rate=0.03).fit(X, y)
    assert classifier.feature_names_in_.tolist() == ["height", "soil", "leaf"]
    assert classifier.n_features_in_ == 3
    assert classifier.network_.features == COLUMNS
    assert classifier.score(X, y) == 1
    hg.save_model(classifier, tmp_path / "m.safetensors")
    pl.DataFrame(columns()).write_csv(tmp_path / "rows.csv")
    network = hg.load_model(tmp_path / "m.safetensors")
    rows = read_rows(tmp_path / "rows.csv", 6, network.features)
    assert network.predict_proba(rows.inputs).tobytes() == classifier.predict_proba(X).tobytes()


def test_pandas_and_polars_give_the_same_probabilities(quick: Quick, y: list[str]) -> None:
    classifier = quick().fit(pd.DataFrame(columns()).astype({"leaf": "category"}), y)
    probabilities = classifier.predict_proba(pl.DataFrame(columns()))
    assert (
        probabilities.tobytes()
        == quick().fit(pl.DataFrame(columns()), y).predict_proba(pd.DataFrame(columns())).tobytes()
    )


def test_categories_keep_their_order_and_unknown_ones_are_zero(quick: Quick, y: list[str]) -> None:
    X = pl.DataFrame(columns())
    classifier = quick().fit(X, y)
    alone = classifier.predict_proba(X[1:2])
    np.testing.assert_allclose(alone, classifier.predict_proba(X)[1:2], rtol=1e-6)
    peat = X[1:2].with_columns(soil=pl.lit("peat"))
    inputs = np.array([[X["height"][1], 0, 0, 0, 0, 1]])
    np.testing.assert_allclose(classifier.predict_proba(peat), classifier.network_.predict_proba(inputs))
    assert np.isfinite(cross_val_score(quick(), X, y, cv=3, error_score="raise")).all()


def test_warm_start_and_validation_have_the_same_categories(quick: Quick, y: list[str]) -> None:
    X = pl.DataFrame(columns())
    classifier = quick(early_stopping=True).fit(X, y, X_val=X[:7], y_val=y[:7])
    assert len(classifier.validation_loss_curve_ or ()) == 5
    classifier = quick(warm_start=True).fit(X, y).fit(X, y)
    whole = quick(epochs=10).fit(X, y)
    assert classifier.network_.flat_parameters.tobytes() == whole.network_.flat_parameters.tobytes()
    classifier = quick().partial_fit(X, y, classes=["peony", "sage"]).partial_fit(X[:3], y[:3])
    assert classifier.network_.features == COLUMNS


def test_other_tables_are_refused(quick: Quick, y: list[str]) -> None:
    X = pd.DataFrame(columns())
    classifier = quick().fit(X, y)
    for wrong, message in (
        (X.drop(columns="leaf"), "missing"),
        (X.rename(columns={"leaf": "blade"}), "blade"),
        (X[["height"]].assign(soil=1.0, leaf=2.0), "text in the column 'soil'"),
        (X.assign(height=np.nan), "NaN"),
        (X.assign(leaf=1.0), "column 'leaf' holds numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier.predict(wrong)
    with pytest.raises(ValueError, match="column 'day' holds datetime64"):
        quick().fit(X.assign(day=pd.Timestamp("2020-01-01")), y)
    with pytest.raises(ValueError, match="holds 150 different names"):
        quick().fit(pd.DataFrame({"a": [f"n{k}" for k in range(150)]}), [0, 1] * 75)


def test_searches_and_pipelines_are_saved_as_networks(quick: Quick, tmp_path: Path, y: list[str]) -> None:
    path, X = tmp_path / "m.safetensors", pl.DataFrame(columns())
    search = GridSearchCV(quick(), {"hidden": [(), (4,)]}, cv=2).fit(X, y)
    hg.save_model(search, path)
    assert (
        hg.load_model(path).flat_parameters.tobytes()
        == search.best_estimator_.network_.flat_parameters.tobytes()
    )
    numbers = X.select("height", other=pl.col("height") ** 2)
    for scaler in (
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        "passthrough",
    ):
        pipeline = make_pipeline(scaler, quick()).fit(numbers, y)
        hg.save_model(GridSearchCV(pipeline, {}, cv=2).fit(numbers, y), path)
        network = hg.load_model(path)
        np.testing.assert_allclose(
            network.predict_proba(numbers.to_numpy()), pipeline.predict_proba(numbers), atol=1e-12
        )


def test_models_that_cannot_be_saved_are_refused(quick: Quick, tmp_path: Path, y: list[str]) -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(hg.HandgradError, match="the step 'minmaxscaler', MinMaxScaler"):
        hg.export(make_pipeline(MinMaxScaler(), quick()).fit(X, y), tmp_path / "m.onnx", "onnx")
    with pytest.raises(hg.HandgradError, match="StandardScaler has no handgrad network"):
        hg.save_model(StandardScaler().fit(X), tmp_path / "m.safetensors")
    with pytest.raises(hg.HandgradError, match="a Network or a fitted classifier is needed; got 'mlp'"):
        hg.save_model("mlp", tmp_path / "m.safetensors")
    for unfitted in (quick(), GridSearchCV(quick(), {}), make_pipeline(StandardScaler(), quick())):
        with pytest.raises(NotFittedError):
            hg.export(unfitted, tmp_path / "m.h", "c")
    assert list(tmp_path.iterdir()) == []
