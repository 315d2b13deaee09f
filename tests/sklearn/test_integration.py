"""The classifier in pipelines, searches, cross-validation and worker processes."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import handgrad as hg
from fixture_types import Examples
from handgrad.sklearn.parameters import usable_threads

Quick = Callable[..., hg.HandgradClassifier]


def test_pipeline_of_mixed_columns(quick: Quick, flowers: Examples) -> None:
    X, y = flowers
    table = pd.DataFrame(X.copy(), columns=["a", "b", "c", "d"])
    table.loc[::7, "a"] = np.nan
    table["colour"] = np.where(y == "rose", "red", "white")
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["a", "b", "c", "d"]),
        (OneHotEncoder(), ["colour"]),
    )
    pipeline = make_pipeline(columns, quick(epochs=30)).fit(table, y)
    assert pipeline.score(table, y) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_grid_search_finds_the_same_with_two_workers(quick: Quick, flowers: Examples, backend: str) -> None:
    X, y = flowers
    grid = {"hidden": [(4,), (16, 8)], "optimizer": ["adam", hg.SGD()], "dropout": [0.0, 0.2]}
    searches = [GridSearchCV(quick(epochs=5, threads=1), grid, cv=2, n_jobs=n) for n in (1, 2)]
    with parallel_config(backend=backend):
        for search in searches:
            search.fit(X, y)
    one, two = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(one, two)
    assert searches[0].best_params_ == searches[1].best_params_


def test_joblib_workers_share_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    everything = usable_threads(None)
    assert everything == len(os.sched_getaffinity(0))
    for share, expected in (("1", 1), ("9999", everything), ("many", everything), ("0", everything)):
        monkeypatch.setenv("OMP_NUM_THREADS", share)
        assert usable_threads(None) == expected
    assert usable_threads(3) == 3


def test_pipeline_transforms_validation_data(quick: Quick, flowers: Examples) -> None:
    X, y = flowers
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = quick(epochs=30, early_stopping=True).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline([("scale", StandardScaler()), ("net", classifier)], transform_input=["X_val"])
        pipeline.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    fitted = pipeline["net"]
    assert fitted.best_validation_score_ == pytest.approx(pipeline.score(X[1::2], y[1::2]))
    assert fitted.best_validation_score_ > 0.8


def test_meta_estimators(quick: Quick, flowers: Examples) -> None:
    X, y = flowers
    assert cross_val_score(quick(epochs=30), X, y, cv=3).mean() > 0.85
    calibrated = CalibratedClassifierCV(quick(epochs=30), cv=2).fit(X, y, sample_weight=np.ones(len(y)))
    assert calibrated.score(X, y) > 0.85
    labels = np.column_stack([y == "rose", y != "iris"]).astype(int)
    assert (OneVsRestClassifier(quick(epochs=30)).fit(X, labels).predict(X) == labels).mean() > 0.9
