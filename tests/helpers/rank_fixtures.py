"""The program as mpiexec starts it, on one machine."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

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
    """The launcher of the extra ``mpi``, beside Python; without it tests are skipped, or fail if it is required."""
    found = Path(sys.executable).parent / "mpiexec"
    if find_spec("mpi4py") is None or not found.exists():
        end = pytest.fail if os.environ.get("HANDGRAD_REQUIRE_MPI") == "1" else pytest.skip
        end("mpi4py and mpich are not installed: uv sync --extra mpi")
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
        command, options = (
            [mpiexec, *ranks, *map(str, arguments)],
            {"cwd": tmp_path, "env": environment | more},
        )
        settings: Any = {**options, "stdin": subprocess.DEVNULL, "text": True, "timeout": 300}
        return subprocess.run(command, capture_output=True, **settings)

    return run


@pytest.fixture
def begin(mpiexec: str, tmp_path: Path, environment: dict[str, str]) -> Iterator[Begin]:
    """Start a training into the folder RUN, and wait for its first record."""
    begun: list[subprocess.Popen[str]] = []

    def start(ranks: int, *arguments: str) -> "subprocess.Popen[str]":
        command = [mpiexec, "-n", str(ranks), *HANDGRAD, *RECIPE, *arguments, "--out", "RUN", "--json"]
        pipes: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes)
        begun.append(process)
        assert process.stdout
        assert json.loads(process.stdout.readline())["epoch"] == 1
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
