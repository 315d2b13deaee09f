"""``mpiexec -n N handgrad train``: rank 0 writes and prints, the run is that of one process, and all ranks end."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from fixture_types import Cli
from handgrad.training.records import load_records
from rank_fixtures import RECIPE, Begin, Mpi, apart, files, losses, our_lines, ranks_of

ONE, THREE = [*RECIPE, "--epochs", "1", "--out", "RUN"], [*RECIPE, "--epochs", "3"]


def test_two_ranks_leave_the_run_of_one_process(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    alone, done = cli(*THREE, "--out", "ALONE"), mpi(2, *THREE, "--threads", "1", "--out", "RUN")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line]
    assert len(set(lines)) == len(lines)  # one rank prints
    assert lines[:2] == alone.stdout.splitlines()[:2]
    assert "2 ranks of 1 thread" in done.stdout
    found, expected = files(tmp_path / "RUN"), files(tmp_path / "ALONE")
    assert found.keys() == expected.keys()
    assert found["recipe.toml"] == expected["recipe.toml"]
    assert losses(tmp_path / "RUN") == pytest.approx(losses(tmp_path / "ALONE"), rel=1e-4)
    assert len(losses(tmp_path / "RUN")) == 6


@pytest.mark.slow
def test_a_run_resumes_on_another_number_of_ranks_of_which_only_the_first_needs_its_folder(
    mpi: Mpi, cli: Cli, tmp_path: Path
) -> None:
    assert cli(*THREE, "--out", "WHOLE").returncode == 0
    (there := tmp_path / "there").mkdir()
    first = mpi(4, *THREE, "--time-limit", "0.001s", "--out", "RUN")
    assert (first.returncode, first.stderr) == (0, "")
    assert "mpiexec -n 4 handgrad resume RUN" in first.stdout
    resume = ["resume", "RUN", "--time-limit", "0.001s"]
    done = apart(mpi, resume, resume, there)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(there.iterdir())
    assert cli("resume", "RUN").returncode == 0
    assert losses(tmp_path / "RUN")[-2:] == pytest.approx(losses(tmp_path / "WHOLE")[-2:], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (["evaluate", "RUN"], "ranks differ in command;"),
        ([*ONE, "--seed", "4"], "ranks differ in recipe;"),
        ([*ONE, "--no-test"], "ranks differ in options;"),
        (ONE, "'digits.npz'"),  # which only the folder of the first has
    ],
)
def test_ranks_with_other_commands_or_data_are_refused(
    mpi: Mpi, tmp_path: Path, second: list[str], expected: str
) -> None:
    (there := tmp_path / "there").mkdir()
    np.savez(tmp_path / "digits.npz", x=np.zeros((60, 28, 28), np.uint8), y=np.arange(60) % 10)
    data = ["--data", "digits.npz", "--validation", "0"] if second == ONE else []
    done = apart(mpi, ONE + data, second + data, there)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert not (tmp_path / "RUN").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "--nonsense"], 2, "--nonsense"),
        (["data", "clear", "nowhere"], 1, "nowhere"),  # which only rank 0 does
        (["resume", "nowhere"], 1, "nowhere"),
        (
            [*ONE, "--learning-rate", "1e6", "--set", "optimizer.type=SGD", "--hidden", "30,30"],
            1,
            "diverged at",
        ),
    ],
)
def test_an_error_of_all_ranks_is_one_line(mpi: Mpi, arguments: list[str], status: int, message: str) -> None:
    done = mpi(2, *arguments)
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert message in line


@pytest.mark.slow
def test_without_the_extra_a_line_names_the_command_that_installs_it(mpi: Mpi, tmp_path: Path) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ImportError")
    done = mpi(2, *ONE, PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert done.returncode
    assert "pip install 'handgrad[mpi]'" in our_lines(done.stderr)[0]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize(("ranks", "victim"), [(2, 1), (4, 0)])
def test_a_rank_that_is_killed_ends_the_job_and_the_run_resumes(
    mpi: Mpi, begin: Begin, tmp_path: Path, ranks: int, victim: int
) -> None:
    process = begin(ranks, "--epochs", "40")
    pids = ranks_of(process)
    assert len(pids) == ranks
    os.kill(pids[victim], signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode
    assert 1 <= len(load_records(tmp_path / "RUN")) < 40
    resumed = mpi(ranks, "resume", "RUN")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert [record.epoch for record in load_records(tmp_path / "RUN")] == list(range(1, 41))
    assert mpi(ranks, *RECIPE, "--epochs", "40", "--out", "WHOLE").returncode == 0
    assert losses(tmp_path / "RUN") == losses(tmp_path / "WHOLE")
    assert files(tmp_path / "RUN") == files(tmp_path / "WHOLE")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM to one", "the input ends"])
def test_all_ranks_stop_after_a_step(begin: Begin, cli: Cli, tmp_path: Path, how: str) -> None:
    process = begin(2, "--epochs", "4000", *(["--attached"] if how == "the input ends" else []))
    assert "RUN" in cli("resume", "RUN").stderr  # which another program uses
    assert process.poll() is None
    if how == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    elif how == "SIGTERM to one":
        os.kill(ranks_of(process)[1], signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)  # which closes the input
    assert process.returncode == 130
    (line,) = our_lines(stderr)
    assert "saved in RUN" in line
    assert "mpiexec -n 2 handgrad resume RUN" in line
    assert (tmp_path / "RUN" / "model.safetensors").exists()
