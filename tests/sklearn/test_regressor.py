"""The regressor: one target and several, losses, weights, and partial fits."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

import handgrad as hg
from flowers import NOISE, X

TARGETS = 1e6 + 1000 * np.column_stack([NOISE[:, 0] - NOISE[:, 1] ** 2, NOISE[:, 2], NOISE @ NOISE[0]])
TARGET = TARGETS[:, 0]


def quick(**parameters: Any) -> hg.HandgradRegressor:
    usual: dict[str, Any] = {"hidden": 16, "epochs": 60, "optimizer": "adam", "learning_rate": 0.01}
    return hg.HandgradRegressor(**usual | {"random_state": 0} | parameters)


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (TARGET, ("0",)),
        (TARGETS, ("0", "1", "2")),
        (TARGETS[:, :1], ("0",)),
        (pd.Series(TARGET, name="yield"), ("yield",)),
        (pd.DataFrame(TARGETS, columns=["a", "b", "c"]), ("a", "b", "c")),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_targets_are_learned_in_their_units(targets: Any, names: Any, dtype: Any, tmp_path: Path) -> None:
    inputs = NOISE.astype(dtype)
    regressor = quick(dtype=dtype).fit(inputs, targets)
    predictions = regressor.predict(inputs)
    assert predictions.shape == targets.shape
    assert predictions.dtype == np.float64
    assert regressor.score(inputs, targets) > 0.9
    assert regressor.network_.classes == names
    hg.save_model(regressor, tmp_path / "m.safetensors")
    loaded = hg.load_model(tmp_path / "m.safetensors").predict(inputs)
    np.testing.assert_array_equal(loaded.reshape(predictions.shape), predictions)


def test_losses() -> None:
    outlier = TARGET.copy()
    outlier[0] += 1e6
    squared, huber, same = (
        np.abs(quick(loss=loss).fit(NOISE, outlier).predict(NOISE) - TARGET)[1:].mean()
        for loss in ("squared_error", "huber", hg.Huber())
    )
    assert huber == same < squared / 2


@pytest.mark.parametrize("targets", [TARGET, TARGETS])
def test_validation_scores_are_r2(targets: Any) -> None:
    regressor = quick(early_stopping=True).fit(X[:90], targets[:90], X_val=X[90:], y_val=targets[90:])
    scale = targets[:90].std(axis=0)
    scaled = targets[90:] / scale, regressor.predict(X[90:]) / scale
    expected = r2_score(*scaled, multioutput="variance_weighted")
    assert regressor.best_validation_score_ == pytest.approx(expected, rel=1e-3)
    assert quick(loss="huber", epochs=1, validation_fraction=0.1).fit(X, targets).validation_scores_ is None
    with pytest.raises(hg.HandgradError, match="a regression has no accuracy"):
        quick(early_stopping=True, monitor="validation_accuracy").fit(X, targets)


def test_scores_of_earlier_epochs_stay_after_validation_on_other_data() -> None:
    regressor = quick(epochs=2, warm_start=True).fit(X, TARGET, X_val=X[:50], y_val=TARGET[:50])
    before = regressor.validation_scores_ or []
    regressor.fit(X, TARGET, X_val=X[50:60], y_val=TARGET[50:60])
    assert (regressor.validation_scores_ or [])[:2] == before
    assert (regressor.validation_scores_ or [])[-1] == pytest.approx(regressor.score(X[50:60], TARGET[50:60]))


def test_a_partial_fit_is_one_epoch() -> None:
    part = quick().partial_fit(X, TARGET, np.ones(150))
    np.testing.assert_allclose(part.predict(X), quick(epochs=1).fit(X, TARGET).predict(X), rtol=1e-12)


@pytest.mark.parametrize("first", [1, 2, 10])
def test_partial_fits_adapt_to_the_scale_of_the_targets(first: int) -> None:
    regressor = quick().partial_fit(NOISE[:first], np.full(first, 1e6))
    assert regressor.predict(NOISE[:1])[0] == pytest.approx(1e6, abs=10)
    for _ in range(60):
        regressor.partial_fit(NOISE, TARGET)
    assert regressor.score(NOISE, TARGET) > 0.9


def test_another_scaling_of_targets_does_not_change_predictions() -> None:
    regressor = quick(learning_rate=1e-12, scaling=None, dtype="float64").partial_fit(NOISE, TARGETS)
    before = regressor.predict(NOISE)
    regressor.partial_fit(NOISE[:9], TARGETS[:9] * [1, 5, 1] + [0, 0, 1e5])
    np.testing.assert_allclose(regressor.predict(NOISE), before, rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": np.where(np.arange(150) == 4, np.nan, TARGET)}, "y contains NaN"),
        ({"y": np.where(np.arange(150) == 4, np.inf, TARGET)}, "y contains infinity"),
        ({"y": np.full(150, 3.5)}, "y is the same in all examples"),
        ({"y": TARGETS * [1, 0, 1]}, "target '1' is the same in all examples"),
        ({"sample_weight": np.arange(150) == 4}, "y is the same in all examples"),
        ({"y": ["12.5", "many"] * 75}, "y must hold numbers; got 'many'"),
        ({"y": TARGETS[:9]}, "inconsistent numbers of samples"),
        ({"y": np.ones((150, 2, 2))}, "dim 3"),
        ({"y": TARGET * 1j}, "Complex data"),
        ({"y": np.arange(150).astype("datetime64[s]")}, "y must hold numbers; got datetime64"),
        ({"y": TARGET * 1e300}, "y: there are numbers that are too large"),
        ({"sample_weight": np.full(150, 1e308)}, "sample_weight are too large"),
        ({"y": None}, "y is None"),
        ({"X": X[:1], "y": TARGET[:1]}, "1 sample"),
        ({"sample_weight": np.ones(9)}, "sample_weight must be 150 numbers"),
        ({"X_val": X, "y_val": TARGETS}, "fitted to 1 target per example; this y has 3 targets"),
        ({"loss": "absolute"}, "loss: unknown loss 'absolute'"),
        ({"loss": hg.CrossEntropy()}, "CrossEntropy is for classification"),
        ({"loss": 3}, "loss must be a name or an instance of hg.Loss"),
    ],
)
def test_invalid_data_and_losses(given: dict[str, Any], message: str) -> None:
    data = {"X": X, "y": TARGET} | {name: value for name, value in given.items() if name != "loss"}
    with pytest.raises(ValueError, match=message) as error:
        quick(loss=given.get("loss", "huber")).fit(**data)
    assert "\n" not in str(error.value) or "Complex" in message
