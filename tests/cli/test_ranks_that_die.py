"""What happens to ``mpiexec -n N handgrad train`` when something dies, is missing, or differs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.files import UNFINISHED
from handgrad.training.records import load_records
from rank_fixtures import HANDGRAD, RECIPE, Begin, Mpi, apart, files, losses, ranks_of, said

LONG = ["--epochs", "40"]

FULL_DISK = """
import os, resource, signal, sys
limit = int(sys.argv[1])
import handgrad
handgrad.init_distributed().gather(0)  # MPI makes large files in memory as it starts
if os.environ["PMI_RANK"] == "0":  # a limit on the size of files stands in for the disk
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from handgrad.cli.main import main
sys.exit(main(sys.argv[2:]))
"""

OTHER_VERSION = """
import os, sys
import handgrad
if os.environ["PMI_RANK"] == "1":
    handgrad.__version__ = "0.0.1"
from handgrad.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize(
    ("ranks", "victim"),
    [(2, 1), (4, 0), (4, 3)],
)
def test_a_rank_that_is_killed_ends_the_job_and_nothing_is_lost(
    mpi: Mpi, begin: Begin, tmp_path: Path, ranks: int, victim: int
) -> None:
    process = begin(ranks, *LONG)
    pids = ranks_of(process)
    assert len(pids) == ranks
    os.kill(pids[victim], signal.SIGKILL)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode
    (line,) = said(stderr)
    assert "a rank was killed, or its machine is gone; the last checkpoint is kept" in line
    assert line.endswith(f"; resume with: mpiexec -n {ranks} handgrad resume RUN")
    assert not any(map(alive, pids))
    logged = load_records(tmp_path / "RUN")
    assert 1 <= len(logged) < 40
    resumed = mpi(ranks, "resume", "RUN")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    records = load_records(tmp_path / "RUN")
    assert [record.epoch for record in records] == list(range(1, 41))
    assert records[: len(logged) - 1] == logged[:-1]  # the last may have been logged, and not saved
    assert not list((tmp_path / "RUN").glob(f"{UNFINISHED}*"))
    assert mpi(ranks, *RECIPE, *LONG, "--out", "WHOLE").returncode == 0
    assert losses(tmp_path / "RUN") == losses(tmp_path / "WHOLE")
    assert files(tmp_path / "RUN") == files(tmp_path / "WHOLE")


@pytest.mark.parametrize("sent", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ctrl_c_and_termination_stop_all_ranks_in_order(begin: Begin, tmp_path: Path, sent: int) -> None:
    process = begin(2, "--epochs", "4000")
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    (line,) = said(stderr)
    assert "saved in RUN; resume with: mpiexec -n 2 handgrad resume RUN" in line
    assert (tmp_path / "RUN" / "model.safetensors").exists()


@pytest.mark.slow
def test_a_signal_to_one_rank_stops_all(begin: Begin, tmp_path: Path) -> None:
    process = begin(2, "--epochs", "4000")
    os.kill(ranks_of(process)[1], signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    (line,) = said(stderr)
    assert "saved in RUN; resume with: mpiexec -n 2 handgrad resume RUN" in line


def test_all_diverge_in_one_line_and_what_was_good_is_saved(mpi: Mpi, tmp_path: Path) -> None:
    wild = ["--learning-rate", "1e6", "--set", "optimizer.type=SGD", "--hidden", "30,30,30", "--epochs", "20"]
    done = mpi(2, *RECIPE, *wild, "--out", "RUN")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: training diverged at step")
    assert (tmp_path / "RUN" / "model.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "kept"), [(1_000, False), (600_000, True)])
def test_a_full_disk_on_rank_0_gets_one_line(mpi: Mpi, tmp_path: Path, limit: int, kept: bool) -> None:
    """The first checkpoint, of 407 kB, fits or does not; the next holds the optimizer's state, too.

    A run of the same name on another rank's machine is not touched.
    """
    program = tmp_path / "limited.py"
    program.write_text(FULL_DISK)
    other = tmp_path / "there" / "RUN" / "log.jsonl"
    other.parent.mkdir(parents=True)
    other.touch()
    command = [sys.executable, str(program), str(limit), *RECIPE, "--epochs", "3", "--out", "RUN"]
    done = mpi(["-n", "1", *command, ":", "-n", "1", "-wdir", str(tmp_path / "there"), *command])
    assert other.exists()
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"cannot write {tmp_path.resolve() / 'RUN' / 'checkpoint.safetensors'}: File too large" in line
    assert (tmp_path / "RUN" / "checkpoint.safetensors").exists() == kept
    if kept:
        resumed = mpi(2, "resume", "RUN")
        assert (resumed.returncode, resumed.stderr) == (0, "")
        assert len(load_records(tmp_path / "RUN")) == 3


def test_ranks_with_different_recipes_are_refused(mpi: Mpi, tmp_path: Path) -> None:
    done = apart(mpi, [*RECIPE, "--out", "RUN"], [*RECIPE, "--seed", "4", "--out", "RUN"])
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "handgrad: rank 1 differs from rank 0 in its recipe; start all ranks by the same command, on the same data"
    ]
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (["evaluate", "RUN"], "command"),
        pytest.param(["resume", "RUN"], "command", marks=pytest.mark.slow),
        pytest.param([*RECIPE, "--from", "RUN"], "options", marks=pytest.mark.slow),
        ([*RECIPE, "--no-test"], "options"),
        pytest.param([*RECIPE, "--tensorboard"], "options", marks=pytest.mark.slow),
    ],
)
def test_ranks_with_different_commands_do_not_wait_for_each_other(
    mpi: Mpi, tmp_path: Path, second: list[str], what: str
) -> None:
    done = apart(mpi, [*RECIPE, "--epochs", "1", "--out", "RUN"], second)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"handgrad: rank 1 differs from rank 0 in its {what};")
    assert not (tmp_path / "RUN").exists()


def test_ranks_of_different_versions_are_refused(mpi: Mpi, tmp_path: Path) -> None:
    program = tmp_path / "versions.py"
    program.write_text(OTHER_VERSION)
    done = mpi(["-n", "2", sys.executable, str(program)], *RECIPE, "--out", "RUN")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "rank 1 differs from rank 0 in its version;" in line
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("other", "rank 1 differs from rank 0 in its data;"),
        ("missing", "rank 1: "),
        ("corrupt", "rank 1: "),
    ],
)
def test_data_that_are_other_missing_or_corrupt_on_one_rank(
    mpi: Mpi, tmp_path: Path, change: str, expected: str
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
def test_wrong_usage_gets_one_line(mpi: Mpi, arguments: tuple[str, ...], status: int, line: str) -> None:
    done = mpi(2, *arguments)
    assert done.returncode == status
    (told,) = done.stderr.splitlines()
    assert line in told


@pytest.mark.slow
def test_a_reader_who_goes_away_ends_all_ranks(
    mpiexec: str, environment: dict[str, str], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [mpiexec, "-n", "2", *HANDGRAD, *RECIPE, "--epochs", "4000", "--out", "RUN", "--json"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60)
