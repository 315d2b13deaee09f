"""How much memory a process may take, and how a stream divides it."""

import re
from dataclasses import dataclass
from pathlib import Path

from handgrad.data.streams.machine import available, ranks_here, total
from handgrad.errors import HandgradError

UNITS = {"": 1, "b": 1} | {
    letter + end: base**power
    for power, letter in enumerate("kmgt", 1)
    for end, base in (("", 1000), ("b", 1000), ("ib", 1024))
}

PROGRAM = 360 * 10**6
"""Bytes that Python, the libraries and kernels take, whatever the data: bench/streaming.py measures it."""
LEAST = 400 * 10**6
MARGIN = 64 * 10**6
"""Bytes for what a training does later: parameters are written, as CSV, too, for which Polars is loaded."""
TRIAL, COPIES = 4, 8
"""Vectors as long as the parameters: while a step is tried, gradients and the optimizer's; and later, those to return
to, averages, and what a checkpoint is made of."""


@dataclass(frozen=True)
class Memory:
    """A bound for the resident memory of a process, and its shares.

    What the program itself does not take is divided: a quarter for the window of examples in use, a quarter for
    the next, which is read meanwhile, and a half for all that grows with data and network: labels, parameters and
    the optimizer's copies of them, gradients and activations, pieces of files and parts of splits in hand.

    Parameters
    ----------
    limit : int
        Bytes.
    """

    limit: int

    @classmethod
    def parse(cls, text: "str | int | Memory") -> "Memory":
        """Read ``1GB``, ``1.5 GiB``, ``600mb``, or a number of bytes.

        Raises
        ------
        HandgradError
            If it is no amount of memory, or less than the program itself needs.
        """
        if isinstance(text, Memory):
            return text
        match = re.fullmatch(r"(\d{1,15}\.?\d{0,9}|\.\d{1,9})\s*([kmgt]?i?b?)", str(text).strip().lower())
        if match is None or match[2] not in UNITS or isinstance(text, bool):
            raise HandgradError(f"memory must be an amount, as 600MB, 1GB or 1.5GiB; got '{text!s:.40}'")
        limit = int(float(match[1]) * UNITS[match[2]])
        if limit < LEAST:
            raise HandgradError(
                f"memory of {shown(limit)} is too little: Python and its libraries take about "
                f"{shown(PROGRAM)} themselves; give {shown(LEAST)} or more"
            )
        return cls(limit)

    def __str__(self) -> str:
        return shown(self.limit)

    @property
    def window(self) -> int:
        """Bytes of examples that are shuffled among themselves."""
        return (self.limit - PROGRAM) // 4

    @property
    def piece(self) -> int:
        """Bytes of a file that are converted at a time, when there are no windows yet."""
        return min((self.limit - PROGRAM) // 8, 2**26)

    @property
    def part(self) -> int:
        """Bytes of a split that is passed over, that are in hand at a time."""
        return min((self.limit - PROGRAM) // 16, 2**25)

    @property
    def windows(self) -> int:
        """Bytes of both windows, the one in use and the next."""
        return 2 * self.window

    def check_network(self, size: int) -> None:
        """Refuse a network whose parameters, so many bytes of them, are too many even to try it.

        Raises
        ------
        HandgradError
        """
        if (COPIES + TRIAL) * size > self.limit - PROGRAM:
            self.check_training(PROGRAM + TRIAL * size, size, self.windows)

    def check_training(self, taken: int, size: int, windows: int) -> None:
        """Refuse a training that needs more than the bound.

        Parameters
        ----------
        taken : int
            Bytes that the process has taken, a batch computed, but without windows of data.
        size : int
            Of the parameters.
        windows : int
            Bytes that the windows of these data will take.

        Raises
        ------
        HandgradError
        """
        needed = taken + COPIES * size + MARGIN
        if needed + windows > self.limit:
            raise HandgradError(
                f"this training takes {shown(needed)} besides its data, too much within memory of {self}; "
                f"give {shown(1.02 * (2 * needed - PROGRAM))} or more, or take a smaller network or fewer threads"
            )

    @property
    def labels(self) -> int:
        """Bytes that labels may take."""
        return (self.limit - PROGRAM) // 8


def shown(count: float) -> str:
    """Write a number of bytes in words: 6.3 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def check_loadable(path: Path, instead: str | None = None) -> None:
    """Refuse to load files into memory that are larger than it; less is left to be tried.

    Parameters
    ----------
    path : Path
        A file, or a folder of files.
    instead : str, optional
        What to do then, if not to read them in a stream.

    Raises
    ------
    HandgradError
    """
    files = path.iterdir() if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files if file.is_file())
    room, ranks = available(), ranks_here()
    if room is not None and ranks * size > room:
        memory = max(LEAST, room // ranks // 2) // 10**6
        raise HandgradError(
            f"{path} has {shown(size)}, and this machine {shown(room)} of memory to give{_to_ranks(ranks)}; "
            f"{instead or f'read it in a stream, as by --memory {memory}MB'}"
        )


def check_bound(memory: Memory) -> None:
    """Refuse a bound that the machine could not keep.

    Raises
    ------
    HandgradError
        If the bound of each of its ranks, taken together, is more than all the memory that it has.
    """
    most, ranks = total(), ranks_here()
    if most is not None and ranks * memory.limit > most:
        raise HandgradError(
            f"memory of {memory} is more than this machine has, {shown(most)}{_to_ranks(ranks)}; give "
            f"{max(LEAST, most // ranks * 9 // 10) // 10**6}MB or less"
        )


def _to_ranks(ranks: int) -> str:
    return f" to {ranks} ranks" if ranks > 1 else ""
