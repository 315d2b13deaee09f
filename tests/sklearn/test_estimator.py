"""What the estimators have in common."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

import handgrad as hg
from flowers import LABELS, X
from handgrad.sklearn.equivalents import EQUIVALENTS

KINDS = [hg.HandgradClassifier, hg.HandgradRegressor]
QUICK: dict[str, Any] = {"hidden": (5, 4), "epochs": 3, "random_state": 0}


@pytest.mark.parametrize(("kind", "theirs"), [*zip(KINDS, (MLPClassifier, MLPRegressor), strict=True)])
def test_parameters_of_scikit_learns_networks_are_explained(kind: Any, theirs: Any) -> None:
    unknown = theirs().get_params().keys() - kind().get_params().keys()
    assert unknown <= EQUIVALENTS.keys()
    for name in unknown:
        with pytest.raises(TypeError, match=f"{kind.__name__} has no parameter {name}, .*: ..."):
            kind(**{name: 1})
        with pytest.raises(hg.HandgradError, match=f"no parameter {name}, "):
            kind().set_params(**{name: 1})
    for wrong in ({"wide": 1}, {"batch": 3}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            kind(**wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_documented(kind: Any) -> None:
    parameters = kind.__doc__.partition("Attributes\n")[0]
    described = re.findall(r"^([a-z_, ]+) : ", parameters, re.MULTILINE)
    assert sorted(", ".join(described).split(", ")) == sorted(kind().get_params())


@pytest.mark.parametrize("kind", KINDS)
def test_weights_in_scikit_learns_layout(kind: Any) -> None:
    estimator = kind(**QUICK, activation="tanh", dtype="float64").fit(X, LABELS)
    outputs = 3 if kind is hg.HandgradClassifier else 1
    assert [weights.shape for weights in estimator.coefs_] == [(4, 5), (5, 4), (4, outputs)]
    y = estimator.network_.scale(X)
    for weights, biases in zip(estimator.coefs_[:-1], estimator.intercepts_[:-1], strict=True):
        y = np.tanh(y @ weights + biases)
    y = y @ estimator.coefs_[-1] + estimator.intercepts_[-1]
    np.testing.assert_allclose(y, estimator.network_.logits(X), rtol=1e-6)
    normalized = kind(layers=[hg.Dense(3), hg.BatchNorm(), hg.ReLU()], epochs=1).fit(X, LABELS)
    with pytest.raises(AttributeError, match="BatchNorm"):
        _ = normalized.coefs_
    assert not hasattr(kind(), "intercepts_")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change", [{"optimizer": "addam"}, {"X": X[:, :2] * np.nan}, {"y": LABELS[:9]}, {"sample_weight": [1]}]
)
def test_a_refused_refit_changes_nothing(kind: Any, change: dict[str, Any]) -> None:
    frame = pd.DataFrame(X, columns=[*"abcd"])
    estimator = kind(**QUICK).fit(frame, LABELS)
    before = dict(vars(estimator))
    estimator.set_params(**{name: change[name] for name in change.keys() & {"optimizer"}})
    data = {"X": X[:, :2], "y": LABELS} | {name: change[name] for name in change.keys() - {"optimizer"}}
    with pytest.raises(ValueError, match=r"addam|NaN|inconsistent|weight"):
        estimator.fit(**data)
    assert vars(estimator) | {"optimizer": ""} == before | {"optimizer": ""}
    assert estimator.n_features_in_ == 4


@pytest.mark.parametrize(
    ("kind", "target"), [*zip(KINDS, (LABELS, X[:, 1]), strict=True), (KINDS[0], np.eye(3)[LABELS])]
)
@pytest.mark.parametrize("sparse", [False, True])
def test_inputs_whose_scores_are_not_finite_are_refused(kind: Any, target: Any, sparse: bool) -> None:
    estimator, huge = kind(**QUICK).fit(X, target), X * 1e300
    for method in ("predict", "predict_proba", "predict_log_proba", "score"):
        if hasattr(estimator, method):
            arguments = [csr_array(huge) if sparse else huge] + [target] * (method == "score")
            with pytest.raises(hg.HandgradError, match="the inputs are too large"):
                getattr(estimator, method)(*arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_results_without_validation(kind: Any) -> None:
    estimator = kind(**QUICK).fit(X, LABELS)
    assert estimator.validation_scores_ is estimator.best_epoch_ is estimator.best_validation_score_ is None
    assert estimator.n_iter_ == len(estimator.loss_curve_) == 3
    estimator.partial_fit(X, LABELS)
    assert (estimator.n_iter_, len(estimator.loss_curve_)) == (1, 4)
    assert clone(estimator).get_params() == estimator.get_params()


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (hg.HandgradClassifier, LABELS),
        (hg.HandgradClassifier, np.eye(3, dtype=int)[LABELS]),
        (hg.HandgradRegressor, X[:, 1]),
        (hg.HandgradRegressor, X[:, :2]),
    ],
)
def test_training_works_alike_for_all_targets(kind: Any, target: Any) -> None:
    def estimator(**parameters: Any) -> Any:
        return kind(**QUICK | {"weight_decay": 0.0} | parameters)

    seen = []
    stops = [lambda _, record: seen.append(record.epoch), lambda _, record: record.epoch == 4]
    stopped = estimator(epochs=50, early_stopping=True, callbacks=stops).fit(X, target, X_val=X, y_val=target)
    assert seen == [1, 2, 3, 4]
    assert len(stopped.validation_scores_) == 4
    assert stopped.best_validation_score_ == stopped.validation_scores_[stopped.best_epoch_ - 1]
    assert estimator(time_limit=1e-9).fit(X, target).n_iter_ == 1
    twice = estimator(warm_start=True, schedule=None).fit(X, target).fit(X, target)
    once = estimator(epochs=6, schedule=None).fit(X, target)
    np.testing.assert_array_equal(twice.predict(X), once.predict(X))
    kept = np.arange(150) % 5 > 0
    exact: dict[str, Any] = {"batch_size": "all", "epochs": 30, "dtype": "float64"}
    weighted = estimator(**exact).fit(X, target, sample_weight=7 * kept)
    removed = estimator(**exact).fit(X[kept], target[kept])
    np.testing.assert_allclose(weighted.predict(X), removed.predict(X), rtol=1e-5)
