"""``handgrad plot``."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from handgrad.cli.models import open_split
from handgrad.cli.options import OtherData, OtherTarget, Split, SplitName, option
from handgrad.cli.output import emit
from handgrad.errors import HandgradError, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RUNS_HELP = "Runs, or models; several share one chart of curves."
OUT_HELP = "Folder of the figures. Default: RUN/plots, or plots for several runs."

Format = Annotated[Literal["svg", "png"] | None, option("--format", "Format of the figures. Default: both.")]
Axis = Annotated[Literal["epochs", "steps", "seconds"], option("--against", "Horizontal axis of the curves.")]


def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help=RUNS_HELP)],
    out: Annotated[Path | None, option("--out", OUT_HELP, "DIR")] = None,
    format: Format = None,
    against: Axis = "epochs",
    data: OtherData = None,
    target: OtherTarget = None,
    split: Split = None,
) -> None:
    """Draw figures of runs and models.

    Draw learning curves, weights, and predictions, e.g. the confusion matrix and mistakes.
    """
    from handgrad.files import make_folder
    from handgrad.plots.style import save

    require("figures need", "plot", "matplotlib")
    paths = {run.resolve(): run for run in runs}
    shared = os.path.commonpath([path.parent for path in paths])
    named = {str(path.relative_to(shared)): run for path, run in paths.items()}
    first = runs[0] if runs[0].is_dir() else runs[0].parent
    folder = out or (first / "plots" if len(named) == 1 else Path("plots"))
    formats = [format] if format else ["svg", "png"]
    for name, draw in _figures(named, against, data, split, target):
        place = folder / name
        try:
            axes = draw()
        except HandgradError as error:
            emit(f"skipped  {place}: {error}")
            continue
        make_folder(place.parent)
        for kind in formats:
            save(axes, place.with_name(f"{place.name}.{kind}"))
        emit(f"saved    {place}.{' and .'.join(formats)}")


def _figures(
    runs: dict[str, Path],
    against: str,
    data: str | None,
    split: SplitName | None,
    target: list[str] | None,
) -> "Iterator[tuple[str, Callable[[], Axes]]]":
    """Yield names of figures and the functions that draw them: curves of all runs, then those of each network."""
    import numpy as np

    from handgrad import plots
    from handgrad.cli.results import summary
    from handgrad.exports.formats import load_model
    from handgrad.training.evaluation import evaluate
    from handgrad.training.records import load_records

    networks = {name: load_model(run) for name, run in runs.items()}
    logs = {name: load_records(run) for name, run in runs.items() if run.is_dir()}
    records = {name: found for name, found in logs.items() if found}
    for name in sorted(runs.keys() - records):
        emit(f"skipped  curves of {name}: it has no records")
    accurate = [name for name, found in records.items() if found[0].train_accuracy is not None]
    for metric in (["loss"] if records else []) + (["error"] if len(accurate) == len(records) > 0 else []):
        yield metric, partial(plots.plot_learning_curves, records, metric=metric, against=against)
    for name, network in networks.items():
        place = "" if len(runs) == 1 else f"{name}/"
        yield f"{place}weights", partial(plots.plot_weights, network)
        try:
            source, used, dataset = open_split(network, runs[name], data, split, target)
            result = evaluate(network, dataset)
        except HandgradError as error:
            if data or split:
                raise
            emit(f"skipped  figures of predictions of {name}: {error}")
            continue
        emit(f"measured {name} on {source}, {used}: {summary(result)}")
        if dataset.task == "regression":
            predicted = np.concatenate([network.predict(part.inputs) for part in dataset.parts()])
            for k, output in enumerate(network.classes):
                suffix = f"-{k}" if len(network.classes) > 1 else ""
                values = dataset.labels[:, k], predicted[:, k]
                yield f"{place}predictions{suffix}", partial(plots.plot_predictions, *values, name=output)
                yield f"{place}residuals{suffix}", partial(plots.plot_residuals, *values, name=output)
            continue
        probabilities = np.concatenate([network.predict_proba(part.inputs) for part in dataset.parts()])
        if dataset.task == "multilabel":
            draw = plots.plot_precision_recall
            yield f"{place}precision-recall", partial(draw, dataset.labels, probabilities, network.classes)
            continue
        yield f"{place}confusion", partial(plots.plot_confusion_matrix, result.confusion, network.classes)
        yield f"{place}mistakes", partial(plots.plot_mistakes, dataset, probabilities)
        yield f"{place}calibration", partial(plots.plot_calibration, probabilities, dataset.labels)
