"""How much memory there is for data: what the machine and the control groups of this process leave."""

import os
from collections.abc import Iterator
from pathlib import Path

from handgrad.errors import HandgradError

CGROUPS = Path("/sys/fs/cgroup")
FILES = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and usage of control groups, in versions 2 and 1."""
RANKS = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE")
"""Variables in which MPICH and Open MPI give the number of ranks on this machine."""


def available_memory() -> int | None:
    """Return the memory that this process can still take, in bytes; None where the system does not report it.

    It is the least of what the machine and each control group leaves; file caches are free. Ranks share it equally.
    """
    machine = _entries(Path("/proc/meminfo")).get("MemAvailable:")
    found = [*_left_by_groups(), *([] if machine is None else [1024 * machine])]
    ranks = max(int(os.environ.get(name, 1)) for name in RANKS)
    return max(0, min(found)) // ranks if found else None


def check_memory(needed: int, what: object = "the data", advice: str = "") -> None:
    """Raise HandgradError where `needed` bytes are more than the available memory."""
    available = available_memory()
    if available is not None and needed > available:
        there = f"{available:,} bytes are available"
        raise HandgradError(f"{what} need {needed:,} bytes of memory and {there}{advice}")


def _left_by_groups() -> Iterator[int]:
    """Yield what each control group of this process, and each group above it, leaves: limit − usage + file cache."""
    for line in _read(Path("/proc/self/cgroup")):
        _, controllers, group = line.split(":", 2)
        folder = CGROUPS / controllers / group.strip("/")
        for path in (folder, *folder.parents):
            for files in FILES:
                sizes = [int(text) for file in files for text in _read(path / file) if text.isdecimal()]
                if len(sizes) == 2:  # "max" is no limit
                    entries = _entries(path / "memory.stat")
                    caches = ("active_file", "inactive_file")
                    # In version 1, only entries with "total_" include the groups below.
                    free = sum(entries.get(f"total_{name}", entries.get(name, 0)) for name in caches)
                    yield sizes[0] - sizes[1] + free


def _entries(file: Path) -> dict[str, int]:
    """Read the first numbers of lines that begin with a name."""
    return {line.split()[0]: int(line.split()[1]) for line in _read(file)}


def _read(file: Path) -> list[str]:
    try:
        return file.read_text("ascii").splitlines()
    except OSError:
        return []
