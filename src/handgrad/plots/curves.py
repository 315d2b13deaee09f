"""Learning curves of one run, training beside validation, or of several runs on one chart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError, suggest
from handgrad.plots.style import drawing, shorten
from handgrad.training.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = {"loss": "loss in nats", "error": "error in %", "accuracy": "accuracy in %"}
X_AXES = {"epochs": "epochs of training", "steps": "steps of training", "seconds": "seconds of training"}

DASHES, MARKERS = ("-", "--", "-.", ":"), "os^Dv"
"""Twenty lines differ without colour, so that figures can be read in black and white."""

Values = NDArray[np.float64]


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
    metric : str
        ``"error"``, the share of wrong predictions, ``"accuracy"`` or ``"loss"``.
    against : str
        ``"epochs"``, ``"steps"`` or ``"seconds"``.

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
        if not found or not all(isinstance(record, Record) for record in found):
            raise HandgradError(
                f"run '{name}' must be records of an epoch or more, as load_records reads them"
            )
    lines = _lines(records, metric, against)
    with drawing(ax, (5.6, max(3.4, 0.2 * len(lines)))) as axes:
        handles = []
        for index, (label, (x, y)) in enumerate(lines.items()):
            style: dict[str, Any] = {
                "linestyle": DASHES[index % len(DASHES)],
                "marker": MARKERS[index % len(MARKERS)],
            }
            handles += axes.plot(
                x, y, label=shorten(label), color=f"C{index}", markevery=max(1, len(x) // 8), **style
            )
        axes.set(xlabel=X_AXES[against], ylabel=METRICS[metric])
        if against != "seconds":
            axes.locator_params(axis="x", integer=True)
        if metric != "accuracy":
            _choose_scale(axes, "y", np.concatenate([y for _, y in lines.values()]))
        if len(records) > 1:
            _choose_scale(axes, "x", np.array([x[-1] for x, _ in lines.values()]))
        if axes.get_xscale() == "linear":
            axes.set_xlim(left=0)
        ends = [-y[-1] for _, y in lines.values()]  # named from top to bottom in the order of their ends
        handles = [handles[index] for index in np.argsort(ends, kind="stable")]
        axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
    return axes


def _lines(
    runs: Mapping[str, Sequence[Record]], metric: str, against: str
) -> dict[str, tuple[Values, Values]]:
    """Return x and y of each line by its label."""
    lines = {}
    for name, records in runs.items():
        x, training = _x(records, against), _y(records, metric, "loss", "train_accuracy")
        validation = _y(records, metric, "validation_loss", "validation_accuracy")
        validated = not np.isnan(validation).any()
        if len(runs) == 1:
            lines["training"] = x, training
            if validated:
                lines["validation"] = x, validation
        elif validated:
            lines[name] = x, validation
        else:
            lines[f"{name} (training)"] = x, training
    return lines


def _y(records: Sequence[Record], metric: str, loss: str, accuracy: str) -> Values:
    found = [getattr(record, loss if metric == "loss" else accuracy) for record in records]
    values = np.array(found, np.float64)  # NaN without a validation split
    return {"loss": values, "accuracy": 100 * values, "error": 100 * (1 - values)}[metric]


def _x(records: Sequence[Record], against: str) -> Values:
    if against == "seconds":
        return np.array([record.seconds for record in records])
    steps = np.array([record.step + 1.0 for record in records])
    # An incomplete epoch is a fraction of one, whose steps the records of complete epochs imply.
    return steps if against == "steps" else steps / max(steps / [max(1, record.epoch) for record in records])


def _choose_scale(axes: "Axes", name: str, values: Values) -> None:
    """Use a logarithmic scale if `values` span a power of ten; zeros are then not visible."""
    positive = values[values > 0]
    if len(positive) and positive.max() >= 10 * positive.min():
        from matplotlib.ticker import LogLocator

        axes.set(**{f"{name}scale": "log"})
        axis = axes.xaxis if name == "x" else axes.yaxis
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axes.minorticks_off()
