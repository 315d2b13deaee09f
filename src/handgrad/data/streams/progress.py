"""A conversion while it goes on: what is counted, what is told, and what is written down to go on from."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.streams.cache import BLOCK_BYTES, INPUTS
from handgrad.data.streams.memory import Memory, shown
from handgrad.data.streams.shards import Piece, Shards
from handgrad.errors import HandgradError
from handgrad.files import replacing

JOURNAL, CODES = "unfinished.json", "codes.bin"
MOST_CLASSES = 65_536


@dataclass(frozen=True)
class Progress:
    """How far a conversion is: of which source, into which folder; share from 0 to 1; examples and bytes written."""

    source: str
    folder: Path
    share: float
    examples: int
    written: int
    finished: bool = False


_tell: Callable[[Progress], None] | None = None


def tell_of_conversion(tell: Callable[[Progress], None] | None) -> None:
    """Have it told how far conversions are: at their beginning, after every piece, and at their end."""
    global _tell
    _tell = tell


@dataclass
class Conversion:
    """A conversion in progress: of which files, into which folder, where it stands, and what it has seen of labels.

    Attributes
    ----------
    shard, position
        Where the next piece begins.
    examples : int
        Written so far.
    checksums, running
        Of the blocks that are whole, and of the one that is not.
    values, origins
        The labels that came so far, as they are in the files, and where they first came: in which shard, behind
        which position of it, and how many examples behind that.
    """

    source: Path
    split: str
    shards: Shards
    memory: Memory
    folder: Path
    files: list[dict[str, Any]]
    shard: int = 0
    position: list[int] = field(default_factory=list)
    examples: int = 0
    checksums: list[int] = field(default_factory=list)
    running: int = 0
    values: list[Any] = field(default_factory=list)
    origins: list[tuple[int, list[int], int]] = field(default_factory=list)

    KEPT = ("files", "features", "shard", "position", "examples", "checksums", "running", "values", "origins")

    def __post_init__(self) -> None:
        self.dtype = np.dtype(np.uint8 if self.shards.images else np.float32)
        self.row = prod(self.shards.input_shape) * self.dtype.itemsize
        self.block = max(1, BLOCK_BYTES // self.row)
        self.features = list(self.shards.features)
        self.sizes = [file["size"] for file in self.files]

    def go_on(self) -> None:
        """Take up what an interrupted conversion has written down, where its files are still the same."""
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            journal = json.loads((self.folder / JOURNAL).read_text("utf-8"))
            begun = journal["shard"] + bool(journal["position"])
            there = [(self.folder / name).stat().st_size for name in (INPUTS, CODES)]
            same = journal["files"][:begun] == self.files[:begun] and journal["features"] == self.features
            whole = journal["examples"] * self.row <= there[0] and journal["examples"] * 4 <= there[1]
            if whole and same:
                vars(self).update({name: journal[name] for name in self.KEPT if name != "files"})

    def save(self) -> None:
        """Write down how far this is."""
        with replacing(self.folder / JOURNAL) as temporary:
            temporary.write_text(json.dumps({name: getattr(self, name) for name in self.KEPT}), "utf-8")

    def tell(self, finished: bool = False) -> None:
        """Say how far this is."""
        if _tell:
            written = self.examples * self.row
            _tell(Progress(str(self.source), self.folder, self.share, self.examples, written, finished))

    share = 0.0

    def add(self, piece: Piece) -> NDArray[np.int32]:
        """Count a piece in; gives the codes of its labels, in the order in which values first came."""
        data = np.ascontiguousarray(piece.inputs).reshape(-1).view(np.uint8).data
        begin, held = 0, self.examples % self.block * self.row
        while begin < len(data):
            end = min(len(data), begin + self.block * self.row - held)
            self.running = crc32(data[begin:end], self.running)
            held += end - begin
            begin = end
            if held == self.block * self.row:
                self.checksums.append(self.running)
                self.running = held = 0
        labels = piece.labels.astype(str) if piece.labels.dtype.kind == "O" else piece.labels
        present, first, places = np.unique(labels, return_index=True, return_inverse=True)
        known = {value: code for code, value in enumerate(self.values)}
        for value, place in zip(present.tolist(), first.tolist(), strict=True):
            if value not in known:
                known[value] = len(self.values)
                self.values.append(value)
                self.origins.append((self.shard, self.position, place))
        if len(self.values) > MOST_CLASSES:
            raise HandgradError(
                f"{self.source}: the column 'label' holds more than {MOST_CLASSES:,} different values; "
                "a classifier needs classes"
            )
        self.examples += len(labels)
        self.position = piece.next
        read = sum(self.sizes[: self.shard]) + piece.share * self.sizes[self.shard]
        self.share = read / max(1, sum(self.sizes))
        return np.array([known[value] for value in present.tolist()], np.int32)[places.reshape(-1)]

    def locate(self, code: int) -> str:
        """Tell where a label first came."""
        shard, position, place = self.origins[code]
        return self.shards.place(shard, position, place)

    def check_room(self) -> None:
        """Refuse, after a piece, what will not fit on the disk."""
        needed = (self.row + 4) * self.examples / max(self.share, 1e-9) - self.row * self.examples
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise HandgradError(
                f"the cache of {self.source} needs about {shown(needed)} more, and {self.folder} has {shown(free)} "
                "free; make room there, or name a folder elsewhere by HANDGRAD_CACHE"
            )
