"""How much memory there is for data: what the machine and the control groups of this process leave."""

import os
from collections.abc import Iterator
from pathlib import Path

from handgrad.errors import HandgradError

CGROUPS = Path("/sys/fs/cgroup")
LOCAL_SIZE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE")
"""Variables in which MPICH and Open MPI give the number of ranks on this machine."""


def available_memory() -> int | None:
    """Return the memory that this process can still take, in bytes; None where the system does not report it.

    This is the smallest of what the machine has and what each of the control groups of this process leaves
    (versions 1 and 2). File caches count as free. The ranks of ``mpiexec`` on one machine share it equally.
    """
    machine = _entry(Path("/proc/meminfo"), "MemAvailable:", 1024)
    found = [size for size in (machine, *_left_by_groups()) if size is not None]
    ranks = max(int(os.environ.get(name, 1)) for name in LOCAL_SIZE)
    return max(0, min(found)) // ranks if found else None


def check_memory(needed: int, what: object = "the data", advice: str = "") -> None:
    """Raise HandgradError where `needed` bytes are more than the available memory."""
    available = available_memory()
    if available is not None and needed > available:
        raise HandgradError(
            f"{what} need {format_bytes(needed)} of memory and {format_bytes(available)} are available{advice}"
        )


def format_bytes(count: float) -> str:
    """Format a number of bytes, e.g. ``6.3 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _left_by_groups() -> Iterator[int | None]:
    """Yield what each control group of this process, and each group above it, leaves."""
    try:
        lines = Path("/proc/self/cgroup").read_text("ascii").split()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = CGROUPS / controllers
        limit, used, prefix = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            if controllers
            else ("memory.max", "memory.current", "")
        )
        for folder in (
            path for path in (top / group.strip("/")).joinpath("_").parents if top in (path, *path.parents)
        ):
            most, now = _entry(folder / limit), _entry(folder / used)
            if most is None or now is None:
                continue
            cached = (
                _entry(folder / "memory.stat", f"{prefix}{kind}_file ") or 0
                for kind in ("active", "inactive")
            )
            yield most - now + sum(cached)


def _entry(file: Path, key: str = "", unit: int = 1) -> int | None:
    """Read the number that follows a key in a file; None where there is none."""
    try:
        lines = file.read_text("ascii").splitlines()
        return unit * int(next(line for line in lines if line.startswith(key)).removeprefix(key).split()[0])
    except (OSError, StopIteration, ValueError, IndexError):
        return None
