"""Data that the server can open without a download, and the few that it keeps open."""

import re
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from handgrad.data.dataset import Splits
from handgrad.data.mnist import COLLECTIONS, find
from handgrad.data.sources import load
from handgrad.errors import HandgradError, suggest
from handgrad.web.schemas import DataFacts

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
        own = sorted(path.stem for path in (self.folder / DIGITS).glob("*.npz") if is_plain(path.stem))
        return [*published, *STROKES, *(f"{DIGITS}/{name}" for name in own)]

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
                self._kept[key] = load(source)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def facts(self) -> list[DataFacts]:
        """List what can be opened, with what it holds; nothing large is read for that."""
        digits = [str(digit) for digit in range(10)]
        found = []
        for name in self.names():
            if name in COLLECTIONS:
                examples, classes = COLLECTIONS[name].examples["train"], digits
            elif name in STROKES:
                examples, classes = int(name.partition(":")[2] or MOST_STROKES), digits
            else:
                train = self.open(name).train
                examples, classes = len(train), list(train.class_names)
            found.append(DataFacts(name=name, examples=examples, classes=classes, input_shape=[1, 28, 28]))
        return found

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


def is_plain(name: str) -> bool:
    """Tell whether a name is made of letters, digits, - and _."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}", name) is not None
