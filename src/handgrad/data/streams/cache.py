"""The cache: what was converted once, in a folder of its own, memory-mapped and verified.

``inputs.bin`` holds the examples row by row, ``labels.bin`` their class numbers; ``manifest.json``, written last,
says what they are, with a check sum for every block, and of which files they were made. A block is verified when it
is read for the first time; what was changed since it was written is removed, so that the next start makes it anew.
"""

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.streams.store import Store
from handgrad.errors import HandgradError

FORMAT = 1
MANIFEST, INPUTS, LABELS, ABOUT = "manifest.json", "inputs.bin", "labels.bin", "source.txt"
BLOCK_BYTES = 2**18
"""Bytes of a block, as near as whole examples allow."""
AROUND = 2**21
"""Bytes, at whole multiples of which the system maps the neighbours of a page that is asked for, at the most."""


def caches_folder() -> Path:
    """Tell where caches are: in ``$HANDGRAD_CACHE``, else in the user's cache folder."""
    chosen = os.environ.get("HANDGRAD_CACHE")
    if chosen:
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("handgrad") / "streams"


def cache_folder(source: Path, split: str) -> Path:
    """Tell where the cache of a split of a file or folder is, or would be."""
    place = str(source.absolute())
    digest = hashlib.sha256(f"{place}\n{split}".encode()).hexdigest()
    return caches_folder() / f"{source.absolute().name}-{split}-{digest[:10]}"


@dataclass(frozen=True)
class Cache:
    """What lies in the folder of caches: made of which source and split, its bytes, and whether it is whole."""

    folder: Path
    source: str
    split: str
    size: int
    finished: bool


def list_caches() -> Iterator[Cache]:
    """Yield each cache, finished or not."""
    root = caches_folder()
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        about = folder / ABOUT
        if about.is_file():
            source, _, split = about.read_text("utf-8", "replace").strip().partition("\n")
            size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
            yield Cache(folder, source, split, size, (folder / MANIFEST).exists())


def write_manifest(facts: dict[str, Any]) -> str:
    """Write what a cache is as JSON, with a check sum of its own."""
    return json.dumps({"checksum": crc32(json.dumps(facts).encode()), "format": FORMAT, "content": facts})


def read_manifest(text: str) -> dict[str, Any]:
    """Read what `write_manifest` wrote; ValueError, KeyError or TypeError where it is anything else."""
    found = json.loads(text)
    facts: dict[str, Any] = found["content"]
    if found["format"] != FORMAT or crc32(json.dumps(facts).encode()) != found["checksum"]:
        raise ValueError("not what was written")
    return facts


def remove_cache(folder: Path) -> None:
    """Remove a cache, the manifest first, so that no part of it is taken for the whole."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


class CacheStore(Store):
    """The examples of a cache, as a `Store`.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    HandgradError
        If the cache was changed or truncated since it was written; it is removed then.
    """

    independent = False

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, str(folder)
        try:
            text = (folder / MANIFEST).read_text("utf-8")
            facts = read_manifest(text)
            self.examples, self.block = int(facts["examples"]), int(facts["block"])
            self.dtype, self.input_shape = np.dtype(facts["dtype"]), tuple(facts["input_shape"])
            self.classes, self.features = tuple(facts["classes"]), tuple(facts["features"])
            self._checksums = np.array(facts["checksums"], np.uint32)
            if len(self._checksums) != -(-self.examples // self.block):
                raise ValueError
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise self._changed("its manifest is damaged") from error
        same = [facts[key] for key in ("checksums", "labels", "classes", "input_shape")]
        self.fingerprint = crc32(json.dumps(same).encode())
        self._width = prod(self.input_shape)
        self._size = self.examples * self._width * self.dtype.itemsize
        self._verified = np.zeros(len(self._checksums), np.bool_)
        try:
            labels = np.fromfile(
                folder / LABELS, np.uint8
            )  # an array of its own, since kernels tell it from others
            with (folder / INPUTS).open("rb") as file:
                if crc32(labels.data) != facts["labels"]["checksum"]:
                    raise self._changed(f"{LABELS} is not what was written")
                self._descriptor = os.dup(file.fileno())
                self._check_size()
                self._map = mmap.mmap(file.fileno(), self._size, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise self._changed(f"{Path(error.filename).name} is missing") from error
        self.labels = labels.view(facts["labels"]["dtype"])
        values = np.frombuffer(self._map, self.dtype, self.examples * self._width)
        self._rows: NDArray[Any] = values.reshape(self.examples, self._width)
        if hasattr(mmap, "MADV_RANDOM"):  # blocks are read whole by those who want them whole
            self._map.madvise(mmap.MADV_RANDOM)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read(self, number: int, out: NDArray[Any]) -> None:
        """Copy a block, and verify it if that was not done before.

        Raises
        ------
        HandgradError
            If it is not what was written.
        """
        self._check_size()
        first = number * self.block
        row = self._width * self.dtype.itemsize
        start, end = first * row, (first + len(out)) * row
        self._advise("MADV_WILLNEED", start // mmap.PAGESIZE * mmap.PAGESIZE, end)
        out[:] = self._rows[first : first + len(out)]
        # What is mapped counts as this process's memory, and so do the neighbours that were mapped with it.
        self._advise("MADV_DONTNEED", start // AROUND * AROUND, -(-end // AROUND) * AROUND)
        if not self._verified[number]:
            if crc32(out.data) != self._checksums[number]:
                raise self._changed(f"block {number:,} of {INPUTS} is not what was written")
            self._verified[number] = True

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy some rows, which may lie anywhere."""
        self._check_size()
        if not hasattr(os, "preadv"):
            return self._rows[rows]
        # Past the map, with which every row would bring its neighbours into this process's memory.
        taken, size = np.empty((len(rows), self._width), self.dtype), self._width * self.dtype.itemsize
        for place, row in enumerate(rows.tolist()):
            if os.preadv(self._descriptor, [taken[place].data], row * size) != size:
                self._check_size()
        return taken

    def _advise(self, name: str, start: int, end: int) -> None:
        """Tell the system that bytes will be needed, or are not, for the time being."""
        advice = getattr(mmap, name, None)
        if advice is not None:
            self._map.madvise(advice, start, min(end, self._size) - start)

    def _check_size(self) -> None:
        """Look whether the file is as long as it was: a map beyond its end kills the process."""
        size = os.fstat(self._descriptor).st_size
        if size != self._size:
            raise self._changed(f"{INPUTS} has {size:,} bytes where {self._size:,} were written")

    def _changed(self, what: str) -> HandgradError:
        remove_cache(self.folder)
        return HandgradError(
            f"the cache {self.folder} was changed since it was written: {what}; it is removed, and the next "
            "start makes it anew"
        )
