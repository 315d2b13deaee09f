"""``handgrad plot``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Data, parse_place
from handgrad.cli.output import emit
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from handgrad.data.dataset import Dataset
    from handgrad.kernels.types import Floats
    from handgrad.model.network import Network
    from handgrad.training.metrics import Evaluation
    from handgrad.training.records import Record

    Picture = tuple[str, Callable[[], Axes]]
    Measured = tuple[Dataset, Evaluation, Floats]


def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Runs, or models; several share one chart of curves."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            parser=parse_place,
            help="Folder of the pictures; RUN/plots, or plots for several runs.",
        ),
    ] = None,
    format: Annotated[str, typer.Option("--format", help="svg, png or both.")] = "svg,png",
    against: Annotated[
        str, typer.Option("--against", help="What curves are drawn against: epochs, steps or seconds.")
    ] = "epochs",
    data: Data = None,
    split: Annotated[
        str | None, typer.Option("--split", help="train, validation or test.", show_default="test")
    ] = None,
) -> int:
    """Draw curves, weights, confusions and mistakes."""
    from handgrad.cli.main import FAILED
    from handgrad.exports.formats import load_model
    from handgrad.files import make_folder
    from handgrad.plots.style import require_matplotlib, save
    from handgrad.training.records import load_records

    require_matplotlib()
    kinds, against = _parse_formats(format), _parse_against(against)
    named = _named(runs)
    networks = {name: load_model(run) for name, run in named.items()}
    records = {name: load_records(run) if run.is_dir() else [] for name, run in named.items()}
    measured = {name: _measure(networks[name], run, name, data, split) for name, run in named.items()}
    first = runs[0] if runs[0].is_dir() else runs[0].parent
    folder = out or (first / "plots" if len(named) == 1 else Path("plots"))
    written = 0
    pictures = [(folder, *picture) for picture in _curves(records, against)]
    for name, network in networks.items():
        place = folder if len(named) == 1 else folder / name
        pictures += [(place, *picture) for picture in _pictures(network, measured[name])]
    for place, name, draw in pictures:
        try:
            axes = draw()
        except HandgradError as error:
            emit(f"skipped  {place / name}: {error}")
            continue
        make_folder(place)
        for kind in kinds:
            save(axes, place / f"{name}.{kind}")
        emit(f"saved    {place / name}.{' and .'.join(kinds)}")
        written += 1
    return 0 if written else FAILED


def _curves(records: "Mapping[str, list[Record]]", against: str) -> "Iterator[Picture]":
    """Give the pictures that all runs share; say which of them have nothing to show there."""
    from handgrad.plots import plot_learning_curves

    for name, found in records.items():
        if not found:
            emit(f"skipped  learning curves of {name}: it has no records")
    logged = {name: found for name, found in records.items() if found}
    for metric in ("loss", "error") if logged else ():
        yield metric, partial(plot_learning_curves, logged, metric=metric, against=against)


def _pictures(network: "Network", measured: "Measured | None") -> "Iterator[Picture]":
    """Give the pictures of one network, those of its answers where they were measured."""
    from handgrad.plots import plot_calibration, plot_confusion_matrix, plot_mistakes, plot_weights

    yield "weights", partial(plot_weights, network)
    if measured is None:
        return
    dataset, result, probabilities = measured
    yield "confusion", partial(plot_confusion_matrix, result.confusion, network.classes)
    yield "mistakes", partial(plot_mistakes, dataset, probabilities, shape=network.example_shape)
    yield "calibration", partial(plot_calibration, probabilities, dataset.labels)


def _measure(
    network: "Network", run: Path, name: str, data: str | None, split: str | None
) -> "Measured | None":
    """Ask the network about a split; where none was named and it cannot be had, say so and do without."""
    import numpy as np

    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import open_model_data
    from handgrad.training.metrics import as_known, evaluate

    try:
        splits = open_model_data(data, load_model_recipe(run), str(run))
        dataset = splits.split(split or "test")
        with naming(splits.source):
            dataset = as_known(network, dataset)
            result = evaluate(network, dataset)
    except HandgradError as error:
        if data is not None or split is not None:
            raise
        emit(f"skipped  confusion, mistakes and calibration of {name}: {error}")
        return None
    emit(
        f"measured {name} on {splits.source}, {split or 'test'}: {result.accuracy:.2%} of {len(dataset):,} right"
    )
    return dataset, result, np.concatenate([network.predict_proba(part.inputs) for part in dataset.parts()])


def _parse_formats(text: str) -> list[str]:
    """Read ``svg,png``."""
    from handgrad.plots.style import FORMATS

    kinds = list(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(kinds) <= set(FORMATS):
        raise HandgradError(f"--format takes {', '.join(FORMATS)} or both with a comma; got '{text}'")
    return kinds


def _parse_against(text: str) -> str:
    from handgrad.plots.curves import X_AXES

    if text not in X_AXES:
        raise HandgradError(f"--against takes {', '.join(X_AXES)}; got '{text}'")
    return text


def _named(runs: Iterable[Path]) -> dict[str, Path]:
    """Name each run by its folder, and by as many folders above it as tell it from the others."""
    paths = list(dict.fromkeys(run.resolve() for run in runs))
    depth, named = 0, dict[str, Path]()
    while len(named) < len(paths):
        depth += 1
        named = {"-".join(path.parts[-depth:]): path for path in paths}
    return named
