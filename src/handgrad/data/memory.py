"""How much memory there is for data: what the machine and the control groups of this process leave."""

import os
from collections.abc import Iterator
from pathlib import Path

from handgrad.errors import HandgradError

CGROUPS = Path("/sys/fs/cgroup")
VERSIONS = {
    "": ("memory.max", "memory.current", "active_file", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_active_file", "total_inactive_file"),
}
"""By controllers, as /proc/self/cgroup names them: the files of limit and usage, and the entries of file caches."""
LOCAL_SIZE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE")
"""Variables in which MPICH and Open MPI give the number of ranks on this machine."""


def available_memory() -> int | None:
    """Return the memory that this process can still take, in bytes; None where the system does not report it.

    This is the smallest of what the machine has and what each of the control groups of this process leaves
    (versions 1 and 2). File caches count as free. The ranks of ``mpiexec`` on one machine share it equally.
    """
    machine = _entries(Path("/proc/meminfo")).get("MemAvailable:")
    found = [*_left_by_groups(), *([] if machine is None else [1024 * machine])]
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


def _left_by_groups() -> Iterator[int]:
    """Yield what each control group of this process, and each group above it, leaves: limit − usage + file cache."""
    for line in _read(Path("/proc/self/cgroup")):
        _, controllers, group = line.split(":", 2)
        if controllers not in VERSIONS:
            continue
        limit, usage, *cached = VERSIONS[controllers]
        folder = CGROUPS / controllers / group.strip("/")
        for path in (folder, *folder.parents):
            sizes = [int(text) for file in (limit, usage) for text in _read(path / file) if text.isdecimal()]
            if len(sizes) == 2:  # "max" is no limit
                entries = _entries(path / "memory.stat")
                yield sizes[0] - sizes[1] + sum(entries.get(name, 0) for name in cached)


def _entries(file: Path) -> dict[str, int]:
    """Read the first numbers of lines that begin with a name."""
    return {line.split()[0]: int(line.split()[1]) for line in _read(file)}


def _read(file: Path) -> list[str]:
    try:
        return file.read_text("ascii").splitlines()
    except OSError:
        return []
