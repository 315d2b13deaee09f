"""Draw figures of docs/learn/backpropagation.md: ``uv run --extra plot python tools/backpropagation_figures.py``."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import handgrad as hg

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FORWARD, BACKWARD = "#1f4e9c", "#b3261e"


def draw_network() -> None:
    """Draw two dense layers, a ReLU and the loss, with arrays going right and gradients going left."""
    figure, axes = plt.subplots(figsize=(9, 2.9))
    boxes = ["dense", "ReLU", "dense", "softmax,\ncross-\nentropy"]
    arrays = ["x", "z_1", "a_1", "z_2", "L"]
    for position, name in enumerate(boxes):
        left = 2.2 * position + 1
        axes.add_patch(Rectangle((left, -0.6), 1.2, 1.2, facecolor="#f2f2f2", edgecolor="#555555"))
        axes.text(left + 0.6, 0, name, ha="center", va="center", fontsize=9)
        if name == "dense":
            number = position // 2 + 1
            parameters = f"$W_{number}, b_{number}$", f"$dW_{number}, db_{number}$"
            _arrow(axes, (left + 0.6, 1.35), (left + 0.6, 0.62), FORWARD, parameters[0], 1.5)
            _arrow(axes, (left + 0.6, -0.62), (left + 0.6, -1.35), BACKWARD, parameters[1], -1.55)
    for position, name in enumerate(arrays):
        left, right = 2.2 * position + 0.03, 2.2 * position + 0.97
        _arrow(axes, (left, 0.25), (right, 0.25), FORWARD, f"${name}$", 0.45)
        gradient = "$dL = 1$" if name == "L" else f"$d{name}$"
        _arrow(axes, (right, -0.25), (left, -0.25), BACKWARD, gradient, -0.5)
    axes.set(xlim=(-0.1, 9.9), ylim=(-1.8, 1.8))
    axes.axis("off")
    figure.savefig(IMAGES / "backpropagation.png", dpi=130, bbox_inches="tight")


Point = tuple[float, float]


def _arrow(axes: Axes, start: Point, end: Point, colour: str, text: str, y: float) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6})
    x = (start[0] + end[0]) / 2
    axes.text(x, y, text, color=colour, ha="center", va="center", fontsize=11)


def draw_errors() -> None:
    """Plot the error of numerical derivatives of a network's loss for steps from 1 down to 1e-13."""
    steps = np.logspace(0, -13, 105)
    figure, axes = plt.subplots(figsize=(7.5, 4))
    for label, dtype, central, colour in (
        ("central, float64", np.float64, True, "#1f4e9c"),
        ("one-sided, float64", np.float64, False, "#2e7d32"),
        ("central, float32", np.float32, True, "#b3261e"),
    ):
        axes.loglog(steps, _errors(steps, dtype, central), ".", color=colour, label=label, markersize=4)
    axes.axvline(1e-5, color="#999999", linewidth=0.8, linestyle=":")
    axes.text(1.2e-5, 2e-13, "the step of handgrad check", color="#666666", fontsize=8)
    axes.set(xlabel="step h", ylabel="error", ylim=(1e-13, 30))
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(IMAGES / "gradient_check.png", dpi=130, bbox_inches="tight")


def _errors(steps: NDArray[np.float64], dtype: Any, central: bool) -> NDArray[np.float64]:
    """Return the median error over all weights for each step."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(4, 5)).astype(dtype), np.array([0, 1, 2, 0])
    layers = [hg.Dense(6), hg.Tanh(), hg.Dense(3)]
    network = hg.Network(layers, (5,), np.random.default_rng(1), dtype)
    exact = hg.Network(layers, (5,), np.random.default_rng(1), np.float64)
    exact.flat_parameters = network.flat_parameters
    gradient = np.zeros_like(exact.flat_parameters)
    logits, backward = exact.forward(x)
    backward(hg.CrossEntropy()(logits, labels)[1], gradient)

    def loss(index: int, value: float) -> Any:
        old = network.flat_parameters[index]
        network.flat_parameters[index] = value
        losses, _ = hg.CrossEntropy().per_example(network.forward(x)[0], labels)
        network.flat_parameters[index] = old
        return losses.sum(dtype=dtype) / dtype(len(losses))

    errors = np.empty((len(steps), len(gradient)))
    for row, h in enumerate(steps.astype(dtype)):
        for index, w in enumerate(network.flat_parameters):
            below = w - h if central else w
            slope = (loss(index, w + h) - loss(index, below)) / (2 * h if central else h)
            errors[row, index] = abs(float(slope) - gradient[index])
    return np.maximum(np.median(errors, axis=1), 1e-13)


if __name__ == "__main__":
    draw_network()
    draw_errors()
