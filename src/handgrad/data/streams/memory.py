"""How much memory a process may take, and how a stream divides it."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from handgrad.errors import HandgradError

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
}

PROGRAM = 360 * 10**6
"""Bytes that Python, the libraries and compiled kernels take, whatever the data: bench/streaming.py measures it."""
LEAST = 400 * 10**6
COPIES = 8
"""Vectors as long as the parameters: they, one to return to, two gradients, the optimizer's, a checkpoint's."""


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

    def check_network(self, size: int) -> None:
        """Refuse a network whose parameters, so many bytes of them, cannot be trained within the bound.

        Raises
        ------
        HandgradError
        """
        needed, share = COPIES * size, (self.limit - PROGRAM) // 2
        if needed > share:
            raise HandgradError(
                f"training takes {COPIES} times the {shown(size)} of this network's parameters, for gradients and "
                f"the optimizer, more than the {shown(share)} that are for them within memory of {self}; "
                f"give {shown(PROGRAM + 2.1 * needed)} or more"
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


def available() -> int | None:
    """Tell how much memory this machine has to give, in bytes; None where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text("ascii")
        return 1024 * int(text.partition("MemAvailable:")[2].split()[0])
    except (OSError, IndexError):
        return None


def check_loadable(path: Path) -> None:
    """Refuse to load files into memory that are larger than it; less is left to be tried."""
    files = path.iterdir() if path.is_dir() else [path]
    size, room = sum(file.stat().st_size for file in files if file.is_file()), available()
    if room is not None and size > room:
        raise HandgradError(
            f"{path} has {shown(size)}, and this machine {shown(room)} of memory to give; read it in a stream, as "
            f"by --memory {max(LEAST, room // 2) // 10**6}MB"
        )


def peak() -> int | None:
    """Tell the most memory that this process has had resident, in bytes; None where the system does not say.

    Linux is asked for VmHWM: its ru_maxrss counts what the process was forked from, too.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
