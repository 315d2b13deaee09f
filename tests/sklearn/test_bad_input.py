"""Invalid parameters and data are refused in one line, by scikit-learn or by the library."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import handgrad as hg
from flowers import LABELS, X, y

WEIGHTS = (np.ones(3), -np.ones(150), np.zeros(150), np.ones((150, 1)), np.full(150, 1 + 1j))
DATA = ("X", "y", "sample_weight", "X_val", "y_val")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden": 0}, "hidden: Dense units must be"),
        ({"hidden": (8, -1)}, "hidden: Dense units must be"),
        ({"hidden": "wide"}, "hidden: Dense units must be"),
        ({"activation": "rellu"}, "activation: unknown layer 'rellu'; did you mean 'ReLU'"),
        ({"activation": 3}, "activation must be a name or an instance of hg.Layer"),
        ({"activation": "dense"}, "activation: Dense: "),
        ({"activation": ["relu", "tanh"]}, "activation must be a name or an instance"),
        ({"dropout": 1}, "dropout == 1, must be < 1"),
        ({"dropout": [0.1, 0.2]}, "dropout must be an instance of"),
        ({"dropout": np.array([0.1, 0.2])}, "dropout must be an instance of"),
        ({"verbose": "a"}, "verbose must be an instance of"),
        ({"layers": hg.Dense(3)}, "layers must be a list"),
        ({"layers": ["relu"]}, "'relu' is not a layer"),
        ({"layers": [hg.ReLU()], "dropout": 0.5}, "add hg.Dropout"),
        ({"layers": [hg.Conv2D(2)]}, "Conv2D"),
        ({"input_shape": (1, 28, 28)}, "784 inputs; X has 4"),
        ({"input_shape": (-1, -4)}, r"input_shape must be .*; got \(-1, -4\)"),
        ({"scaling": "byte"}, "scaling must be 'auto', 'standard', None or an hg.Scaling; got 'byte'"),
        ({"dtype": "float16"}, "dtype must be float32 or float64"),
        ({"dtype": "big"}, "'big' not understood"),
        ({"label_smoothing": 1.0}, "label_smoothing must be"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"iris": -1}}, "class_weight must be 150 numbers"),
        ({"optimizer": "addam"}, "optimizer: unknown optimizer 'addam'; did you mean 'Adam'"),
        ({"learning_rate": 0}, "learning_rate must be a number greater than 0"),
        ({"learning_rate": "adaptive"}, "must be a number; got 'adaptive': use schedule='reduce_on_plateau'"),
        ({"learning_rate": np.nan}, "learning_rate must be a number"),
        ({"weight_decay": -1}, "weight_decay must be a number at least 0"),
        ({"schedule": "cosinus"}, "schedule: unknown schedule 'cosinus'; did you mean 'Cosine'"),
        ({"augmentation": hg.Augmentation(shift=1)}, "augmentation deforms images"),
        ({"averaging": 0.9}, "averaging must be a name or an instance of hg.Averaging"),
        ({"batch_size": "auto"}, "batch_size must be an integer from 1"),
        ({"epochs": 0}, "epochs == 0, must be >= 1"),
        ({"epochs": 1.5}, "epochs must be an instance of"),
        ({"time_limit": -1}, "time_limit == -1, must be > 0"),
        ({"time_limit": "1m"}, "time_limit must be an instance of"),
        ({"tol": -1.0}, "tol == -1.0, must be >= 0"),
        ({"patience": 0}, "patience must be an integer at least 1"),
        ({"validation_fraction": 0}, "validation_fraction == 0, must be > 0"),
        ({"validation_fraction": 1.0}, "validation_fraction == 1.0, must be < 1"),
        ({"monitor": "loss"}, "monitor must be 'validation_loss' or"),
        ({"framing": "mnist"}, "framing must be digit or plain; got 'mnist'"),
        ({"threads": 0}, "threads must be"),
        *(({"callbacks": bad}, "callbacks must be callable") for bad in ("print", ["print"])),
        ({"random_state": "lucky"}, "'lucky' cannot be used to seed"),
        ({"X": np.where(np.eye(150, 4), np.nan, X)}, "Input X contains NaN"),
        ({"y": LABELS[:9]}, "inconsistent numbers of samples"),
        ({"X": np.ones(4), "y": LABELS[:1]}, "Expected 2D array, got 1D array instead"),
        ({"X": np.ones((0, 4)), "y": LABELS[:0]}, "Found array with 0 sample"),
        ({"y": np.linspace(0, 1, 150)}, "Unknown label type: continuous"),
        ({"y": np.c_[LABELS, LABELS]}, "y should be a 1d array"),
        ({"X": np.full((150, 2), "a")}, "could not convert string to float"),
        ({"X": X * 1e300, "scaling": None}, "too large for float32"),
        *(({"sample_weight": bad}, "sample_weight must be 150 numbers") for bad in WEIGHTS),
        ({"X_val": X}, "X_val and y_val belong together"),
        ({"y_val": y}, "X_val and y_val belong together"),
        ({"X_val": X[:, :2], "y_val": y}, "X has 2 features, but HandgradClassifier is expecting 4"),
        ({"X_val": X[:2], "y_val": ["iris", "oak"]}, "previously unseen labels.*oak"),
        ({"X_val": X[:2], "y_val": ["iris"]}, "inconsistent numbers of samples"),
        ({"X_val": X, "y_val": y, "validation_fraction": 0.1}, "pass one of them"),
        ({"y": [*y[1:], "oak"], "early_stopping": True}, "least populated class"),
    ],
)
def test_invalid_parameters_and_data(given: dict[str, Any], message: str) -> None:
    data = {name: value for name, value in given.items() if name in DATA}
    parameters = {name: value for name, value in given.items() if name not in DATA}
    classifier = hg.HandgradClassifier(**{"hidden": 4, "epochs": 1} | parameters)
    with pytest.raises((ValueError, TypeError), match=message) as error:
        classifier.fit(**{"X": X, "y": y} | data)
    assert data or "\n" not in str(error.value)  # scikit-learn explains data in several lines
    with pytest.raises(NotFittedError):
        classifier.predict(X)


def test_diverged_training_keeps_finite_parameters() -> None:
    rates: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 1e6, "weight_decay": 1e6}
    classifier = hg.HandgradClassifier(8, None, **rates, random_state=0)
    with pytest.raises(hg.HandgradError, match=r"training diverged at step.*Try a learning rate below"):
        classifier.fit(X, y)
    assert np.isfinite(classifier.predict_proba(X)).all()  # with the last good parameters
