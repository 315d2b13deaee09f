"""``handgrad data``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import DATA_HELP, Json, Memory
from handgrad.cli.output import emit
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset


def data(
    name: Annotated[str | None, typer.Argument(help=DATA_HELP, metavar="NAME")] = None,
    memory: Memory = None,
    caches: Annotated[
        bool, typer.Option("--caches", help="List what was converted for streaming, and where it is.")
    ] = False,
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove what was converted of NAME; of everything, with --caches.")
    ] = False,
    json: Json = False,
) -> None:
    """Show shapes, classes, counts and value ranges."""
    import json as json_format

    from handgrad.cli.conversion import showing_conversion
    from handgrad.data.load import load_data

    if caches or clear:
        _show_caches(name, clear, json)
        return
    with showing_conversion():
        splits = load_data(name or "mnist", memory)
        _ = splits.test
    found: dict[str, Dataset | None] = {
        "train": splits.train,
        "validation": splits.validation,
        "test": splits.test,
    }
    facts = {split: _facts(dataset) for split, dataset in found.items() if dataset is not None}
    classes = splits.train.class_names
    if json:
        emit(json_format.dumps({"data": splits.source, "classes": classes, "splits": facts}))
        return
    emit(f"{splits.source}: {len(classes)} classes\n")
    emit(f"{'split':<12}{'inputs':<16}{'labels':<12}{'example':<12}{'type':<10}values")
    for split, fact in facts.items():
        inputs = str(tuple(fact["inputs"]))
        labels = f"({fact['labels']},)"
        example = "×".join(map(str, fact["example"]))
        low, high = fact["range"]
        emit(f"{split:<12}{inputs:<16}{labels:<12}{example:<12}{fact['type']:<10}{low:g} to {high:g}")
    width = max(5, *map(len, classes))
    emit(f"\n{'class':<{width}}" + "".join(f"{split:>12}" for split in facts))
    for index, named in enumerate(classes):
        emit(f"{named:<{width}}" + "".join(f"{fact['counts'][index]:>12,}" for fact in facts.values()))


def _facts(dataset: "Dataset") -> dict[str, Any]:
    import numpy as np

    return {
        "inputs": list(dataset.inputs.shape),
        "labels": len(dataset.labels),
        "example": list(dataset.input_shape),
        "type": dataset.inputs.dtype.name,
        "range": [dataset.inputs.min().item(), dataset.inputs.max().item()],
        "counts": np.bincount(dataset.labels, minlength=len(dataset.class_names)).tolist(),
    }


def _show_caches(name: str | None, clear: bool, json: bool) -> None:
    """List caches, all or those of one source, or remove them."""
    import json as json_format
    from pathlib import Path

    from handgrad.data.streams.cache import caches_folder, list_caches, remove_cache
    from handgrad.data.streams.memory import shown

    place = None if name is None else str(Path(name).absolute())
    found = [cache for cache in list_caches() if place is None or cache.source == place]
    if name is not None and not found:
        raise HandgradError(f"nothing was converted of {name}; handgrad data --caches lists what was")
    for cache in found:
        if clear:
            remove_cache(cache.folder)
        if json:
            facts = {"folder": str(cache.folder), "source": cache.source, "split": cache.split}
            emit(
                json_format.dumps(
                    {**facts, "bytes": cache.size, "finished": cache.finished, "removed": clear}
                )
            )
            continue
        state = "removed" if clear else "" if cache.finished else "unfinished"
        emit(f"{shown(cache.size):>10}  {cache.source}, {cache.split}  {cache.folder}  {state}".rstrip())
    if not json:
        total = shown(sum(cache.size for cache in found))
        emit(f"{total:>10}  in all, in {caches_folder()}" + (", removed" if clear else ""))
