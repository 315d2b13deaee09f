"""What is wrong is told in one line: in scikit-learn's words where it has some, else in the library's."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import handgrad as hg
from fixture_types import Examples


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden": 0}, "hidden: Dense units must be a whole number from 1"),
        ({"hidden": (8, -1)}, "hidden: Dense units must be"),
        ({"hidden": "wide"}, "hidden: Dense units must be"),
        ({"hidden": 8.5}, "hidden: Dense units must be"),
        ({"hidden": None}, "hidden: Dense units must be"),
        ({"activation": "rellu"}, "activation: unknown layer 'rellu'; did you mean 'ReLU'"),
        ({"activation": 3}, "activation must be a name or an hg.Layer; got 3"),
        ({"activation": "dense"}, "activation: Dense lacks 'units'"),
        ({"activation": ["relu", "tanh"]}, "activation names 2, but there are 1 hidden layers"),
        ({"dropout": 1}, "dropout == 1, must be < 1"),
        ({"dropout": "some"}, "dropout must be an instance of"),
        ({"dropout": [0.1, 0.2]}, "dropout names 2, but there are 1 hidden layers"),
        ({"layers": hg.Dense(3)}, "layers must be a list"),
        ({"layers": ["relu"]}, "'relu' is no layer"),
        ({"layers": [hg.ReLU()], "dropout": 0.5}, "put hg.Dropout among them"),
        ({"layers": [hg.Conv2D(2)]}, "Conv2D"),
        ({"input_shape": (1, 28, 28)}, r"input_shape is \(1, 28, 28\), which makes 784 inputs; X has 4"),
        ({"input_shape": (-1, -4)}, r"input_shape must be whole numbers from 1, .*; got \(-1, -4\)"),
        ({"input_shape": "flat"}, "input_shape must be whole numbers from 1"),
        ({"input_shape": 4}, "input_shape must be whole numbers from 1"),
        ({"scaling": "byte"}, "scaling must be 'auto', 'standard', None or an hg.Scaling; got 'byte'"),
        ({"dtype": "float16"}, "dtype must be 'float32', 'float64' or None"),
        ({"dtype": "big"}, "dtype must be 'float32', 'float64' or None"),
        ({"label_smoothing": 1.0}, "label_smoothing == 1.0, must be < 1"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"iris": -1}}, "class_weights must be"),
        ({"optimizer": "addam"}, "optimizer: unknown optimizer 'addam'; did you mean 'Adam'"),
        ({"optimizer": hg.Adam}, "optimizer must be a name or an hg.Optimizer"),
        ({"learning_rate": 0}, "learning_rate == 0, must be > 0"),
        ({"learning_rate": "fast"}, "learning_rate must be an instance of"),
        ({"learning_rate": np.nan}, "learning_rate must be a number"),
        ({"weight_decay": -1}, "weight_decay == -1, must be >= 0"),
        ({"schedule": "cosinus"}, "schedule: unknown schedule 'cosinus'; did you mean 'Cosine'"),
        ({"augmentation": hg.Augmentation(shift=1)}, "augmentation deforms images"),
        ({"averaging": 0.9}, "averaging must be a name or an hg.Averaging"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1"),
        ({"batch_size": "auto"}, "batch_size must be a whole number from 1"),
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
        ({"callbacks": "print"}, "is no callable"),
        ({"callbacks": 7}, "7 is no callable"),
        ({"random_state": "lucky"}, "'lucky' cannot be used to seed"),
        ({"verbose": "yes"}, "verbose must be an instance of"),
    ],
)
def test_a_wrong_parameter(flowers: Examples, parameters: dict[str, Any], message: str) -> None:
    classifier = hg.HandgradClassifier(**{"hidden": 4, "epochs": 1} | parameters)
    with pytest.raises((ValueError, TypeError), match=message) as told:
        classifier.fit(*flowers)
    assert "\n" not in str(told.value)
    with pytest.raises(NotFittedError):
        classifier.predict(flowers[0])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_before_it_is_fitted(flowers: Examples, method: str) -> None:
    with pytest.raises(NotFittedError, match="This HandgradClassifier instance is not fitted yet"):
        getattr(hg.HandgradClassifier(), method)(flowers[0])
    for name in ("network_", "loss_curve_", "n_iter_", "best_epoch_"):
        assert not hasattr(hg.HandgradClassifier(), name)


def test_wrong_examples(flowers: Examples) -> None:
    X, y = flowers
    classifier = hg.HandgradClassifier(4, epochs=1).fit(X, y)
    holed = X.copy()
    holed[3, 1] = np.nan
    for wrong, labels, message in (
        (holed, y, "Input X contains NaN"),
        (X[:, :2], y[:9], "inconsistent numbers of samples"),
        (X[0], y[:1], "Expected 2D array, got 1D array instead"),
        (X[:0], y[:0], "Found array with 0 sample"),
        (X, np.linspace(0, 1, len(X)), "Unknown label type: continuous"),
        (X, np.eye(3)[np.arange(len(X)) % 3], "y should be a 1d array"),
        (np.full((9, 2), "a"), y[:9], "could not convert string to float"),
    ):
        with pytest.raises(ValueError, match=message):
            hg.HandgradClassifier(4, epochs=1).fit(wrong, labels)
    for wrong, message in (
        (holed, "Input X contains NaN"),
        (X[:, :3], "X has 3 features, but HandgradClassifier is expecting 4 features as input"),
    ):
        with pytest.raises(ValueError, match=message):
            classifier.predict(wrong)


@pytest.mark.parametrize("scaling", ["auto", None])
def test_numbers_beyond_float32(flowers: Examples, scaling: str | None) -> None:
    X, y = flowers
    with pytest.raises(hg.HandgradError, match="too large for float32"):
        hg.HandgradClassifier(4, epochs=1, scaling=scaling).fit(X * 1e300, y)


def test_wrong_weights(flowers: Examples) -> None:
    X, y = flowers
    for weights, message in (
        (np.ones(3), "sample_weight.shape == "),
        (-np.ones(len(X)), "Negative values in data passed to `sample_weight`"),
        (np.zeros(len(X)), "(?i)sample.weight.*zero"),
    ):
        with pytest.raises(ValueError, match=message):
            hg.HandgradClassifier(4, epochs=1).fit(X, y, sample_weight=weights)


def test_wrong_validation_data(flowers: Examples) -> None:
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


def test_a_class_too_rare_to_set_aside(flowers: Examples) -> None:
    X, y = flowers
    with pytest.raises(ValueError, match="least populated class"):
        hg.HandgradClassifier(early_stopping=True).fit(X, np.r_[y[:-1], ["oak"]])


def test_a_loss_that_grows_beyond_measure(flowers: Examples) -> None:
    classifier = hg.HandgradClassifier(
        8, activation=None, optimizer="sgd", learning_rate=1e6, weight_decay=1e6, random_state=0
    )
    with pytest.raises(hg.HandgradError, match=r"training diverged at step.*Try a learning rate below"):
        classifier.fit(*flowers)
    assert np.isfinite(classifier.predict_proba(flowers[0])).all()  # with the last good parameters
