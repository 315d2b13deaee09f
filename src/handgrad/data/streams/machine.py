"""What the system says of memory: how much the machine has and has left, and how much this process has had."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

LOCAL_SIZE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE")
"""Variables in which MPICH and Open MPI tell how many ranks a machine has."""


def available() -> int | None:
    """Tell how much memory this machine has to give, in bytes; None where the system does not say."""
    return _machine("MemAvailable:")


def total() -> int | None:
    """Tell how much memory this machine has, in bytes; None where the system does not say."""
    return _machine("MemTotal:")


def ranks_here() -> int:
    """Tell how many processes mpiexec started on this machine, which share its memory; 1 without it."""
    return max(int(os.environ.get(name, 1)) for name in LOCAL_SIZE)


_highest = 0
"""Peaks before the system's count was begun anew."""


def peak() -> int | None:
    """Tell the most memory that this process has had resident, in bytes; None where the system does not say.

    Linux is asked for VmHWM: its ru_maxrss counts what the process was forked from, too.
    """
    held = _status("VmHWM:")
    if held is not None:
        return max(_highest, held)
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def peak_of(work: Callable[[], None]) -> int | None:
    """Do some work, and tell the most memory that was resident meanwhile; None where the system does not say.

    Where its count cannot be begun anew, what is resident after the work must do.
    """
    global _highest
    _highest = max(_highest, _status("VmHWM:") or 0)
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
        key = "VmHWM:"
    except OSError:
        key = "VmRSS:"
    work()
    return _status(key)


def _machine(key: str) -> int | None:
    return _entry(Path("/proc/meminfo"), key)


def _status(key: str) -> int | None:
    return _entry(Path("/proc/self/status"), key)


def _entry(file: Path, key: str) -> int | None:
    try:
        return 1024 * int(file.read_text("ascii").partition(key)[2].split()[0])
    except (OSError, IndexError):
        return None
