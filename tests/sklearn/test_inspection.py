"""scikit-learn's inspection: permutation importance and partial dependence."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.inspection import PartialDependenceDisplay, partial_dependence, permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from flowers import quick

RNG = np.random.default_rng(0)
AGE, NOISE = RNG.normal(50, 9, 200), RNG.normal(size=200)
SOIL = RNG.choice(["clay", "loam", "sand"], 200)
TABLE = pd.DataFrame({"age": AGE, "soil": SOIL, "noise": NOISE})
y = np.where((AGE > 50) ^ (SOIL == "clay"), "yes", "no")


def classifier(**options: Any) -> Any:
    return quick(epochs=20, learning_rate=0.03, **options)


@pytest.mark.parametrize("encoded", [False, True])
def test_inspection_of_a_table_with_text(encoded: bool) -> None:
    steps = [
        make_column_transformer((OneHotEncoder(), ["soil"]), (StandardScaler(), ["age", "noise"])),
    ]
    model = make_pipeline(*steps[:encoded], classifier()).fit(TABLE, y)
    age, soil, noise = permutation_importance(model, TABLE, y, n_repeats=2, random_state=0).importances_mean
    assert min(age, soil) > 0.2 > 0.1 > noise
    found = partial_dependence(
        model, TABLE, ["soil", "age"], categorical_features=["soil"], grid_resolution=4, kind="both"
    )
    assert found["grid_values"][0].tolist() == ["clay", "loam", "sand"]
    rises = np.diff(found["average"][0][:, [0, -1]]).ravel()
    assert (rises * [-1, 1, 1] > 0.4).all()
    expected = model.predict_proba(TABLE.assign(soil="loam", age=found["grid_values"][1][2]))[:, 1]
    np.testing.assert_allclose(found["individual"][0][:, 1, 2], expected)


def test_inspection_of_arrays_and_three_classes() -> None:
    inputs = np.column_stack([AGE, NOISE]).astype(np.float32)
    classes = np.digitize(AGE, [45, 55])
    model = classifier().fit(inputs, classes)
    scores = permutation_importance(
        model, inputs, classes, scoring="neg_log_loss", n_repeats=2, random_state=0
    )
    assert scores.importances_mean[0] > 0.2 > 0.1 > scores.importances_mean[1]
    average = partial_dependence(model, inputs, [0], grid_resolution=5, kind="average")["average"]
    np.testing.assert_allclose(average.sum(axis=0), 1, rtol=1e-5)
    assert average[:, [0, -1]].argmax(axis=0).tolist() == [0, 2]


@pytest.mark.slow
def test_partial_dependence_is_drawn() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    model = classifier().fit(TABLE, y)
    shown = PartialDependenceDisplay.from_estimator(
        model, TABLE, ["age", "soil", ("age", "noise")], categorical_features=["soil"], grid_resolution=5
    )
    assert len(shown.pd_results) == 3
