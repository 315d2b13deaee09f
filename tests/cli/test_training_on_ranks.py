"""``mpiexec -n N handgrad train``: one of the ranks writes and prints; and what happens when something dies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import CLOSED, Cli
from handgrad.exports.formats import load_model
from handgrad.files import UNFINISHED
from handgrad.learning.records import load_records

MPI = Callable[..., subprocess.CompletedProcess[str]]
RECIPE = (
    "train",
    "mlp",
    "--data",
    "strokes:1200:1",
    "--batch-size",
    "60",
    "--seed",
    "3",
    "--validation",
    "200",
)

LONG = ("--epochs", "40")

FULL_DISK = """
import os, resource, signal, sys
limit = int(sys.argv[1])
import handgrad
handgrad.connect().gather(0)  # MPI makes large files in memory as it starts
if os.environ["PMI_RANK"] == "0":  # a limit on the size of files stands in for the disk
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from handgrad.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "HANDGRAD_DATA"}
    return kept | {"HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def mpi(mpiexec: str, tmp_path: Path, environment: dict[str, str]) -> MPI:
    """Run the program on so many ranks, or by arguments of mpiexec's own."""

    def run(launch: int | list[str], *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "handgrad"]
        ranks = ["-n", str(launch), *program] if isinstance(launch, int) else launch
        return subprocess.run(
            [mpiexec, *ranks, *map(str, arguments)],
            cwd=tmp_path,
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def said(stderr: str) -> list[str]:
    """The lines that are ours, and not mpiexec's."""
    return [line for line in stderr.splitlines() if line.startswith("handgrad: ")]


def losses(run: Path) -> list[float]:
    records = load_records(run)
    return [number for r in records for number in (r.loss, r.validation_loss or 0.0)]


def files(run: Path) -> list[str]:
    return sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())


def test_two_ranks_leave_the_run_of_one_process(mpi: MPI, cli: Cli, tmp_path: Path) -> None:
    alone = cli(*RECIPE, "--epochs", "3", "--out", "ALONE")
    done = mpi(2, *RECIPE, "--epochs", "3", "--out", "RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 ranks of" in done.stdout
    told = [line for line in done.stdout.splitlines() if line]
    assert len(set(told)) == len(told)  # by one rank
    assert told[:2] == alone.stdout.splitlines()[:2]
    assert told[-1] == "saved    RUN"
    assert files(tmp_path / "RUN") == files(tmp_path / "ALONE")
    assert losses(tmp_path / "RUN") == pytest.approx(losses(tmp_path / "ALONE"), rel=1e-4)
    assert (tmp_path / "RUN" / "recipe.toml").read_text() == (tmp_path / "ALONE" / "recipe.toml").read_text()
    again = mpi(2, *RECIPE, "--epochs", "3", "--out", "AGAIN", "--json")
    assert again.stderr == ""
    for name in ("model.safetensors", "final_config/w1.csv"):
        assert (tmp_path / "AGAIN" / name).read_bytes() == (tmp_path / "RUN" / name).read_bytes()
    *records, result = [json.loads(line) for line in again.stdout.splitlines()]
    assert len(records) == 3
    test = load_model(tmp_path / "AGAIN")
    assert result["test_examples"] == 200
    assert test.parameter_count


def test_a_run_goes_on_on_another_number_of_ranks(mpi: MPI, cli: Cli, tmp_path: Path) -> None:
    whole = cli(*RECIPE, "--epochs", "6", "--out", "WHOLE")
    assert whole.returncode == 0
    first = mpi(2, *RECIPE, "--epochs", "6", "--time-limit", "0.001s", "--out", "RUN")
    assert (first.returncode, first.stderr) == (0, "")
    assert "time is up after" in first.stdout
    second = mpi(4, "resume", "RUN", "--time-limit", "0.001s")
    assert (second.returncode, second.stderr) == (0, "")
    assert cli("resume", "RUN").returncode == 0
    assert losses(tmp_path / "RUN")[-2:] == pytest.approx(losses(tmp_path / "WHOLE")[-2:], rel=1e-3)


def begin(mpiexec: str, ranks: int, place: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start a long training, and wait for its first record."""
    process = subprocess.Popen(
        [
            mpiexec,
            "-n",
            str(ranks),
            sys.executable,
            "-m",
            "handgrad",
            *RECIPE,
            *LONG,
            "--out",
            "RUN",
            "--json",
        ],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert json.loads(process.stdout.readline())["epoch"] == 1
    return process


def descendants(parent: int) -> list[int]:
    """Find the processes below one, nearest first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return sorted(found) + [below for child in sorted(found) for below in descendants(child)]


def ranks_of(process: "subprocess.Popen[str]") -> list[int]:
    """Find the ranks: the Python programs below mpiexec."""
    return [
        pid
        for pid in descendants(process.pid)
        if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-m", b"handgrad"]
    ]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize(
    ("ranks", "victim"),
    [(2, 1), pytest.param(4, 0, marks=pytest.mark.slow), pytest.param(4, 3, marks=pytest.mark.slow)],
)
def test_a_rank_that_is_killed_ends_the_job_and_nothing_is_lost(
    mpiexec: str, mpi: MPI, cli: Cli, environment: dict[str, str], tmp_path: Path, ranks: int, victim: int
) -> None:
    process = begin(mpiexec, ranks, tmp_path, environment)
    pids = ranks_of(process)
    assert len(pids) == ranks
    os.kill(pids[victim], signal.SIGKILL)
    begun = time.monotonic()
    _, stderr = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert process.returncode
    (line,) = said(stderr)
    assert "a rank was killed, or its machine is gone; the last checkpoint is kept" in line
    assert line.endswith(f"; go on with: mpiexec -n {ranks} handgrad resume RUN")
    assert not any(map(alive, pids))
    logged = load_records(tmp_path / "RUN")
    assert 1 <= len(logged) < 40
    resumed = mpi(2, "resume", "RUN")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert [r.epoch for r in load_records(tmp_path / "RUN")] == list(range(1, 41))
    assert not list((tmp_path / "RUN").glob(f"{UNFINISHED}*"))
    assert cli(*RECIPE, "--epochs", "40", "--out", "WHOLE").returncode == 0
    assert losses(tmp_path / "RUN")[:8] == pytest.approx(losses(tmp_path / "WHOLE")[:8], rel=1e-3)
    first, second = (load_records(tmp_path / name)[-1] for name in ("RUN", "WHOLE"))
    assert first.train_accuracy == pytest.approx(second.train_accuracy, abs=0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_termination_stop_all_ranks_in_order(
    mpiexec: str, mpi: MPI, environment: dict[str, str], tmp_path: Path, sent: int
) -> None:
    process = begin(mpiexec, 2, tmp_path, environment)
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    (line,) = said(stderr)
    assert "saved in RUN; go on with: mpiexec -n 2 handgrad resume RUN" in line
    assert (tmp_path / "RUN" / "model.safetensors").exists()


@pytest.mark.parametrize(("limit", "kept"), [(1_000, False), (600_000, True)])
def test_a_full_disk_on_rank_0_gets_one_line(mpi: MPI, tmp_path: Path, limit: int, kept: bool) -> None:
    """The first checkpoint, of 407 kB, fits or does not; the next holds the optimizer's state, too."""
    program = tmp_path / "limited.py"
    program.write_text(FULL_DISK)
    launch = ["-n", "2", sys.executable, str(program), str(limit)]
    done = mpi(launch, *RECIPE, "--epochs", "3", "--out", "RUN")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert (
        f"cannot write {tmp_path.resolve() / 'RUN' / 'checkpoint.safetensors'}: File too large" in done.stderr
    )
    assert (tmp_path / "RUN" / "checkpoint.safetensors").exists() == kept
    if kept:
        resumed = mpi(2, "resume", "RUN")
        assert (resumed.returncode, resumed.stderr) == (0, "")
        assert len(load_records(tmp_path / "RUN")) == 3


def apart(
    mpi: MPI, first: list[str], second: list[str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one rank by these arguments, and one by those, perhaps in another folder."""
    program = [sys.executable, "-m", "handgrad"]
    there = ["-wdir", str(folder)] if folder else []
    return mpi(["-n", "1", *program, *first, ":", "-n", "1", *there, *program, *second])


def test_ranks_with_different_recipes_are_refused(mpi: MPI, tmp_path: Path) -> None:
    done = apart(mpi, [*RECIPE, "--out", "RUN"], [*RECIPE, "--seed", "4", "--out", "RUN"])
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "handgrad: rank 1 differs from rank 0 in its recipe; start all ranks by the same command, on the same data"
    ]
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("other", "rank 1 differs from rank 0 in its data"),
        ("missing", "rank 1: "),
        ("corrupt", "rank 1: "),
    ],
)
def test_data_that_are_other_missing_or_corrupt_on_one_rank(
    mpi: MPI, tmp_path: Path, change: str, expected: str
) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x_train": rng.integers(0, 256, (60, 28, 28), np.uint8),
        "y_train": np.arange(60) % 10,
    }
    (there := tmp_path / "there").mkdir()
    np.savez(tmp_path / "digits.npz", **arrays)
    np.savez(there / "digits.npz", **(arrays | {"y_train": np.arange(60)[::-1] % 10}))
    if change == "missing":
        (there / "digits.npz").unlink()
    if change == "corrupt":
        shutil.copy(tmp_path / "digits.npz", there / "digits.npz")
        os.truncate(there / "digits.npz", 3_000)
    command = ["train", "mlp", "--data", "digits.npz", "--epochs", "1", "--validation", "0", "--out", "RUN"]
    done = apart(mpi, command, command, there)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert change == "other" or "digits.npz" in line
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("train", "--nonsense"), 2, "handgrad: No such option: --nonsense"),
        (("train", "nowhere.toml"), 1, "nowhere.toml"),
        (("resume", "nowhere"), 1, "nowhere holds no checkpoint.safetensors"),
    ],
)
def test_wrong_usage_gets_one_line(mpi: MPI, arguments: tuple[str, ...], status: int, line: str) -> None:
    done = mpi(2, *arguments)
    assert done.returncode == status
    (told,) = done.stderr.splitlines()
    assert line in told


def test_other_commands_answer_once(mpi: MPI, cli: Cli) -> None:
    done = mpi(2, "recipes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == cli("recipes").stdout


def test_without_the_extra_one_line_tells_the_command(mpi: MPI, tmp_path: Path) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ImportError")
    done = mpi(2, *RECIPE, "--out", "RUN", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "pip install 'handgrad[mpi]'" in line
