"""All of scikit-learn's estimator checks, without exceptions."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import handgrad as hg
import handgrad.sklearn
from documents import ROOT

OTHER: dict[str, Any] = {"optimizer": "adamw", "scaling": None, "batch_size": "all", "learning_rate": 0.005}
SLOW = [f"HandgradRegressor-check_estimator_sparse_{kind}" for kind in ("array", "matrix")]


def name_of(check: Any) -> str:
    return str(getattr(check, "func", check).__name__)


def defaults() -> Iterator[Any]:
    """Yield the checks of the estimators, of which two take seconds for the regressor."""
    for kind in (hg.HandgradClassifier, hg.HandgradRegressor):
        for estimator, check in estimator_checks_generator(kind()):
            name = f"{kind.__name__}-{name_of(check)}"
            yield pytest.param(estimator, check, marks=[pytest.mark.slow] * (name in SLOW), id=name)


@pytest.mark.parametrize(("estimator", "check"), list(defaults()))
def test_check(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        hg.HandgradClassifier((32, 16), "gelu", epochs=100, **OTHER),
        hg.HandgradRegressor((32, 16), "gelu", epochs=100, loss="huber", **OTHER),
    ]
)
def test_check_with_other_parameters(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def names(estimator: Any) -> set[str]:
    return {name_of(check) for _, check in estimator_checks_generator(estimator)}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(hg.HandgradClassifier(), MLPClassifier()), (hg.HandgradRegressor(), MLPRegressor())],
)
def test_no_checks_of_scikit_learns_networks_are_missing(ours: Any, theirs: Any) -> None:
    assert names(theirs) - names(ours) == set()


def test_only_public_functions_of_scikit_learn_are_imported() -> None:
    for path in Path(handgrad.sklearn.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                assert not [name for name in names if name.startswith("_")], path


@pytest.mark.slow
def test_the_tests_of_scikit_learns_networks_that_fail_are_listed() -> None:
    listing = (ROOT / "tools" / "scikit_learn_mlp.md").read_text("utf-8")
    study = (ROOT / "docs" / "reports" / "estimator-study.md").read_text("utf-8")
    done = run([sys.executable, ROOT / "tools" / "scikit_learn_mlp.py"], capture_output=True, text=True)
    *failed, summary = done.stdout.splitlines()
    listed = [(name, int(count or 1)) for name, count in re.findall(r"`(test_\w+)`(?: \((\d)\))?", listing)]
    assert sorted(Counter(name.partition("[")[0] for name in failed).items()) == sorted(listed), done.stderr
    counts = re.sub(r"(\d+) passed, (\d+) failed", r"\1 tests pass and \2 fail", summary)
    assert counts in listing
    assert counts in study
