"""The program as mpiexec starts it, on one machine."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from failing import missing
from handgrad.training.records import load_records

Finished: TypeAlias = subprocess.CompletedProcess[str]
Mpi: TypeAlias = Callable[..., Finished]

PROGRAM = [sys.executable, "-m", "handgrad"]
RECIPE = "train mlp --data strokes:1200:1 --batch-size 60 --seed 3 --validation 200"


@pytest.fixture(scope="session")
def mpiexec() -> str:
    """The launcher of the extra ``mpi``, beside Python."""
    found = Path(sys.executable).parent / "mpiexec"
    if find_spec("mpi4py") is None or not found.exists():
        missing("MPI", "mpi4py and mpich are not installed: uv sync --extra mpi")
    return str(found)


@pytest.fixture
def mpi(mpiexec: str, tmp_path: Path, offline: None) -> Mpi:
    """Run a command on a number of ranks, and the command `second` on one more, in the folder `there`."""

    def run(ranks: int, command: str, second: str = "", **more: str) -> Finished:
        launched = [mpiexec, "-n", str(ranks), *PROGRAM, *command.split()]
        if second:
            (there := tmp_path / "there").mkdir()
            launched += [":", "-n", "1", "-wdir", str(there), *PROGRAM, *second.split()]
        settings: Any = {"cwd": tmp_path, "env": os.environ | more, "stdin": subprocess.DEVNULL}
        return subprocess.run(launched, capture_output=True, text=True, timeout=300, **settings)

    return run


def losses(run: Path) -> list[float]:
    """The losses of all records."""
    return [number for record in load_records(run) for number in (record.loss, record.validation_loss or 0.0)]


def files(run: Path) -> dict[str, bytes]:
    """The files of a run, without those that contain times."""
    found = {str(path.relative_to(run)): path for path in run.rglob("*") if path.is_file()}
    timed = ("log.jsonl", "checkpoint.safetensors")
    return {name: path.read_bytes() for name, path in found.items() if path.name not in timed}


def our_lines(stderr: str) -> list[str]:
    """Return the lines that handgrad printed, without those of mpiexec."""
    return [line for line in stderr.splitlines() if line.startswith("handgrad: ")]


def ranks_of(process: "subprocess.Popen[str]") -> list[int]:
    """Find the ranks, in order: programs with a rank in their environment, in the folder of mpiexec."""
    found, here = {}, Path(f"/proc/{process.pid}/cwd").readlink()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is not ours
            rank = re.search(rb"\0PMI_RANK=(\d+)", (path / "environ").read_bytes())
            if rank and (path / "cwd").readlink() == here:
                found[int(rank[1])] = int(path.name)
    return [found[rank] for rank in sorted(found)]
