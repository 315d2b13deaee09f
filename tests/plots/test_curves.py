"""Learning curves: the right numbers at the right places, for one run and for several."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from handgrad.errors import HandgradError
from handgrad.plots import plot_learning_curves
from handgrad.training.records import Record


def record(step: int, epoch: int, loss: float = 1.0, validated: bool = True, accuracy: float = 0.9) -> Record:
    losses = loss / 2 if validated else None, accuracy if validated else None
    return Record(step, epoch, loss, 0.75, losses[0], losses[1], 0.1, float(epoch), 100.0)


THREE = [record(9, 1, 4.0), record(19, 2, 2.0), record(29, 3, 1.0)]
BLIND = [record(9, 1, validated=False), record(19, 2, validated=False)]


def curves(axes: Any) -> dict[str, Any]:
    return {str(line.get_label()): line for line in axes.get_lines() if line.get_label() != "_sample"}


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_one_run_shows_training_beside_validation() -> None:
    axes = plot_learning_curves(THREE, metric="loss")
    training, validation = curves(axes).values()
    assert np.array_equal(training.get_xydata(), [[1, 4], [2, 2], [3, 1]])
    assert np.array_equal(validation.get_xydata(), [[1.0, 2.0], [2.0, 1.0], [3.0, 0.5]])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs of training", "loss in nats")
    assert sorted(texts(axes)) == ["training", "validation"]
    assert training.get_linestyle() != validation.get_linestyle()


def test_metrics_and_measures() -> None:
    for metric, value in (("error", 10), ("accuracy", 90)):
        validation = curves(plot_learning_curves(THREE, metric=metric))["validation"]
        assert validation.get_ydata() == pytest.approx([value] * 3)
    for against, places in (("steps", [10, 20, 30]), ("seconds", [1, 2, 3])):
        training = curves(plot_learning_curves(THREE, against=against))["training"]
        assert list(np.asarray(training.get_xdata())) == places


def test_a_run_without_validation_shows_training() -> None:
    axes = plot_learning_curves(BLIND)
    assert list(curves(axes)) == texts(axes) == ["training"]
    assert list(curves(plot_learning_curves({"a": BLIND, "b": THREE}))) == ["a (training)", "b"]


def test_epochs_that_were_cut_short_are_no_whole_ones() -> None:
    cut = [record(6, 1), record(9, 2), record(13, 2), record(16, 3)]
    assert curves(plot_learning_curves(cut))["training"].get_xdata() == pytest.approx([1, 10 / 7, 2, 17 / 7])


def test_lines_of_several_runs_differ_without_colour() -> None:
    axes = plot_learning_curves({f"run {index}": THREE for index in range(12)})
    looks = {(line.get_linestyle(), line.get_marker()) for line in curves(axes).values()}
    assert len(looks) == 12
    assert set(texts(axes)) == {f"run {index}" for index in range(12)}


def test_scales_are_logarithmic_where_values_span_a_power_of_ten() -> None:
    fast = [record(0, 1, 0.01, accuracy=1.0)]
    assert plot_learning_curves(THREE, metric="loss").get_yscale() == "linear"
    both = plot_learning_curves(
        {"slow": [record(index, index + 1) for index in range(20)], "fast": fast}, metric="loss"
    )
    assert (both.get_xscale(), both.get_yscale()) == ("log", "log")
    assert plot_learning_curves(fast, metric="error").get_yscale() == "linear"  # 25 % and 0 %
    both.figure.draw_without_rendering()  # type: ignore[union-attr]


def test_the_callers_axes_are_drawn_on() -> None:
    figure = Figure()
    given = figure.add_subplot()
    assert plot_learning_curves(THREE, given) is given
    assert len(figure.axes) == 1
    assert given.spines["top"].get_visible() is not False


@pytest.mark.parametrize(
    ("runs", "options", "told"),
    [
        ([], {}, "no records"),
        ({}, {}, "one run or more"),
        ({"a": THREE, "empty": []}, {}, "empty has no records"),
        ("runs/mlp", {}, "load_records"),
        (THREE, {"metric": "los"}, "did you mean 'loss'"),
        (THREE, {"against": "years"}, "choose from epochs, steps, seconds"),
    ],
)
def test_what_cannot_be_drawn_is_refused(runs: object, options: dict[str, str], told: str) -> None:
    with pytest.raises(HandgradError, match=told):
        plot_learning_curves(runs, **options)  # type: ignore[arg-type]
