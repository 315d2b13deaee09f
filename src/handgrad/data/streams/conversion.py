"""From files to a cache, once, in a stream: what was interrupted goes on, what fails leaves no half of a cache."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.data.labels import encode_labels
from handgrad.data.streams.cache import (
    ABOUT,
    INPUTS,
    LABELS,
    MANIFEST,
    CacheStore,
    cache_folder,
    read_manifest,
    remove_cache,
    write_manifest,
)
from handgrad.data.streams.memory import Memory
from handgrad.data.streams.progress import CODES, JOURNAL, Conversion
from handgrad.data.streams.shards import Shards
from handgrad.errors import HandgradError
from handgrad.files import cannot_write, make_folder, remove_unfinished, replacing
from handgrad.locks import in_turn

SAVED_EVERY = 2**28
"""Bytes after which it is written down how far a conversion is."""


def ensure_cache(
    source: Path, split: str, shards: Shards, memory: Memory, train: Dataset | None = None
) -> CacheStore:
    """Give the cache of a split; it is made where there is none, or where it was made of other files.

    Parameters
    ----------
    source : Path
        The file or folder that the user named.
    split : str
    shards : Shards
    memory : Memory
    train : Dataset, optional
        The training split, where this is another: its classes and inputs are this one's, too.

    Raises
    ------
    HandgradError
        If a file of the source is damaged, or one is missing that the cache was made of; if the cache was changed,
        or cannot be written.
    """
    folder = cache_folder(source, split)
    try:
        make_folder(folder)
        with in_turn(folder.parent / f".{folder.name}.lock"):  # not in the folder, which may be removed
            files = [_identity(path) for path in shards.paths]
            made_of = _facts(folder)
            if made_of:
                _check_complete(made_of["files"], files, source)
                if made_of["files"] != files or not _fits(made_of, train):
                    remove_cache(folder)
                    make_folder(folder)
            if not (folder / MANIFEST).exists():
                shards.open(train.features if train else (), memory.piece)
                _convert(
                    Conversion(source, split, shards, memory, folder, files),
                    train.class_names if train else None,
                )
            return CacheStore(folder)
    except OSError as error:
        if isinstance(error.filename, str | Path) and not Path(error.filename).is_relative_to(folder):
            raise  # of the source
        remove_cache(folder)
        raise HandgradError(
            f"{cannot_write(folder, error)}. HANDGRAD_CACHE names another folder for caches"
        ) from error


def _convert(work: Conversion, classes: Sequence[str] | None) -> None:
    """Write the whole cache, or go on with it."""
    remove_unfinished(work.folder)
    (work.folder / ABOUT).write_text(f"{work.source.absolute()}\n{work.split}\n", "utf-8")
    work.go_on()
    work.tell()
    inputs, codes = work.folder / INPUTS, work.folder / CODES
    with inputs.open("ab") as rows, codes.open("ab") as labels:
        rows.truncate(work.examples * work.row)
        labels.truncate(work.examples * 4)
        saved = work.examples
        for shard in range(work.shard, len(work.shards.paths)):
            work.shard = shard
            for piece in work.shards.pieces(shard, work.position, work.memory.piece):
                coded = work.add(piece)
                rows.write(np.ascontiguousarray(piece.inputs).data)
                labels.write(coded.data)
                if (work.examples - saved) * work.row >= SAVED_EVERY or not saved:
                    work.check_room()
                    for file in (rows, labels):
                        file.flush()
                        os.fsync(file.fileno())
                    work.save()
                    saved = work.examples
                work.tell()
            work.position = []
        for file in (rows, labels):
            file.flush()
            os.fsync(file.fileno())
    _finish(work, classes)


def _finish(work: Conversion, classes: Sequence[str] | None) -> None:
    """Number the labels, now that all are known, and write the manifest."""
    if not work.examples:
        remove_cache(work.folder)
        raise HandgradError(f"{work.source} holds no examples")
    kinds = {type(value) for value in work.values}
    values = np.array(work.values if len(kinds) == 1 else [str(value) for value in work.values])
    numbers, known = encode_labels(
        values, str(work.source), classes, images=work.shards.images, locate=work.locate
    )
    small = numbers.astype(np.uint8 if len(known) <= 256 else np.uint16)
    checksum = 0
    with replacing(work.folder / LABELS) as temporary, temporary.open("wb") as labels:
        for part in _numbered(work.folder / CODES, small):
            checksum = crc32(part.data, checksum)
            labels.write(part.data)
    partial = [work.running] if work.examples % work.block else []
    facts = {
        "source": str(work.source.absolute()),
        "split": work.split,
        "files": work.files,
        "examples": work.examples,
        "block": work.block,
        "dtype": work.dtype.name,
        "input_shape": work.shards.input_shape,
        "classes": known,
        "features": list(work.shards.features),
        "labels": {"dtype": small.dtype.name, "checksum": checksum},
        "checksums": [*work.checksums, *partial],
    }
    with replacing(work.folder / MANIFEST) as temporary:
        temporary.write_text(write_manifest(facts), "utf-8")
    for name in (CODES, JOURNAL):
        (work.folder / name).unlink(missing_ok=True)
    work.tell(finished=True)


def _numbered(codes: Path, numbers: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Exchange the codes of labels for the numbers of their classes, piece by piece."""
    with codes.open("rb") as file:
        while content := file.read(2**22):
            yield numbers[np.frombuffer(content, np.int32)]


def _identity(path: Path) -> dict[str, Any]:
    """Give what tells a file from what it was before: reading all of it would take as long as converting it."""
    facts = path.stat()
    return {"name": path.name, "size": facts.st_size, "changed": facts.st_mtime_ns}


def _facts(folder: Path) -> dict[str, Any] | None:
    """Read what a cache is; None where there is none yet, or damage that is told of later."""
    try:
        facts = read_manifest((folder / MANIFEST).read_text("utf-8"))
        return facts if {"files", "classes", "features"} <= facts.keys() else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _fits(facts: dict[str, Any], train: Dataset | None) -> bool:
    """Tell whether a cache has the classes and inputs of the training split, where it is of another."""
    return train is None or (facts["classes"], facts["features"]) == (
        list(train.class_names),
        list(train.features),
    )


def _check_complete(known: list[dict[str, Any]], files: list[dict[str, Any]], source: Path) -> None:
    """Refuse to go on with fewer files than the cache was made of."""
    missing = sorted({file["name"] for file in known} - {file["name"] for file in files})
    if missing:
        raise HandgradError(
            f"{source} lacks {missing[0]}, of which its cache was made; put it back, or, if the data are meant to "
            f"be without it, remove the cache: handgrad data {source} --clear"
        )
