"""Invalid parameters and data are refused in one line, by scikit-learn or by the library."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import handgrad as hg
from fixture_types import Examples


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden": 0}, "hidden: Dense units must be"),
        ({"hidden": (8, -1)}, "hidden: Dense units must be"),
        ({"hidden": "wide"}, "hidden: Dense units must be"),
        ({"hidden": 8.5}, "hidden: Dense units must be"),
        ({"hidden": None}, "hidden: Dense units must be"),
        ({"activation": "rellu"}, "activation: unknown layer 'rellu'; did you mean 'ReLU'"),
        ({"activation": 3}, "activation must be a name or an instance of hg.Layer"),
        ({"activation": "dense"}, "activation: Dense lacks 'units'"),
        ({"activation": ["relu", "tanh"]}, "activation has 2 values for 1 hidden layers"),
        ({"dropout": 1}, "dropout == 1, must be < 1"),
        ({"dropout": "some"}, "dropout must be an instance of"),
        ({"dropout": [0.1, 0.2]}, "dropout has 2 values for 1 hidden layers"),
        ({"layers": hg.Dense(3)}, "layers must be a list"),
        ({"layers": ["relu"]}, "'relu' is not a layer"),
        ({"layers": [hg.ReLU()], "dropout": 0.5}, "put hg.Dropout among them"),
        ({"layers": [hg.Conv2D(2)]}, "Conv2D"),
        ({"input_shape": (1, 28, 28)}, "784 inputs; X has 4"),
        ({"input_shape": (-1, -4)}, r"input_shape must be whole numbers from 1, .*; got \(-1, -4\)"),
        ({"input_shape": "flat"}, "input_shape must be whole numbers from 1"),
        ({"input_shape": 3}, "3 inputs; X has 4"),
        ({"scaling": "byte"}, "scaling must be 'auto', 'standard', None or an hg.Scaling; got 'byte'"),
        ({"dtype": "float16"}, "dtype must be 'float32', 'float64' or None"),
        ({"dtype": "big"}, "dtype must be 'float32', 'float64' or None"),
        ({"label_smoothing": 1.0}, "label_smoothing == 1.0, must be < 1"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"iris": -1}}, "class_weights must be"),
        ({"optimizer": "addam"}, "optimizer: unknown optimizer 'addam'; did you mean 'Adam'"),
        ({"optimizer": 3}, "optimizer must be a name or an instance of hg.Optimizer"),
        ({"learning_rate": 0}, "learning_rate == 0, must be > 0"),
        ({"learning_rate": "fast"}, "learning_rate must be an instance of"),
        ({"learning_rate": np.nan}, "learning_rate must be a number"),
        ({"weight_decay": -1}, "weight_decay == -1, must be >= 0"),
        ({"schedule": "cosinus"}, "schedule: unknown schedule 'cosinus'; did you mean 'Cosine'"),
        ({"augmentation": hg.Augmentation(shift=1)}, "augmentation deforms images"),
        ({"averaging": 0.9}, "averaging must be a name or an instance of hg.Averaging"),
        ({"batch_size": 0}, "batch_size must be an integer from 1"),
        ({"batch_size": "auto"}, "batch_size must be an integer from 1"),
        ({"epochs": 0}, "epochs == 0, must be >= 1"),
        ({"epochs": 1.5}, "epochs must be an instance of"),
        ({"time_limit": -1}, "time_limit == -1, must be > 0"),
        ({"time_limit": "1m"}, "time_limit must be an instance of"),
        ({"tol": -1.0}, "tol == -1.0, must be >= 0"),
        ({"patience": 0}, "patience == 0, must be >= 1"),
        ({"validation_fraction": 0}, "validation_fraction == 0, must be > 0"),
        ({"validation_fraction": 1.0}, "validation_fraction == 1.0, must be < 1"),
        ({"monitor": "loss", "early_stopping": True}, "monitor must be validation_loss or"),
        ({"threads": 0}, "threads must be a whole number from 1"),
        ({"callbacks": "print"}, "callbacks must be callable"),
        ({"callbacks": 7}, "callbacks must be callable; got 7"),
        ({"random_state": "lucky"}, "'lucky' cannot be used to seed"),
        ({"verbose": "yes"}, "verbose must be an instance of"),
    ],
)
def test_invalid_parameters(flowers: Examples, parameters: dict[str, Any], message: str) -> None:
    classifier = hg.HandgradClassifier(**{"hidden": 4, "epochs": 1} | parameters)
    with pytest.raises((ValueError, TypeError), match=message) as error:
        classifier.fit(*flowers)
    assert "\n" not in str(error.value)
    with pytest.raises(NotFittedError):
        classifier.predict(flowers[0])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_unfitted_classifier(flowers: Examples, method: str) -> None:
    with pytest.raises(NotFittedError, match="This HandgradClassifier instance is not fitted yet"):
        getattr(hg.HandgradClassifier(), method)(flowers[0])
    for name in ("network_", "loss_curve_", "n_iter_", "best_epoch_"):
        assert not hasattr(hg.HandgradClassifier(), name)


HOLED = np.where(np.arange(600).reshape(150, 4) == 13, np.nan, 1.0)
LABELS = np.arange(150) % 3


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (HOLED, LABELS, "Input X contains NaN"),
        (np.ones((150, 2)), LABELS[:9], "inconsistent numbers of samples"),
        (np.ones(4), LABELS[:1], "Expected 2D array, got 1D array instead"),
        (np.ones((0, 4)), LABELS[:0], "Found array with 0 sample"),
        (np.ones((150, 4)), np.linspace(0, 1, 150), "Unknown label type: continuous"),
        (np.ones((150, 4)), np.eye(3)[LABELS], "y should be a 1d array"),
        (np.full((9, 2), "a"), LABELS[:9], "could not convert string to float"),
    ],
)
def test_invalid_examples(X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hg.HandgradClassifier(4, epochs=1).fit(X, y)


@pytest.mark.parametrize(
    ("X", "message"), [(HOLED, "Input X contains NaN"), (HOLED[:, :3], "NaN|expecting 4 features")]
)
def test_invalid_examples_to_predict(flowers: Examples, X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hg.HandgradClassifier(4, epochs=1).fit(*flowers).predict(X)


@pytest.mark.parametrize("scaling", ["auto", None])
def test_numbers_beyond_float32(flowers: Examples, scaling: str | None) -> None:
    X, y = flowers
    with pytest.raises(hg.HandgradError, match="too large for float32"):
        hg.HandgradClassifier(4, epochs=1, scaling=scaling).fit(X * 1e300, y)


def test_invalid_weights(flowers: Examples) -> None:
    X, y = flowers
    for weights, message in (
        (np.ones(3), "sample_weight.shape == "),
        (-np.ones(len(X)), "Negative values in sample_weight"),
        (np.zeros(len(X)), "(?i)sample.weight.*zero"),
    ):
        with pytest.raises(ValueError, match=message):
            hg.HandgradClassifier(4, epochs=1).fit(X, y, sample_weight=weights)


def test_invalid_validation_data(flowers: Examples) -> None:
    X, y = flowers
    classifier = hg.HandgradClassifier(4, epochs=1)
    for arguments, message in (
        ({"X_val": X}, "X_val and y_val belong together"),
        ({"y_val": y}, "X_val and y_val belong together"),
        ({"X_val": X[:, :2], "y_val": y}, "X has 2 features, but HandgradClassifier is expecting 4"),
        ({"X_val": X[:2], "y_val": ["iris", "oak"]}, "previously unseen labels.*oak"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier.fit(X, y, **arguments)
    classifier.set_params(validation_fraction=0.1)
    with pytest.raises(hg.HandgradError, match="give one of them"):
        classifier.fit(X, y, X_val=X, y_val=y)


def test_class_too_rare_to_hold_out(flowers: Examples) -> None:
    X, y = flowers
    with pytest.raises(ValueError, match="least populated class"):
        hg.HandgradClassifier(early_stopping=True).fit(X, np.r_[y[:-1], ["oak"]])


def test_diverged_training_keeps_finite_parameters(flowers: Examples) -> None:
    classifier = hg.HandgradClassifier(
        8, activation=None, optimizer="sgd", learning_rate=1e6, weight_decay=1e6, random_state=0
    )
    with pytest.raises(hg.HandgradError, match=r"training diverged at step.*Try a learning rate below"):
        classifier.fit(*flowers)
    assert np.isfinite(classifier.predict_proba(flowers[0])).all()  # with the last good parameters
