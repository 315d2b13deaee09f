"""Learning curves of one run, training beside validation, or of several runs on one chart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError, suggest
from handgrad.plots.style import INK, drawing, line_style, shorten
from handgrad.training.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = {"loss": "loss in nats", "error": "error in %", "accuracy": "accuracy in %"}
X_AXES = {"epochs": "epochs of training", "steps": "steps of training", "seconds": "seconds of training"}

MARKERS = 8
"""Markers on a long curve, approximately."""

Line = tuple[str, NDArray[np.float64], NDArray[np.float64], dict[str, Any]]
"""Label, x, y and style."""


def plot_learning_curves(
    runs: Iterable[Record] | Mapping[str, Iterable[Record]],
    ax: "Axes | None" = None,
    *,
    metric: str = "error",
    against: str = "epochs",
) -> "Axes":
    """Draw a metric over the training.

    Of one run both curves are drawn: training, measured on each batch before its step, and validation, measured
    after the last one. Of several runs it is one each: validation, or training where a run has no validation split.
    Scales are logarithmic where errors, losses or the lengths of the runs span a power of ten.

    Parameters
    ----------
    runs : iterable of Record, or mapping of names to iterables
        As `handgrad.train` yields them and `handgrad.load_records` reads them.
    ax : matplotlib Axes, optional
        Default: axes of a new figure.
    metric : str
        ``"error"``, the share of wrong predictions, ``"accuracy"`` or ``"loss"``.
    against : str
        ``"epochs"``, ``"steps"`` or ``"seconds"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If a run has no records, or `metric` or `against` is unknown.
    """
    for value, known in ((metric, METRICS), (against, X_AXES)):
        if value not in known:
            raise HandgradError(f"learning curves of '{value}' are not available{suggest(value, known)}")
    named = runs if isinstance(runs, Mapping) else {"": runs}
    records = {name: list(found) for name, found in named.items()}
    if not records:
        raise HandgradError("learning curves need one run or more; got none")
    for name, found in records.items():
        if not found:
            raise HandgradError(f"{name or 'the run'} has no records yet; train it for an epoch first")
        if not all(isinstance(record, Record) for record in found):
            raise HandgradError(f"runs must be lists of Record, as load_records reads; got {found[0]!r:.60}")
    lines = _lines(records, metric, against)
    with drawing(ax, (5.6, max(3.4, 0.2 * len(lines)))) as axes:
        for label, x, y, style in lines:
            every = max(1, len(x) // MARKERS)
            marked = (len(x) - 1) % every, every  # the last point is one of them
            axes.plot(x, y, label=shorten(label), markevery=marked, **style)
        axes.set(xlabel=X_AXES[against], ylabel=METRICS[metric])
        if against != "seconds":
            axes.locator_params(axis="x", integer=True)
        if metric != "accuracy":
            _scale(axes, "y", np.concatenate([y for _, _, y, _ in lines]))
        if len(records) > 1:
            _scale(axes, "x", np.array([x[-1] for _, x, _, _ in lines]))
        start, stop = axes.dataLim.intervalx
        if start == stop:  # one record
            axes.set_xlim(0, 2 * stop)
        _add_legend(axes, lines)
    return axes


def _lines(runs: Mapping[str, Sequence[Record]], metric: str, against: str) -> list[Line]:
    lines = []
    for index, (name, records) in enumerate(runs.items()):
        x, training = _x(records, against), _y(records, metric, "loss", "train_accuracy")
        validation = None
        if all(record.validation_loss is not None for record in records):
            validation = _y(records, metric, "validation_loss", "validation_accuracy")
        if len(runs) > 1:
            label = f"{name} (training)" if validation is None else name
            lines.append((label, x, training if validation is None else validation, line_style(index)))
            continue
        dashed = {"linestyle": "--", "marker": "o", "markerfacecolor": "white", "linewidth": 1}
        lines.append(("training", x, training, {"color": INK, **dashed}))
        if validation is not None:
            lines.append(("validation", x, validation, {"color": INK, "marker": "o"}))
    return lines


def _y(records: Sequence[Record], metric: str, loss: str, accuracy: str) -> NDArray[np.float64]:
    values = np.array([getattr(record, loss if metric == "loss" else accuracy) for record in records])
    return {"loss": values, "accuracy": 100 * values, "error": 100 * (1 - values)}[metric]


def _x(records: Sequence[Record], against: str) -> NDArray[np.float64]:
    if against == "seconds":
        return np.array([record.seconds for record in records])
    steps = np.array([record.step + 1.0 for record in records])
    # An incomplete epoch is a fraction of one, whose steps the records of complete epochs imply.
    return steps if against == "steps" else steps / max(steps / [max(1, record.epoch) for record in records])


def _scale(axes: "Axes", name: str, values: NDArray[np.float64]) -> None:
    """Use a logarithmic scale if `values` span a power of ten; zeros are then not visible."""
    positive = values[values > 0]
    if not len(positive) or positive.max() < 10 * positive.min():
        return
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axes.set(**{f"{name}scale": "log"})
    axis = axes.xaxis if name == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def _add_legend(axes: "Axes", lines: Sequence[Line]) -> None:
    """Name the lines beside the axes, from top to bottom in the order of their ends."""
    handles = axes.get_lines()[-len(lines) :]
    order = sorted(range(len(lines)), key=lambda index: -lines[index][2][-1])
    legend = axes.legend(
        handles=[handles[index] for index in order],
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        handlelength=3,
        labelspacing=0.3,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
