"""Learning curves of one run and of several."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from handgrad.plots import plot_learning_curves
from handgrad.training.records import Record


def record(step: int, epoch: int, loss: float = 1.0, validated: bool = True, accuracy: float = 0.9) -> Record:
    losses = (loss / 2, accuracy) if validated else (None, None)
    return Record(step, epoch, loss, 0.75, losses[0], losses[1], 0.1, float(epoch), 100.0)


THREE = [record(9, 1, 4.0), record(19, 2, 2.0), record(29, 3, 1.0)]
UNVALIDATED = [record(9, 1, validated=False), record(19, 2, validated=False)]


def curves(axes: Any) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines()}


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_one_run_shows_training_beside_validation() -> None:
    axes = plot_learning_curves(THREE, metric="loss")
    training, validation = curves(axes).values()
    assert np.array_equal(training.get_xydata(), [[1, 4], [2, 2], [3, 1]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs of training", "loss in nats")
    assert legend(axes) == ["training", "validation"]
    assert training.get_linestyle() != validation.get_linestyle()
    incomplete = curves(plot_learning_curves([*THREE, record(34, 4)]))["training"]
    assert incomplete.get_xdata() == pytest.approx([1, 2, 3, 3.5])  # a half of the last epoch


def test_records_within_epochs_belong_to_the_training_only() -> None:
    records = [record(4, 1, validated=False), *THREE[:2], record(24, 3, validated=False)]
    one = curves(plot_learning_curves(records))
    assert one["training"].get_xdata() == pytest.approx([0.5, 1, 2, 2.5])
    assert one["validation"].get_xdata() == pytest.approx([1, 2])
    assert list(curves(plot_learning_curves({"a": records, "b": UNVALIDATED}))) == ["a", "b (training)"]


@pytest.mark.parametrize(
    ("against", "metric", "x", "y"),
    [
        ("epochs", "error", [1, 2, 3], [10, 10, 10]),
        ("steps", "accuracy", [10, 20, 30], [90, 90, 90]),
        ("seconds", "loss", [1, 2, 3], [2, 1, 0.5]),
    ],
)
def test_axes(against: str, metric: str, x: list[float], y: list[float]) -> None:
    line = curves(plot_learning_curves(THREE, against=against, metric=metric))["validation"]
    assert line.get_xdata() == pytest.approx(x)
    assert line.get_ydata() == pytest.approx(y)


def test_several_runs_differ_without_colour_and_use_the_axes_of_the_caller() -> None:
    mine = Figure().add_subplot()
    runs = {f"run {index}": THREE for index in range(12)}
    axes = plot_learning_curves(runs | {"unvalidated": UNVALIDATED}, mine)
    assert axes is mine
    assert axes.spines["top"].get_visible() is not False
    assert set(legend(axes)) == {*runs, "unvalidated (training)"}
    assert len({(line.get_linestyle(), line.get_marker()) for line in curves(axes).values()}) == 13
    assert list(curves(plot_learning_curves(UNVALIDATED))) == ["training"]


def test_scales_are_logarithmic_where_values_span_a_power_of_ten() -> None:
    fast = [record(0, 1, 0.01, accuracy=1.0)]
    slow = [record(index, index + 1) for index in range(20)]
    assert plot_learning_curves(THREE, metric="loss").get_yscale() == "linear"
    both = plot_learning_curves({"slow": slow, "fast": fast}, metric="loss")
    assert (both.get_xscale(), both.get_yscale(), legend(both)) == ("log", "log", ["slow", "fast"])
    assert plot_learning_curves(fast, metric="error").get_yscale() == "linear"  # 25 % and 0 %
    both.figure.draw_without_rendering()  # type: ignore[union-attr]
