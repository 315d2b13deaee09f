"""The check itself: it passes what is right, and finds what is wrong wherever it is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool2D,
    ReLU,
)
from handgrad.model.layers.layer import Backward, Parameters
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe
from handgrad.training.gradient_check import check_gradients


def network(*layers: Layer) -> Network:
    return Network([*layers, Dense(3)], (4,), np.random.default_rng(0), np.float64)


def test_classic_passes_with_every_layer_loss_and_parameter() -> None:
    checks = list(check_gradients(load_recipe("classic").build_network(dtype=np.float64)))
    assert all(check.passed for check in checks)
    compared = [(check.layer, check.parameter) for check in checks]
    for layer, name in (
        ("0 Dense", "weights"),
        ("1 ReLU", "x"),
        ("loss CrossEntropy", "logits"),
        ("network", "2.biases"),
    ):
        assert (layer, name) in compared


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("relu_backward", lambda dy, x: dy * (x > -0.5)),
        ("relu_backward", lambda dy, x: dy),
        ("relu_backward", lambda dy, x: dy * np.nan),
        ("dense_backward", lambda dy, x, w, dw, db, *, input_gradient=True: dy @ w),
    ],
)
def test_a_wrong_derivative_is_found(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any) -> None:
    kernels.load("native")
    monkeypatch.setattr(kernels, name, wrong)
    checks = check_gradients(network(Dense(6), ReLU(), Dense(5)))
    failed = {check.layer for check in checks if not check.passed}
    assert "network" in failed
    assert failed & {"0 Dense", "1 ReLU"}


@dataclass(frozen=True)
class Squares(Loss):
    """Half the squared distance from the label's corner."""

    factor: float = 1.0

    def per_example(self, logits: Floats, labels: Any) -> tuple[Floats, Floats]:
        """Compute the formula; see `Loss.examples`."""
        difference = logits - np.eye(logits.shape[1])[labels]
        return 0.5 * (difference**2).sum(axis=1), self.factor * difference


@pytest.mark.parametrize(
    "loss",
    [CrossEntropy(0.2), CrossEntropy(class_weights=(1, 0, 3)), CrossEntropy(0.1, "balanced"), Squares()],
    ids=str,
)
def test_every_loss_is_checked(loss: Loss) -> None:
    checks = list(check_gradients(network(), loss=loss))
    assert {f"loss {type(loss).__name__}", "network"} < {check.layer for check in checks}
    assert all(check.passed for check in checks)


def test_a_wrong_loss_is_found() -> None:
    checks = check_gradients(network(), loss=Squares(1.001))
    assert {check.layer for check in checks if not check.passed} == {"loss Squares", "network"}


def test_a_layer_of_ones_own_is_checked() -> None:
    @dataclass(frozen=True)
    class Square(Layer):
        """y = x²."""

        negative_slope: float = 2.0

        def forward(self, parameters: Parameters, x: Floats, rng: Any = None) -> tuple[Floats, Backward]:
            """Square; see `Layer.forward`."""
            return x**2, lambda dy, gradients: self.negative_slope * x * dy

    assert all(check.passed for check in check_gradients(network(Square())))
    assert any(not check.passed for check in check_gradients(network(Square(negative_slope=1.9))))


def test_float32_is_refused() -> None:
    with pytest.raises(HandgradError, match="float64"):
        list(check_gradients(Network([Dense(3)], (4,))))


def test_kinks_and_gradients_of_nothing_are_no_errors() -> None:
    """Max-pools switch and ReLUs open under a nudge, and normalisation takes away what a bias adds."""
    layers = [Conv2D(8, 3), BatchNorm(), ReLU(), MaxPool2D(), Flatten(), Dense(20), ReLU(), Dense(3)]
    model = Network(layers, (1, 16, 16), np.random.default_rng(0), np.float64)
    checks = list(check_gradients(model))
    assert ("network", "0.biases") in {(check.layer, check.parameter) for check in checks}
    assert all(check.passed for check in checks), [check for check in checks if not check.passed]
