"""``handgrad plot``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from handgrad.cli.evaluate import open_split
from handgrad.cli.options import FAILED, SUCCEEDED, Data, Split, option, parse_path
from handgrad.cli.output import emit
from handgrad.errors import HandgradError, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from handgrad.model.network import Network
    from handgrad.training.records import Record

    Figures = Iterator[tuple[str, Callable[[], Axes]]]
    """Names of figures, and the functions that draw them."""


Axis = Literal["epochs", "steps", "seconds"]
RUNS_HELP = "Runs, or models; several share one chart of curves."
OUT_HELP = "Folder of the figures. Default: RUN/plots, or plots for several runs."


class Format(StrEnum):
    """Formats of figures."""

    SVG = "svg"
    PNG = "png"


def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help=RUNS_HELP)],
    out: Annotated[Path | None, option("--out", OUT_HELP, "DIR", parser=parse_path)] = None,
    format: Annotated[list[Format], option("--format", "Format; may be repeated.")] = [*Format],  # noqa: B006
    against: Annotated[Axis, option("--against", "Horizontal axis of the curves.")] = "epochs",
    data: Data = None,
    split: Split = None,
) -> int:
    """Draw curves, weights, confusion matrix and mistakes."""
    from handgrad.exports.formats import load_model
    from handgrad.files import make_folder
    from handgrad.plots.style import save
    from handgrad.training.records import load_records

    require("figures need", "plot", "matplotlib")
    named = _distinguish(runs)
    networks = {name: load_model(run) for name, run in named.items()}
    records = {name: load_records(run) if run.is_dir() else [] for name, run in named.items()}
    first = runs[0] if runs[0].is_dir() else runs[0].parent
    folder = out or (first / "plots" if len(named) == 1 else Path("plots"))
    figures = [(folder, *figure) for figure in _curves(records, against)]
    for name, network in networks.items():
        place = folder if len(named) == 1 else folder / name
        figures += [(place, *figure) for figure in _figures(network, named[name], name, data, split)]
    written = 0
    for place, name, draw in figures:
        try:
            axes = draw()
        except HandgradError as error:
            emit(f"skipped  {place / name}: {error}")
            continue
        make_folder(place)
        for kind in format:
            save(axes, place / f"{name}.{kind}")
        emit(f"saved    {place / name}.{' and .'.join(format)}")
        written += 1
    return SUCCEEDED if written else FAILED


def _curves(records: "Mapping[str, list[Record]]", against: str) -> "Figures":
    """Yield the figures that all runs share."""
    from handgrad.plots import plot_learning_curves

    for name, found in records.items():
        if not found:
            emit(f"skipped  learning curves of {name}: it has no records")
    logged = {name: found for name, found in records.items() if found}
    for metric in ("loss", "error") if logged else ():
        yield metric, partial(plot_learning_curves, logged, metric=metric, against=against)


def _figures(network: "Network", run: Path, name: str, data: str | None, split: str | None) -> "Figures":
    """Yield the figures of one network. Without data, which are optional by default, yield only its weights."""
    import numpy as np

    from handgrad.data.dataset import naming
    from handgrad.plots import plot_calibration, plot_confusion_matrix, plot_mistakes, plot_weights
    from handgrad.training.metrics import as_known, evaluate

    yield "weights", partial(plot_weights, network)
    try:
        source, used, dataset = open_split(run, data, split)
        with naming(source):
            dataset = as_known(network, dataset)
            result = evaluate(network, dataset)
    except HandgradError as error:
        if data is not None or split is not None:
            raise
        emit(f"skipped  confusion, mistakes and calibration of {name}: {error}")
        return
    emit(f"measured {name} on {source}, {used}: accuracy {result.accuracy:.2%} of {len(dataset):,}")
    probabilities = np.concatenate([network.predict_proba(part.inputs) for part in dataset.parts()])
    yield "confusion", partial(plot_confusion_matrix, result.confusion, network.classes)
    yield "mistakes", partial(plot_mistakes, dataset, probabilities, shape=network.example_shape)
    yield "calibration", partial(plot_calibration, probabilities, dataset.labels)


def _distinguish(runs: Iterable[Path]) -> dict[str, Path]:
    """Name each run by its folder, and by the parent folders that distinguish it from the others."""
    paths = list(dict.fromkeys(run.resolve() for run in runs))
    depth, named = 0, dict[str, Path]()
    while len(named) < len(paths):
        depth += 1
        named = {"-".join(path.parts[-depth:]): path for path in paths}
    return named
