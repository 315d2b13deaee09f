"""Data that do not fit into memory: converted once into ``.npy`` files in the cache folder, and memory-mapped.

The folder of a conversion holds ``inputs.npy``, ``labels.npy`` and, written last, ``facts.json``. A lock makes one of
several processes convert, while the others wait.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.dataset import Dataset
from handgrad.data.memory import available_memory
from handgrad.data.mnist import cache_folder
from handgrad.data.progress import progress_bar
from handgrad.files import make_folder, replacing, write_file
from handgrad.locks import lock_file

COMFORTABLE = 3
"""Data are loaded if this many times their size is available; a reader needs up to twice their size."""
FORMAT = 6
FACTS, INPUTS, LABELS = "facts.json", "inputs.npy", "labels.npy"
DESCRIPTION = ("classes", "input_shape", "framing", "features", "task", "means")
"""What a conversion keeps of a data set, beside its arrays."""
UNUSABLE = (OSError, ValueError, KeyError, TypeError)
"""What `_open` raises where there is no conversion, or it is damaged, or of other files."""


def load_or_convert(
    source: Path,
    measure: Callable[[], int],
    read: Callable[[Store], Dataset],
    known: Sequence[str] = (),
    alike: Callable[[Dataset], list[list[str]]] = lambda dataset: [],
) -> Dataset:
    """Read data into memory, or, if the inputs would not fit comfortably, convert them once and map them.

    `measure` returns how many bytes the inputs take; `read` passes them, block by block, to the `Store` that it gets.
    A conversion is made again where the file has changed, or `known`, what is known of the data before they are read,
    e.g. classes and inputs of the training split. `alike` returns other values of `known` that lead to equal data.
    """
    try:
        state = source.stat()
    except OSError:
        return read(stack)  # where the reader explains it
    facts = {"format": FORMAT, "file": [state.st_size, state.st_mtime_ns]}
    folder = cache_folder(f"{source.name}-{hashlib.sha256(str(source.absolute()).encode()).hexdigest()[:10]}")
    with suppress(*UNUSABLE):
        return _open(folder, facts, known)
    size, available = measure(), available_memory()
    if available is None or size * COMFORTABLE <= available:
        return read(stack)
    make_folder(folder.parent)
    with lock_file(folder.parent / f".{folder.name}.lock"):
        with suppress(*UNUSABLE):  # another process has converted meanwhile
            return _open(folder, facts, known)
        shutil.rmtree(folder, ignore_errors=True)
        make_folder(folder)
        try:
            with progress_bar(f"converting {source}", size) as show:
                dataset = _convert(folder, read, show)
            description = [getattr(dataset, name) for name in DESCRIPTION]
            facts |= {"known": [known, *alike(dataset)], "description": description}
            write_file(folder / FACTS, json.dumps(facts).encode())
            return _open(folder, facts, known)
        except BaseException:  # also an interruption
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _open(folder: Path, facts: dict[str, Any], known: Sequence[str]) -> Dataset:
    """Open a conversion; see `UNUSABLE`."""
    found = json.loads((folder / FACTS).read_text("utf-8"))
    inputs, labels = np.load(folder / INPUTS, mmap_mode="r"), np.load(folder / LABELS)
    same = all(found[key] == facts[key] for key in ("format", "file"))
    if not same or [*known] not in found["known"] or len(inputs) != len(labels):
        raise ValueError("damaged, or of other files")
    dataset = Dataset(inputs[:1], labels[:1], **dict(zip(DESCRIPTION, found["description"], strict=True)))
    dataset.inputs, dataset.labels = inputs, labels  # all values were checked when they were converted
    return dataset


def _convert(folder: Path, read: Callable[[Store], Dataset], show: Callable[[int], None]) -> Dataset:
    with replacing(folder / INPUTS) as inputs:
        dataset = read(lambda blocks: _write(blocks, inputs, show))
    with replacing(folder / LABELS) as labels, labels.open("wb") as file:
        np.save(file, dataset.labels)
    return dataset


def _write(blocks: Iterator[NDArray[Any]], path: Path, show: Callable[[int], None]) -> NDArray[Any]:
    """Write blocks of inputs into a ``.npy`` file, and map it; a `Store`."""
    rows = 0
    with path.open("wb") as file:
        for block in blocks:
            rows += len(block)
            # The length of a header does not depend on the number of rows.
            header = np.lib.format.header_data_from_array_1_0(block) | {"shape": (rows, *block.shape[1:])}
            file.seek(0)
            np.lib.format.write_array_header_1_0(file, header)
            file.seek(0, os.SEEK_END)
            file.write(block.data)
            show(file.tell())
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped
