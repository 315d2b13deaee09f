"""The check itself: it passes correct gradients, and finds wrong ones in every place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, MaxPool2D, ReLU
from handgrad.model.layers.layer import Backward, Parameters
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe
from handgrad.training.gradient_check import check_gradients
from handgrad.training.user_code import load_user_code


def network(*layers: Layer) -> Network:
    return Network([*layers, Dense(3)], (4,), np.random.default_rng(0), np.float64)


def test_classic_passes_with_every_layer_loss_and_parameter() -> None:
    checks = list(check_gradients(load_recipe("classic").build_network(dtype=np.float64)))
    assert all(check.passed for check in checks)
    compared = {(check.layer, check.parameter) for check in checks}
    expected = {
        ("0 Dense", "weights"),
        ("1 ReLU", "x"),
        ("loss CrossEntropy", "logits"),
        ("network", "2.biases"),
    }
    assert expected < compared


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
    factor: float = 1.0

    def per_example(self, logits: Floats, targets: Any) -> tuple[Floats, Floats]:
        difference = logits - np.eye(logits.shape[1])[targets]
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


@dataclass(frozen=True)
class Square(Layer):
    """y = x², whose derivative is wrong in entry (1, 2), or of the wrong shape."""

    error: float = 0.0
    columns: int | None = None

    def forward(self, parameters: Parameters, x: Floats, rng: Any = None) -> tuple[Floats, Backward]:
        def backward(dy: Floats, gradients: Parameters) -> Floats:
            dx = 2 * x * dy
            dx[1, 2] += self.error
            return dx[:, : self.columns]

        return x**2, backward


def test_the_worst_entry_is_reported_with_both_values() -> None:
    assert all(check.passed for check in check_gradients(network(Square())))
    (failed,) = [
        c for c in check_gradients(network(Square(error=0.5))) if not c.passed and c.layer != "network"
    ]
    assert (failed.layer, failed.parameter) == ("0 Square", "x")
    worst, second = failed.worst[:2]
    assert worst.index == (1, 2)
    assert worst.analytic == pytest.approx(worst.numerical + 0.5, rel=1e-6)
    assert second.analytic == pytest.approx(second.numerical, rel=1e-6)


def test_a_wrong_shape_is_reported_with_its_layer() -> None:
    with pytest.raises(HandgradError, match=r"layer 0 Square:.*\(4, 3\)"):
        list(check_gradients(network(Square(columns=3))))


def test_float32_is_refused() -> None:
    with pytest.raises(HandgradError, match="float64"):
        list(check_gradients(Network([Dense(3)], (4,))))


def test_kinks_and_zero_gradients_are_no_errors() -> None:
    """Max-pools and ReLUs switch within a step, and a normalization removes what a bias adds."""
    layers = [Conv2D(8, 3), BatchNorm(), ReLU(), MaxPool2D(), Flatten(), Dense(20), ReLU(), Dense(3)]
    checks = list(check_gradients(Network(layers, (1, 16, 16), np.random.default_rng(0), np.float64)))
    assert ("network", "0.biases") in {(check.layer, check.parameter) for check in checks}
    assert all(check.passed for check in checks), [check for check in checks if not check.passed]


FILE = """
import handgrad as hg

loss = hg.CrossEntropy(label_smoothing=0.1)
network = hg.Network([hg.Dense(3)], input_shape=(4,))

def hidden():
    return hg.Network([hg.Dense(2)], input_shape=(4,))
"""


def test_networks_and_losses_of_a_file_are_found_and_made_float64(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    (found,), (loss,) = load_user_code(tmp_path / "mine.py")
    assert found.layers == (Dense(3),)
    assert found.dtype == np.float64
    assert loss == CrossEntropy(0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot read"),
        ("x = 1\n", "makes no network and no loss"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("def f():\n    return 1 / 0\n\nf()\n", "line 2: ZeroDivisionError"),
        ("x = (\n", "line 1: SyntaxError"),
        ("import handgrad as hg\nhg.Dense(0)\n", "line 2: HandgradError: Dense units must be"),
    ],
)
def test_errors_in_a_file_are_reported_with_their_line(
    tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(HandgradError, match=message):
        load_user_code(path)
