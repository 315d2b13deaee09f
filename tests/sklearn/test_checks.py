"""All of scikit-learn's estimator checks, without exceptions."""

from collections.abc import Callable
from typing import Any

from sklearn.neural_network import MLPClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import handgrad as hg

CLASSIFIERS = [
    hg.HandgradClassifier(),
    hg.HandgradClassifier(
        hidden=(32, 16), activation=["tanh", "gelu"], optimizer="adamw", scaling=None, batch_size="all"
    ),
]


@parametrize_with_checks(CLASSIFIERS)  # type: ignore[untyped-decorator]
def test_check(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def names(estimator: Any) -> set[str]:
    return {getattr(check, "func", check).__name__ for _, check in estimator_checks_generator(estimator)}


def test_only_multilabel_checks_of_mlp_classifier_are_missing() -> None:
    missing = names(MLPClassifier()) - names(hg.HandgradClassifier())
    assert all("multilabel" in name for name in missing)
