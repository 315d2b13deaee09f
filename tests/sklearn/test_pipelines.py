"""Fitted pipelines are exported whole: network, model file and ONNX predict what the pipeline predicts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

import handgrad as hg
from failing import refusal
from flowers import quick
from handgrad.data.tables import read_rows
from handgrad.model.files import network_of
from handgrad.training.evaluation import form_of

RNG = np.random.default_rng(3)
ROWS = 90
GAP = np.where(RNG.random(ROWS) < 0.2, np.nan, RNG.exponential(5, ROWS))
TABLE = {
    "age": RNG.normal(50, 9, ROWS),
    "time": RNG.normal(1.7e9, 30, ROWS),
    "gap": GAP,
    "soil": RNG.choice(["clay", "loam", "peat", "sand"], ROWS, p=[0.4, 0.3, 0.1, 0.2]),
    "rooms": RNG.integers(1, 5, ROWS),
    "leaf": np.array(["broad", "narrow", None])[RNG.integers(3, size=ROWS)],
}
X = pd.DataFrame(TABLE)
LABELS = RNG.choice(["iris", "lily", "rose"], ROWS)
NUMBERS, TEXTS = ["age", "time"], ["soil", "leaf"]


def columns(*parts: Any, **options: Any) -> ColumnTransformer:
    return make_column_transformer(*parts, **options)


def encoder(**options: Any) -> OneHotEncoder:
    return OneHotEncoder(**{"handle_unknown": "ignore"} | options)


def most_frequent(frame: Any) -> SimpleImputer:
    """Return an imputer of text, which is missing as NaN in pandas and as None in Polars."""
    missing = np.nan if frame is pd.DataFrame else None
    return SimpleImputer(missing_values=missing, strategy="most_frequent")


def texts(frame: Any) -> Any:
    """Select the columns of text; scikit-learn's selector supports pandas only."""
    return make_column_selector("soil|leaf") if frame is pd.DataFrame else lambda table: TEXTS


def raw_inputs(network: hg.Network, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return rows as a network takes them."""
    assert network.scaling
    inputs = []
    for feature, shift in zip(network.features, network.scaling.shift, strict=True):
        name, equals, category = feature.partition("=")
        cells = rows[name]
        if equals:
            inputs.append(cells.fillna("").astype(str) == category if category else cells.isna())
        else:
            inputs.append(cells.fillna(shift))
    return np.array(inputs, np.float64).T


def run_onnx(path: Path, rows: pd.DataFrame, output: str = "probabilities") -> NDArray[np.floating[Any]]:
    """Return what onnxruntime computes from columns."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {each.name: rows[[each.name]] for each in session.get_inputs()}
    texts = {each.name for each in session.get_inputs() if each.type == "tensor(string)"}
    feed = {
        name: cells.fillna("").astype(str).to_numpy(object) if name in texts else cells.to_numpy(np.float64)
        for name, cells in inputs.items()
    }
    return session.run([output], feed)[0]


STEPS: dict[str, Callable[[Any], Any]] = {
    "names": lambda frame: columns(
        (StandardScaler(), NUMBERS), (SimpleImputer(), ["age"]), (encoder(drop="first"), ["soil", "rooms"])
    ),
    "nested": lambda frame: columns(
        (
            make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
            ["gap", "age"],
        ),
        (make_pipeline(most_frequent(frame), encoder()), TEXTS),
        sparse_threshold=1,
    ),
    "positions": lambda frame: columns(
        (MinMaxScaler((-1, 3)), slice(0, 2)),
        (encoder(min_frequency=12, handle_unknown="infrequent_if_exist"), [3, 5]),
        (StandardScaler(with_mean=False), [True, False, False, False, True, False]),
    ),
    "selectors": lambda frame: columns(
        (make_pipeline(SimpleImputer(strategy="constant", fill_value=-3), StandardScaler()), ["gap"]),
        (encoder(max_categories=3), texts(frame)),
        (RobustScaler(with_centering=False), lambda frame: ["time"]),
        remainder="passthrough",
    ),
    "twice": lambda frame: make_pipeline(
        columns(
            (SimpleImputer(add_indicator=True), ["gap"]), (MaxAbsScaler(), ["gap", "age"]), ("drop", TEXTS)
        ),
        SimpleImputer(strategy="constant"),
        StandardScaler(with_std=False),
    ),
    "remainder": lambda frame: columns(
        (encoder(drop="if_binary"), TEXTS),
        ("drop", ["gap"]),
        (OneHotEncoder(), ["rooms"]),
        remainder=StandardScaler(),
    ),
}


@pytest.mark.filterwarnings("ignore:Found unknown categories", "ignore:Skipping features")
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("steps", STEPS)
def test_exports_predict_as_the_pipeline(steps: str, frame: Any, tmp_path: Path) -> None:
    pipeline = make_pipeline(STEPS[steps](frame), quick(learning_rate=0.1)).fit(frame(TABLE), LABELS)
    cells = {name: RNG.permutation(values) for name, values in TABLE.items()}
    cells["soil"] = np.where(RNG.random(ROWS) < 0.1, "chalk", cells["soil"])
    rows = pd.DataFrame(cells)
    expected = pipeline.predict_proba(frame(cells))
    hg.save_model(pipeline, tmp_path / "model.safetensors")
    network = hg.load_model(tmp_path / "model.safetensors")
    np.testing.assert_allclose(network.predict_proba(raw_inputs(network, rows)), expected, atol=1e-9)
    if frame is pd.DataFrame:
        hg.export(pipeline, tmp_path / "model.onnx")
        np.testing.assert_allclose(run_onnx(tmp_path / "model.onnx", rows), expected, atol=1e-5)


@pytest.mark.parametrize("steps", ["nested", "selectors"])
def test_model_files_take_the_rows_of_a_table(steps: str, tmp_path: Path) -> None:
    pipeline = make_pipeline(STEPS[steps](pd.DataFrame), quick()).fit(X, LABELS)
    hg.save_model(pipeline, tmp_path / "m.safetensors")
    network = hg.load_model(tmp_path / "m.safetensors")
    names = {feature.partition("=")[0] for feature in network.features}
    X[[name for name in X.columns if name in names]].to_csv(tmp_path / "rows.csv", index=False)
    inputs, _, _ = read_rows(tmp_path / "rows.csv", replace(form_of(network), dtype=np.float64))
    np.testing.assert_allclose(network.predict_proba(inputs), pipeline.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_other_tasks(task: str, tmp_path: Path) -> None:
    rows, targets = X[["age", "soil"]], np.array([TABLE["age"] > 50, TABLE["rooms"]], float).T
    if task == "regression":
        model: Any = hg.HandgradRegressor(hidden=4, epochs=3, random_state=0)
        output, method = "predictions", "predict"
    else:
        model, targets, output, method = quick(), targets > 1, "probabilities", "predict_proba"
    pipeline = make_pipeline(columns((StandardScaler(), ["age"]), (encoder(), ["soil"])), model).fit(
        rows, targets
    )
    expected = getattr(pipeline, method)(rows)
    network = network_of(pipeline)
    assert network.task == task
    np.testing.assert_allclose(getattr(network, method)(raw_inputs(network, rows)), expected)
    hg.export(pipeline, tmp_path / "m.onnx")
    np.testing.assert_allclose(run_onnx(tmp_path / "m.onnx", rows, output), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        ([StandardScaler()], {}),
        ([None, MinMaxScaler(), "passthrough"], {"scaling": None, "dtype": "float32"}),
        ([RobustScaler()], {"layers": [hg.Conv2D(2, kernel_size=2), hg.Flatten()], "input_shape": (1, 2, 2)}),
        ([FunctionTransformer()], {"hidden": ()}),
        ([Pipeline([("scale", StandardScaler()), ("more", MaxAbsScaler())])], {}),
    ],
)
def test_scaled_arrays(steps: Any, options: dict[str, Any], tmp_path: Path) -> None:
    inputs = np.random.default_rng(4).normal([0, 1e6, -3, 5], [1, 10, 0.01, 2], (60, 4))
    pipeline = make_pipeline(*steps, GridSearchCV(quick(epochs=2, **options), {"batch_size": [8]}, cv=2))
    search = GridSearchCV(pipeline, {}, cv=2).fit(inputs, LABELS[:60])
    network, expected = network_of(search), search.predict_proba(inputs)
    assert network.features == ()
    assert network.input_shape == search.best_estimator_[-1].best_estimator_.network_.input_shape
    np.testing.assert_allclose(network.predict_proba(inputs), expected, atol=1e-6)


def test_missing_numbers_of_arrays_are_named(tmp_path: Path) -> None:
    inputs = np.column_stack([TABLE["age"], TABLE["gap"]])
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), quick()).fit(inputs, LABELS)
    hg.export(pipeline, tmp_path / "m.onnx")
    assert hg.load_model(tmp_path / "m.onnx").features == ("x0", "x0=", "x1", "x1=")
    probabilities = run_onnx(tmp_path / "m.onnx", pd.DataFrame(inputs, columns=["x0", "x1"]))
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(inputs), atol=1e-5)


NUMERIC = X[["age", "rooms", "gap"]]
SPACES = pd.DataFrame({"soil": ["clay", " clay"] * 45})
DAYS = np.array(["2026-11-30", "2026-12-01"] * 45, "datetime64[s]").astype(object)
NONE = pd.DataFrame({"soil": ["clay", None, np.nan] * 30}, dtype=object)


@pytest.mark.parametrize(
    ("steps", "rows", "message"),
    [
        ([SimpleImputer(), PCA(2)], NUMERIC, "PCA(n_components=2) cannot be exported"),
        ([columns((PCA(1), ["age", "rooms"]))], NUMERIC, "PCA(n_components=1) cannot be exported"),
        (
            [columns((MinMaxScaler(clip=True), ["age"]))],
            NUMERIC,
            "MinMaxScaler(clip=True) cannot be exported",
        ),
        (
            [columns((FunctionTransformer(np.log), ["age"]))],
            NUMERIC,
            "FunctionTransformer(func=<ufunc 'log'>)",
        ),
        ([SimpleImputer(missing_values=3)], NUMERIC[["rooms"]], "SimpleImputer(missing_values=3) cannot"),
        (
            [columns((encoder(), ["rooms"]), (StandardScaler(), ["rooms"]))],
            NUMERIC,
            "'rooms' is a number and enc",
        ),
        (
            [encoder(sparse_output=False), OneHotEncoder()],
            NUMERIC[["rooms"]],
            "OneHotEncoder() cannot be exported",
        ),
        ([encoder()], SPACES, "'soil' has the category ' clay' with spaces"),
        ([encoder()], pd.DataFrame({"day": DAYS}), "datetime"),
        ([encoder()], NONE, "nan and None, which are the same as text"),
        (
            [ColumnTransformer([("a", StandardScaler(), ["age"])], transformer_weights={"a": 2})],
            NUMERIC,
            "ColumnTr",
        ),
        ([columns(("passthrough", TEXTS)).set_output(transform="pandas")], X, "put a OneHotEncoder"),
        ([columns((encoder(), ["a=b"]))], X.rename(columns={"soil": "a=b"}), "has '=' in its name"),
    ],
)
def test_other_steps_are_refused_by_name(steps: Any, rows: Any, message: str, tmp_path: Path) -> None:
    pipeline = make_pipeline(*steps, quick(epochs=1)).fit(rows, LABELS)
    assert message in refusal(hg.save_model, pipeline, tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []
