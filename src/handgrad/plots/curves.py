"""Learning curves: one run, training beside validation; or several runs on one chart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError, suggest
from handgrad.plots.line_ends import label_ends
from handgrad.plots.style import INK, drawing, line_style
from handgrad.training.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = {"loss": "loss in nats", "error": "error in %", "accuracy": "accuracy in %"}
MEASURES = {"epochs": "epochs of training", "steps": "steps of training", "seconds": "seconds of training"}
ROOM = {"x": 300, "y": 3000}
"""Logarithmic scales that span less than this have room for 2 and 5 between 1 and 10."""

MARKED = 8
"""About as many points of a long curve carry a marker."""


def plot_learning_curves(
    runs: Iterable[Record] | Mapping[str, Iterable[Record]],
    ax: "Axes | None" = None,
    *,
    metric: str = "error",
    against: str = "epochs",
) -> "Axes":
    """Draw how a metric fell, or rose, in training.

    Of one run, both curves are drawn: that of training, measured on each batch before its step, and that of
    validation, measured after the last. Of several runs it is one each: validation, or training where a run has no
    validation split. Scales are logarithmic where errors or losses, or the lengths of the runs, span a power of ten.

    Parameters
    ----------
    runs : iterable of Record, or mapping of names to such
        What `handgrad.train` yields and `handgrad.load_records` reads.
    ax : matplotlib Axes, optional
        A new figure's unless given.
    metric : str
        ``"error"``, the share of wrong answers, ``"accuracy"`` or ``"loss"``.
    against : str
        ``"epochs"``, ``"steps"`` or ``"seconds"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HandgradError
        If a run has no records, or metric or measure is unknown.
    """
    for value, known in ((metric, METRICS), (against, MEASURES)):
        if value not in known:
            raise HandgradError(f"there are no learning curves of '{value}'{suggest(value, known)}")
    named = {"": runs} if not isinstance(runs, Mapping) else runs
    records = {name: list(found) for name, found in named.items()}
    for name, found in records.items():
        if not found:
            raise HandgradError(f"{name or 'the run'} has no records yet; train it for an epoch first")
        if not all(isinstance(record, Record) for record in found):
            raise HandgradError(
                f"learning curves are drawn of records, as load_records reads them; got {found[0]!r:.60}"
            )
    if not records:
        raise HandgradError("learning curves need one run or more; got none")
    if len(records) == 1:
        lines = _of_one(next(iter(records.values())), metric)
    else:
        lines = [
            _of_several(name, found, metric, index) for index, (name, found) in enumerate(records.items())
        ]
    with drawing(ax, (5.6, max(3.4, 0.2 * len(lines)))) as axes:
        drawn = {}
        for label, logged, values, look in lines:
            places = _places(logged, against)
            every = max(1, len(places) // MARKED)
            marked = (len(places) - 1) % every, every  # the last of them, too
            (drawn[label],) = axes.plot(places, values, label=label, markevery=marked, **look)
        axes.set(xlabel=MEASURES[against], ylabel=METRICS[metric])
        if against != "seconds":
            axes.locator_params(axis="x", integer=True)
        if metric != "accuracy":
            _scale(axes, "y", np.concatenate([values for *_, values, _ in lines]))
        if len(records) > 1:
            _scale(axes, "x", np.array([_places(logged, against)[-1] for _, logged, *_ in lines]))
        starts, stops = axes.dataLim.intervalx
        if starts == stops:  # one record
            axes.set_xlim(0, 2 * stops)
        label_ends(axes, drawn)
    return axes


Line = tuple[str, Sequence[Record], NDArray[np.float64], dict[str, Any]]


def _of_one(records: list[Record], metric: str) -> list[Line]:
    training = {"linestyle": "--", "marker": "o", "markerfacecolor": "white", "linewidth": 1}
    looks = {"training": training} | ({"validation": {"marker": "o"}} if _validated(records) else {})
    return [
        (split, records, _values(records, metric, split), look | {"color": INK})
        for split, look in looks.items()
    ]


def _of_several(name: str, records: list[Record], metric: str, index: int) -> Line:
    look = line_style(index)
    if _validated(records):
        return name, records, _values(records, metric, "validation"), look
    return f"{name} (training)", records, _values(records, metric, "training"), look


def _validated(records: list[Record]) -> bool:
    return all(record.validation_loss is not None for record in records)


def _values(records: list[Record], metric: str, split: str) -> NDArray[np.float64]:
    fields = {
        "training": ("loss", "train_accuracy"),
        "validation": ("validation_loss", "validation_accuracy"),
    }
    loss, accuracy = fields[split]
    if metric == "loss":
        return np.array([getattr(record, loss) for record in records])
    shares = np.array([getattr(record, accuracy) for record in records])
    return 100 * (shares if metric == "accuracy" else 1 - shares)


def _places(records: Sequence[Record], against: str) -> NDArray[np.float64]:
    steps = np.array([record.step + 1.0 for record in records])
    if against == "steps":
        return steps
    if against == "seconds":
        return np.array([record.seconds for record in records])
    # Records of whole epochs tell how many steps one has, and so how much there was of those cut short.
    return steps / max((record.step + 1) / max(1, record.epoch) for record in records)


def _scale(axes: "Axes", name: str, values: NDArray[np.float64]) -> None:
    """Make a scale logarithmic where `values` span a power of ten; what is 0 then leaves the picture."""
    positive = values[values > 0]
    if not len(positive) or positive.max() < 10 * positive.min():
        return
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axes.set(**{f"{name}scale": "log"})
    axis = axes.xaxis if name == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < ROOM[name] * low else (1,)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())
