"""``handgrad data list``, ``show`` and ``clear``."""

import json as json_format
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.options import DATA_HELP, Json, option
from handgrad.cli.output import emit, emit_json, showing_conversions, table
from handgrad.errors import HandgradError

app = typer.Typer(help="Show a data set; list and clear those in the cache folder.", no_args_is_help=True)


@app.command("list")
def list_data(json: Json = False) -> None:
    """List the downloaded and converted data sets in the cache folder."""
    _show_copies(_copies(), json, removed=False)


@app.command()
def show(source: Annotated[str, typer.Argument(help=DATA_HELP, metavar="SRC")], json: Json = False) -> None:
    """Show shapes, classes, counts and value ranges of a data set."""
    import numpy as np

    from handgrad.data.arrays import value_range
    from handgrad.data.load import load_data

    with showing_conversions():
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
        [
            name,
            str((*f["inputs"],)),
            "×".join(map(str, f["example"])),
            f["type"],
            "{:g} to {:g}".format(*f["range"]),
        ]
        for name, f in facts.items()
    ]
    emit(table(["split", "inputs", "example", "type", "values"], rows))
    emit()
    counts = [[name, *(f"{f['counts'][k]:,}" for f in facts.values())] for k, name in enumerate(classes)]
    emit(table(["class", *facts], counts))


@app.command()
def clear(
    name: Annotated[str | None, typer.Argument(help="A data set, as listed.", metavar="NAME")] = None,
    everything: Annotated[bool, option("--all", "Remove all of them.")] = False,
    json: Json = False,
) -> None:
    """Remove downloaded and converted data sets from the cache folder."""
    if (name is None) != everything:
        raise typer.BadParameter("name a data set, or remove all with --all", param_hint="NAME")
    wanted = None if name is None else {name, str(Path(name).absolute())}
    copies = [copy for copy in _copies() if wanted is None or wanted & {copy["name"], *copy["files"]}]
    if wanted and not copies:
        raise HandgradError(f"the cache has no data set '{name:.80}'; handgrad data list shows what it has")
    for copy in copies:
        shutil.rmtree(copy["folder"])
    _show_copies(copies, json, removed=True)


def _copies() -> list[dict[str, Any]]:
    """Describe the folders of the cache: downloads by name, conversions by name and original files and folders."""
    from handgrad.data.mnist import cache_folder
    from handgrad.data.outofcore import FACTS

    copies = []
    for folder in sorted(path for path in cache_folder("").glob("*") if path.is_dir()):
        files: set[str] = set()
        with suppress(OSError, ValueError, TypeError, KeyError):
            for path, *_ in json_format.loads((folder / FACTS).read_text("utf-8"))["files"]:
                files |= {path, str(Path(path).parent)}
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        copies.append({"name": folder.name, "files": sorted(files), "folder": str(folder), "bytes": size})
    return copies


def _show_copies(copies: list[dict[str, Any]], json: bool, *, removed: bool) -> None:
    for copy in copies if json else ():
        emit_json({**copy, "removed": removed})
    if not json:
        emit(table(["name", "bytes"], [[copy["name"], f"{copy['bytes']:,}"] for copy in copies]))
        emit(f"\n{sum(copy['bytes'] for copy in copies):,} bytes {'freed' if removed else 'in all'}")
