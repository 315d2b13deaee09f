"""Data that the server can open without a download, and the few that it keeps open."""

import re
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock

from handgrad.data.dataset import Splits
from handgrad.data.load import load_data
from handgrad.data.mnist import COLLECTIONS, find
from handgrad.errors import HandgradError, suggest
from handgrad.server.schemas import DataFacts

DIGITS = "digits"
STROKES = ("strokes:5000", "strokes")
MOST_STROKES = 60_000
KEPT = 2
"""Data sets in memory; MNIST is 55 MB."""


class OpenData:
    """Finds, lists and opens data by name.

    Parameters
    ----------
    folder : Path
        In which ``digits/`` lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: OrderedDict[tuple[str, int], Splits] = OrderedDict()
        self._lock = Lock()

    def names(self) -> list[str]:
        """List what can be opened."""
        published = [name for name in COLLECTIONS if find(name)]
        return [*published, *STROKES, *(f"{DIGITS}/{name}" for name in self.digits())]

    def digits(self) -> list[str]:
        """List the collections of digits of one's own."""
        found = (self.folder / DIGITS).glob("*.npz")
        return sorted(path.stem for path in found if is_plain(path.stem) and path.is_file())

    def source(self, name: str) -> str:
        """Give what `handgrad.load` takes for a name of `names`, or for strokes:N:SEED; HandgradError for others."""
        strokes = re.fullmatch(r"strokes(?::([0-9]{1,5}))?(?::[0-9]{1,9})?", name)
        if strokes and 1 <= int(strokes[1] or MOST_STROKES) <= MOST_STROKES:
            return name
        if name not in self.names():
            raise HandgradError(f"there is no data set '{name:.60}' here{suggest(name[:60], self.names())}")
        return str(self._file(name)) if name.startswith(f"{DIGITS}/") else name

    def open(self, name: str) -> Splits:
        """Open data, or give those that are open."""
        source = self.source(name)
        path = self._file(name)
        key = (name, path.stat().st_mtime_ns if path.is_file() else 0)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = load_data(source)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def facts(self) -> list[DataFacts]:
        """List what can be opened, with what it holds; nothing large is read for that."""
        found = []
        for name in self.names():
            with suppress(HandgradError):  # a damaged file is told of when it is named
                found.append(self.facts_of(name))
        return found

    def facts_of(self, name: str) -> DataFacts:
        """Tell what data hold; HandgradError where there are none of that name, or they cannot be read."""
        self.source(name)
        shape, classes = [1, 28, 28], [str(digit) for digit in range(10)]
        if name in COLLECTIONS:
            examples = COLLECTIONS[name].examples["train"]
        elif name.startswith(f"{DIGITS}/"):
            train = self.open(name).train
            examples, classes, shape = len(train), list(train.class_names), list(train.input_shape)
        else:
            examples = int(name.partition(":")[2].partition(":")[0] or MOST_STROKES)
        return DataFacts(name=name, examples=examples, classes=classes, input_shape=shape)

    def name_of(self, source: str) -> str:
        """Give the name for what `source` gave."""
        own = {str(self._file(f"{DIGITS}/{name}")): f"{DIGITS}/{name}" for name in self.digits()}
        return own.get(source, source)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


def is_plain(name: str) -> bool:
    """Tell whether a name is made of letters, digits, - and _."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}", name) is not None
