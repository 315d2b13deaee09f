"""``handgrad data list``, ``show`` and ``clear``."""

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import Source, Target, TaskName, option
from handgrad.cli.output import emit, significant, table
from handgrad.config import count_outputs
from handgrad.errors import HandgradError

NAME_HELP = "A data set, as listed, or the name of a converted file."

app = typer.Typer(help="Show data sets, and clear the cache folder.", no_args_is_help=True)


@app.command()
def show(
    source: Source,
    target: Target = None,
    task: TaskName = None,
) -> None:
    """Show what a data set contains.

    Print shapes, the range of the inputs, and the frequency of each class or the range of each target.
    """
    import numpy as np

    from handgrad.data.arrays import value_range
    from handgrad.data.load import load_data

    splits = load_data(source, target or None, task)
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    found = {name: data for name, data in named.items() if data is not None}
    classes, parts = splits.train.classes, found.values()
    facts = {
        "inputs": ["×".join(map(str, data.inputs.shape)) for data in parts],
        "example": ["×".join(map(str, data.input_shape)) for data in parts],
        "type": [data.inputs.dtype for data in parts],
        "range": [" to ".join(map(significant, value_range(data.inputs))) for data in parts],
    }
    if splits.train.task == "regression":
        measured = [[data.labels.min(0), data.labels.mean(0), data.labels.max(0)] for data in parts]
        for index, name in enumerate(classes):
            numbers = [[significant(statistic[index], 6) for statistic in found] for found in measured]
            facts[f"{name}: minimum, mean, maximum"] = [", ".join(statistics) for statistics in numbers]
    else:
        several = splits.train.task == "multilabel"
        noun = "label" if several else "class"
        counts = [
            data.labels.sum(axis=0, dtype=int)
            if several
            else np.bincount(data.labels, minlength=len(classes))
            for data in parts
        ]
        facts |= {f"{noun} {name}": numbers for name, *numbers in zip(classes, *counts, strict=True)}
    rows = [[name, *map(str, values)] for name, values in facts.items()]
    outputs = count_outputs(splits.train.task, len(classes))
    emit(f"{splits.source}: {outputs}\n\n{table(['', *found], rows)}")


@app.command("list")
def list_data() -> None:
    """List the data sets in the cache folder.

    Print the size of each downloaded or converted data set in bytes.
    """
    from handgrad.data.mnist import cache_folder

    _show_sizes(_folders(), f"in {cache_folder('')}")


@app.command()
def clear(
    name: Annotated[str | None, typer.Argument(help=NAME_HELP, metavar="NAME")] = None,
    everything: Annotated[bool, option("--all", "Remove all of them.")] = False,
) -> None:
    """Remove data sets from the cache folder.

    The original files of converted data sets are kept.
    """
    if (name is None) != everything:
        raise typer.BadParameter("name a data set, or remove all with --all", param_hint="NAME")
    folders = _folders()
    if name is not None:
        # a conversion has the name of its file, and ten digits of a hash
        wanted = re.compile(rf"{re.escape(Path(name).name)}(-[0-9a-f]{{10}})?")
        folders = [folder for folder in folders if wanted.fullmatch(folder.name)]
        if not folders:
            raise HandgradError(f"the cache has no '{name:.80}'; handgrad data list shows what it has")
    _show_sizes(folders, "freed", remove=True)


def _folders() -> list[Path]:
    from handgrad.data.mnist import cache_folder

    return sorted(path for path in cache_folder("").glob("*") if path.is_dir())


def _show_sizes(folders: list[Path], end: str, *, remove: bool = False) -> None:
    total = 0
    for folder in folders:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        total += size
        if remove:
            shutil.rmtree(folder)
        emit(f"{size:>16,}  {folder.name}")
    emit(f"{total:>16,} bytes {end}")
