"""The check itself: it passes correct gradients, and finds wrong ones in every place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.kernels.backend import kernels
from handgrad.training.user_code import load_user_code


def network(*layers: hg.Layer) -> hg.Network:
    return hg.Network([*layers, hg.Dense(3)], (4,), 0, np.float64)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("relu_backward", lambda dy, x: dy * (x > -0.5)),
        ("relu_backward", lambda dy, x: dy * np.nan),
        ("dense_backward", lambda dy, x, w, dw, db, *, input_gradient=True: dy @ w),
    ],
)
def test_a_wrong_derivative_is_found(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any) -> None:
    kernels.load("native")
    monkeypatch.setattr(kernels, name, wrong)
    checks = hg.check_gradients(network(hg.Dense(6), hg.ReLU(), hg.Dense(5)))
    failed = {check.layer for check in checks if not check.passed}
    assert "network" in failed
    assert failed & {"0 Dense", "1 ReLU"}


@dataclass(frozen=True)
class Square(hg.Layer):
    """y = x², whose derivative is wrong in entry (1, 2), or of the wrong shape."""

    error: float = 0.0
    columns: int | None = None

    def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
        def backward(dy: Any, gradients: Any) -> Any:
            dx = 2 * x * dy
            dx[1, 2] += self.error
            return dx[:, : self.columns]

        return x**2, backward


@dataclass(frozen=True)
class Kinked(hg.Layer):
    """y = |x − k|, with k within the largest step of one of the inputs that the check draws."""

    kink: float = float(np.random.default_rng(0).normal(size=(4, 4))[1, 2]) + 3e-6

    def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
        return abs(x - self.kink), lambda dy, gradients: dy * np.sign(x - self.kink)


@dataclass(frozen=True)
class Squares(hg.Loss):
    factor: float = 1.0

    def per_example(self, logits: Any, targets: Any) -> Any:
        difference = logits - np.eye(logits.shape[1])[targets]
        return 0.5 * (difference**2).sum(axis=1), self.factor * difference


NORMALIZED = [hg.Conv2D(8, 3), hg.BatchNorm(), hg.ReLU(), hg.MaxPool2D(), hg.Flatten(), hg.Dense(3)]


@pytest.mark.parametrize(
    ("net", "loss"),
    [
        (hg.load_recipe("classic").build_network(dtype=np.float64), hg.CrossEntropy()),
        (network(Square()), hg.CrossEntropy(0.2, (1, 0, 3))),
        (network(Kinked()), hg.CrossEntropy(0.1, "balanced")),
        (hg.Network(NORMALIZED, (1, 16, 16), 0, np.float64), Squares()),  # which removes what a bias adds
    ],
)
def test_correct_gradients_of_layers_losses_and_networks_pass(net: hg.Network, loss: hg.Loss) -> None:
    checks = list(hg.check_gradients(net, loss=loss))
    assert all(check.passed for check in checks), [check for check in checks if not check.passed]
    first, last = f"0 {type(net.layers[0]).__name__} x", f"network {len(net.layers) - 1}.biases"
    expected = {first, f"loss {type(loss).__name__} logits", last}
    assert expected < {f"{check.layer} {check.parameter}" for check in checks}


def test_the_worst_entry_is_reported_with_both_values() -> None:
    checks = hg.check_gradients(network(Square(error=0.5)))
    (failed,) = [check for check in checks if not check.passed and check.layer != "network"]
    assert (failed.layer, failed.parameter) == ("0 Square", "x")
    worst, second = failed.worst[:2]
    assert worst.index == (1, 2)
    assert worst.analytic == pytest.approx(worst.numerical + 0.5, rel=1e-6)
    assert second.analytic == pytest.approx(second.numerical, rel=1e-6)
    checks = hg.check_gradients(network(), loss=Squares(1.001))
    assert {check.layer for check in checks if not check.passed} == {"loss Squares", "network"}


def test_a_wrong_shape_is_reported_with_its_layer_and_float32_is_refused() -> None:
    line = refusal(list, hg.check_gradients(network(Square(columns=3))))
    assert line.startswith("layer 0 Square:")
    assert "(4, 3)" in line
    assert "float64" in refusal(list, hg.check_gradients(hg.Network([hg.Dense(3)], 4)))


FILE = """
import handgrad as hg
loss = hg.CrossEntropy(0.1)
network = hg.Network([hg.Dense(3)], input_shape=(4,))
def hidden():
    return hg.Network([hg.Dense(2)], input_shape=(4,))
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "neither a network nor a loss"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("def f():\n    return 1 / 0\n\nf()\n", "line 2: ZeroDivisionError"),
        ("x = (\n", "line 1: SyntaxError"),
        ("import handgrad as hg\nhg.Dense(0)\n", "line 2: HandgradError: Dense units must be"),
    ],
)
def test_files_are_run_and_errors_reported_with_their_line(tmp_path: Path, text: Any, message: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    (found,), (loss,) = load_user_code(path)
    assert found.layers == (hg.Dense(3),)
    assert found.dtype == np.float64
    assert loss == hg.CrossEntropy(0.1)
    path.write_text(text)
    assert message in refusal(load_user_code, path)
    assert "cannot read" in refusal(load_user_code, tmp_path / "nowhere.py")
