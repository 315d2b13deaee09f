"""The program as mpiexec starts it, on one machine."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import pytest

from fixture_types import CLOSED
from handgrad.training.records import load_records

Finished: TypeAlias = subprocess.CompletedProcess[str]
Mpi: TypeAlias = Callable[..., Finished]
Begin: TypeAlias = Callable[..., "subprocess.Popen[str]"]

HANDGRAD = [sys.executable, "-m", "handgrad"]
RECIPE = shlex.split("train mlp --data strokes:1200:1 --batch-size 60 --seed 3 --validation 200")


@pytest.fixture(scope="session")
def mpiexec() -> str:
    """The launcher of the extra ``mpi``, beside Python; tests that need it are skipped where it is missing."""
    found = Path(sys.executable).parent / "mpiexec"
    if find_spec("mpi4py") is None or not found.exists():
        reason = "mpi4py and mpich are not installed: uv sync --extra mpi"
        if os.environ.get("HANDGRAD_REQUIRE_MPI") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return str(found)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Without a data set to be found."""
    kept = {key: value for key, value in os.environ.items() if key != "HANDGRAD_DATA"}
    return kept | {"HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def mpi(mpiexec: str, tmp_path: Path, environment: dict[str, str]) -> Mpi:
    """Run the program on a number of ranks, or with arguments of mpiexec."""

    def run(launch: int | list[str], *arguments: str | Path, **more: str) -> Finished:
        ranks = ["-n", str(launch), *HANDGRAD] if isinstance(launch, int) else launch
        return subprocess.run(
            [mpiexec, *ranks, *map(str, arguments)],
            cwd=tmp_path,
            env=environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def begin(mpiexec: str, tmp_path: Path, environment: dict[str, str]) -> Iterator[Begin]:
    """Start a training into the folder RUN, and wait for its first record."""
    begun: list[subprocess.Popen[str]] = []

    def start(launch: int | list[str], *arguments: str, **more: str) -> "subprocess.Popen[str]":
        ranks = ["-n", str(launch)] if isinstance(launch, int) else launch
        process = subprocess.Popen(
            [mpiexec, *ranks, *HANDGRAD, *RECIPE, *arguments, "--out", "RUN", "--json"],
            cwd=tmp_path,
            env=environment | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        assert process.stdout
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        assert json.loads(line)["epoch"] == 1
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def apart(mpi: Mpi, first: list[str], second: list[str], folder: Path | None = None) -> Finished:
    """Run one rank by these arguments, and one by those, there in a folder if one is named."""
    there = ["-wdir", str(folder)] if folder else []
    return mpi(["-n", "1", *HANDGRAD, *first, ":", "-n", "1", *there, *HANDGRAD, *second])


def losses(run: Path) -> list[float]:
    """The losses of all records."""
    return [number for record in load_records(run) for number in (record.loss, record.validation_loss or 0.0)]


def files(run: Path) -> dict[str, bytes]:
    """The files of a run, without those that contain times."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("log.jsonl", "checkpoint.safetensors")
    }


def our_lines(stderr: str) -> list[str]:
    """Return the lines that handgrad printed, without those of mpiexec."""
    return [line for line in stderr.splitlines() if line.startswith("handgrad: ")]


def descendants(parent: int) -> list[int]:
    """Find the processes below one, nearest first."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [parent]
    for process in found:
        found += sorted(child for child, above in parents.items() if above == process)
    return found[1:]


def ranks_of(process: "subprocess.Popen[str]") -> list[int]:
    """Find the ranks: the Python programs below mpiexec."""
    return [
        pid
        for pid in descendants(process.pid)
        if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"handgrad"]
    ]
