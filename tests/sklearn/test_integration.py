"""The classifier in pipelines, searches, cross-validation and worker processes."""

import os

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import handgrad as hg
from flowers import X, quick, y
from handgrad.sklearn.parameters import usable_threads


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_grid_search_finds_the_same_with_two_workers(backend: str) -> None:
    grid = {"hidden": [(4,), (16, 8)], "optimizer": ["adam", hg.SGD()], "dropout": [0.0, 0.2]}
    with parallel_config(backend=backend):
        one, two = (GridSearchCV(quick(threads=1), grid, cv=2, n_jobs=jobs).fit(X, y) for jobs in (1, 2))
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert one.best_params_ == two.best_params_


def test_joblib_workers_share_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    everything = usable_threads(None)
    assert everything == len(os.sched_getaffinity(0))
    for share, expected in (("1", 1), ("9999", everything), ("many", everything), ("0", 1)):
        monkeypatch.setenv("OMP_NUM_THREADS", share)
        assert usable_threads(None) == expected
    assert usable_threads(3) == 3


def test_pipeline_transforms_validation_data() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = quick(epochs=30, early_stopping=True).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline([("scale", StandardScaler()), ("net", classifier)], transform_input=["X_val"])
        pipeline.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    score = pipeline.score(X[1::2], y[1::2])
    assert pipeline["net"].best_validation_score_ == pytest.approx(score)
    assert score > 0.8


def test_multiple_labels_and_calibration() -> None:
    calibrated = CalibratedClassifierCV(quick(epochs=30), cv=2).fit(X, y, sample_weight=np.ones(len(y)))
    assert calibrated.score(X, y) > 0.85
    labels = np.column_stack([y == "rose", y != "iris"]).astype(int)
    assert (OneVsRestClassifier(quick(epochs=30)).fit(X, labels).predict(X) == labels).mean() > 0.9
