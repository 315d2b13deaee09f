"""``handgrad data list``, ``show`` and ``clear``."""

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import DATA_HELP, Json, option
from handgrad.cli.output import emit, emit_json, table
from handgrad.errors import HandgradError

NAME_HELP = "A data set, as listed, or the name of a converted file."

app = typer.Typer(help="Show a data set; list and clear those in the cache folder.", no_args_is_help=True)


@app.command("list")
def list_data(json: Json = False) -> None:
    """List the downloaded and converted data sets in the cache folder."""
    _show_sizes(_folders(), json)


@app.command()
def show(source: Annotated[str, typer.Argument(help=DATA_HELP, metavar="SRC")], json: Json = False) -> None:
    """Show shapes, classes, counts and value ranges of a data set."""
    import numpy as np

    from handgrad.data.arrays import value_range
    from handgrad.data.load import load_data

    splits = load_data(source)
    found = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    facts = {
        name: {
            "inputs": list(data.inputs.shape),
            "example": list(data.input_shape),
            "type": data.inputs.dtype.name,
            "range": list(value_range(data.inputs)),
            "counts": np.bincount(data.labels, minlength=len(data.class_names)).tolist(),
        }
        for name, data in found.items()
        if data is not None
    }
    classes = splits.train.class_names
    if json:
        emit_json({"data": splits.source, "classes": classes, "splits": facts})
        return
    emit(f"{splits.source}: {len(classes)} classes\n")
    rows = [
        [key, *(str(split[key]) for split in facts.values())]
        for key in ("inputs", "example", "type", "range")
    ]
    counts = zip(*(split["counts"] for split in facts.values()), strict=True)
    rows += [[f"of {name}", *map(str, of)] for name, of in zip(classes, counts, strict=True)]
    emit(table(["", *facts], rows))


@app.command()
def clear(
    name: Annotated[str | None, typer.Argument(help=NAME_HELP, metavar="NAME")] = None,
    everything: Annotated[bool, option("--all", "Remove all of them.")] = False,
    json: Json = False,
) -> None:
    """Remove downloaded and converted data sets from the cache folder."""
    if (name is None) != everything:
        raise typer.BadParameter("name a data set, or remove all with --all", param_hint="NAME")
    folders = _folders()
    if name is not None:  # a conversion has the name of a file, optionally a split, and ten digits of a hash
        wanted = re.compile(rf"{re.escape(Path(name).name)}((-[a-z]+)?-[0-9a-f]{{10}})?")
        folders = [folder for folder in folders if wanted.fullmatch(folder.name)]
        if not folders:
            raise HandgradError(
                f"the cache has no data set '{name:.80}'; handgrad data list shows what it has"
            )
    _show_sizes(folders, json, remove=True)


def _folders() -> list[Path]:
    from handgrad.data.mnist import cache_folder

    return sorted(path for path in cache_folder("").glob("*") if path.is_dir())


def _show_sizes(folders: list[Path], json: bool, *, remove: bool = False) -> None:
    """Show data sets of the cache with their bytes, and remove them where that is requested."""
    total = 0
    for folder in folders:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        total += size
        if remove:
            shutil.rmtree(folder)
        if json:
            emit_json({"name": folder.name, "folder": str(folder), "bytes": size, "removed": remove})
        else:
            emit(f"{size:>16,}  {folder.name}")
    if not json:
        emit(f"{total:>16,}  bytes {'freed' if remove else 'in all'}")
