"""Learning curves of one run, training beside validation, or of several runs on one chart."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError, suggest
from handgrad.plots.style import Axes, drawing, shorten
from handgrad.training.records import Record

METRICS = {"loss": "loss in nats", "error": "error in %", "accuracy": "accuracy in %"}
AGAINST = ("epochs", "steps", "seconds")

DASHES, MARKERS = ("-", "--", "-.", ":"), "os^Dv"
"""Twenty lines differ without colour, so that figures can be read in black and white."""

Values = NDArray[np.float64]


def plot_learning_curves(
    runs: Iterable[Record] | Mapping[str, Iterable[Record]],
    ax: Axes | None = None,
    *,
    metric: str = "error",
    against: str = "epochs",
) -> Axes:
    """Plot a metric over the training.

    Parameters
    ----------
    runs : iterable of Record, or mapping of str to iterable of Record
        Records of one run, or of several by name, from `handgrad.fit`, `handgrad.train` or `handgrad.load_records`.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on, in your style; default: those of a new figure.
    metric : {"error", "accuracy", "loss"}, default "error"
        Metric. The error is the share of wrong predictions.
    against : {"epochs", "steps", "seconds"}, default "epochs"
        Horizontal axis.

    Returns
    -------
    matplotlib.axes.Axes
        Axes with the figure.

    Raises
    ------
    HandgradError
        If a run has no records, or `metric` or `against` is unknown.

    Notes
    -----
    For one run two curves are drawn: training, measured on each batch before its step, and validation, measured after
    the last step; records within an epoch have no validation. For several runs it is one curve each: validation, or
    training for a run without a validation split.

    Examples
    --------
    >>> import handgrad as hg
    >>> data = hg.Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> network = hg.Network([hg.Dense(2)], input_shape=1, rng=0)
    >>> records = hg.fit(network, data, epochs=5)
    >>> axes = hg.plots.plot_learning_curves(records, metric="loss")
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('epochs of training', 'loss in nats')
    """
    for value, known in ((metric, METRICS), (against, AGAINST)):
        if value not in known:
            raise HandgradError(f"learning curves of '{value}' are not available{suggest(value, known)}")
    named = runs if isinstance(runs, Mapping) else {"": runs}
    records = {name: list(found) for name, found in named.items()} or {"": []}
    for name, found in records.items():
        if not found or not all(isinstance(record, Record) for record in found):
            raise HandgradError(f"run '{name}' must hold one or more records, e.g. from load_records")
    lines = _lines(records, metric, against)
    with drawing(ax, (5.6, max(3.4, 0.2 * len(lines)))) as axes:
        handles = []
        for index, (label, (x, y)) in enumerate(lines.items()):
            every = max(1, len(x) // 8)
            line = axes.plot(x, y, label=shorten(label), color=f"C{index}", markevery=every)[0]
            line.set(linestyle=DASHES[index % len(DASHES)], marker=MARKERS[index % len(MARKERS)])
            handles.append(line)
        regression = any(found[0].train_accuracy is None for found in records.values())
        axes.set(xlabel=f"{against} of training", ylabel="loss" if regression else METRICS[metric])
        if against != "seconds":
            axes.locator_params(axis="x", integer=True)
        if metric != "accuracy":
            _choose_scale(axes, "y", np.concatenate([y for _, y in lines.values()]))
        if len(records) > 1:
            _choose_scale(axes, "x", np.array([x[-1] for x, _ in lines.values()]))
        if axes.get_xscale() == "linear":
            axes.set_xlim(left=0)
        # named from top to bottom, as they end
        handles.sort(key=lambda line: -np.asarray(line.get_ydata())[-1])
        axes.legend(handles=handles, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
    return axes


def _lines(runs: dict[str, list[Record]], metric: str, against: str) -> dict[str, tuple[Values, Values]]:
    """Return x and y of each line by its label."""
    lines = {}
    for name, records in runs.items():
        steps, seconds = np.array([(r.step + 1, r.seconds) for r in records], np.float64).T
        per_epoch = max(steps / [r.epoch for r in records])  # the last epoch may be incomplete
        x = {"epochs": steps / per_epoch, "steps": steps, "seconds": seconds}[against]
        names = ("loss", "validation_loss") if metric == "loss" else ("train_accuracy", "validation_accuracy")
        values = [[getattr(record, value) for value in names] for record in records]
        y = np.array(values, np.float64)  # NaN where nothing was validated
        if np.isnan(y[:, 0]).any():
            raise HandgradError(f"a regression has no {metric}; draw its loss")
        training, validation = {"loss": y, "accuracy": 100 * y, "error": 100 * (1 - y)}[metric].T
        validated = ~np.isnan(validation)
        if len(runs) == 1 or not validated.any():
            lines["training" if len(runs) == 1 else f"{name} (training)"] = x, training
        if validated.any():
            lines["validation" if len(runs) == 1 else name] = x[validated], validation[validated]
    return lines


def _choose_scale(axes: Axes, name: str, values: Values) -> None:
    """Use a logarithmic scale if `values` span a power of ten; zeros are then not visible."""
    positive = values[values > 0]
    if len(positive) and positive.max() >= 10 * positive.min():
        from matplotlib.ticker import LogLocator

        axes.set(**{f"{name}scale": "log"})
        axis = axes.xaxis if name == "x" else axes.yaxis
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if positive.max() < 1000 * positive.min() else (1,)))
        axis.set_major_formatter("{x:g}")
        axes.minorticks_off()
