"""Run scikit-learn's tests of MLPClassifier and MLPRegressor on the estimators of this library.

    uv run --group dev --extra sklearn python tools/scikit_learn_mlp.py [-v]

Adapters with the parameters of scikit-learn's classes take their place while the tests of the installed scikit-learn
are imported. It prints the tests that fail, with -v and why. L-BFGS becomes Adam on the whole data at a rate of 0.05.
"""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import sklearn.neural_network
from sklearn.base import BaseEstimator

import handgrad as hg

SCHEDULES = {"adaptive": hg.ReduceOnPlateau(drop=0.2, patience=2), "invscaling": "exponential"}
FOREVER = 10**9


class Adapter(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network with the parameters of scikit-learn's; other attributes are those of the estimator."""

    kind: Any

    def __init__(  # type: ignore[no-untyped-def]
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        loss="squared_error",
    ):
        for name, value in locals().items():
            if name != "self":
                setattr(self, name, value)

    def _parameters(self) -> dict[str, Any]:
        sgd = (
            hg.Nesterov(momentum=self.momentum)
            if self.nesterovs_momentum
            else hg.Momentum(momentum=self.momentum)
        )
        adam = hg.Adam(beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon)
        lbfgs = self.solver == "lbfgs"
        return {
            "hidden": self.hidden_layer_sizes,
            "activation": self.activation,
            "optimizer": (sgd if self.momentum else "sgd") if self.solver == "sgd" else adam,
            "weight_decay": self.alpha,
            "batch_size": "all" if lbfgs else 200 if self.batch_size == "auto" else self.batch_size,
            "schedule": SCHEDULES.get(self.learning_rate) if self.solver == "sgd" else None,
            "learning_rate": 0.05 if lbfgs else self.learning_rate_init,
            "epochs": self.max_iter,
            "random_state": 0
            if self.random_state is None
            else self.random_state,  # the same tests fail each time
            "tol": self.tol,
            "verbose": int(self.verbose),
            "warm_start": self.warm_start,
            "early_stopping": self.early_stopping,
            "validation_fraction": self.validation_fraction if self.early_stopping else None,
            "patience": int(min(self.n_iter_no_change, FOREVER)),
        }

    def _estimator(self, X: Any) -> Any:
        if "estimator" not in vars(self):
            self.estimator = self.kind()
        dtype = "float32" if getattr(X, "dtype", None) == "float32" else "float64"
        return self.estimator.set_params(dtype=dtype, **self._parameters())

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train the estimator with its names of the parameters."""
        self._estimator(X).fit(X, y, sample_weight)
        return self

    def partial_fit(self, X: Any, y: Any, **options: Any) -> Any:
        """Train for an epoch."""
        self._estimator(X).partial_fit(X, y, **options)
        return self

    @property
    def best_loss_(self) -> float | None:
        """The smallest training loss."""
        return None if self.early_stopping else min(self.estimator.loss_curve_)

    def __getattr__(self, name: str) -> Any:
        if name == "estimator" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.estimator, name)


class Classifier(Adapter):
    """In place of MLPClassifier."""

    kind = hg.HandgradClassifier

    def _parameters(self) -> dict[str, Any]:
        return super()._parameters() | {"monitor": "validation_accuracy"}


class Regressor(Adapter):
    """In place of MLPRegressor."""

    kind = hg.HandgradRegressor

    def _parameters(self) -> dict[str, Any]:
        return super()._parameters() | {"loss": self.loss}


class Report:
    """Collect the results of tests."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a result."""
        name = report.nodeid.partition("::")[2]
        if report.failed:
            self.failed[name] = str(report.longrepr.reprcrash.message).splitlines()[0]
        elif report.when == "call" and report.passed:
            self.passed.append(name)


def main() -> None:
    """Run the tests, and print a summary."""
    sklearn.neural_network.MLPClassifier, sklearn.neural_network.MLPRegressor = Classifier, Regressor
    report = Report()
    tests = Path(sklearn.neural_network.__file__).parent / "tests/test_mlp.py"
    options = ["-c", os.devnull, "-p", "no:cacheprovider", "-p", "no:terminal", str(tests)]
    pytest.main(options, plugins=[report])
    for name, reason in report.failed.items():
        print(f"{name}: {reason:.200}" if "-v" in sys.argv[1:] else name)
    print(f"{len(report.passed)} passed, {len(report.failed)} failed")


if __name__ == "__main__":
    main()
