"""``mpiexec -n N handgrad train``: rank 0 writes and prints, the run is that of one process, and all ranks end."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from failing import prints
from fixture_types import Begin, Cli
from handgrad.errors import installation
from handgrad.training.records import load_records
from networks import timeless
from rank_fixtures import PROGRAM, RECIPE, Mpi, files, losses, our_lines, ranks_of

ONE, THREE = f"{RECIPE} --epochs 1 --out RUN", f"{RECIPE} --epochs 3"


def test_two_ranks_leave_the_run_of_one_process(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    alone, done = prints(cli, f"{THREE} --out ALONE"), mpi(2, f"{THREE} --threads 1 --out RUN")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line]
    assert len(set(lines)) == len(lines)  # one rank prints
    assert lines[:2] == alone.splitlines()[:2]
    assert "2 ranks of 1 thread" in done.stdout
    found, expected = files(tmp_path / "RUN"), files(tmp_path / "ALONE")
    assert found.keys() == expected.keys()
    assert found["recipe.toml"] == expected["recipe.toml"]
    assert losses(tmp_path / "RUN") == pytest.approx(losses(tmp_path / "ALONE"), rel=1e-4)
    assert len(losses(tmp_path / "RUN")) == 6


@pytest.mark.slow
def test_a_run_resumes_on_other_ranks_that_lack_its_folder(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    prints(cli, f"{THREE} --out WHOLE")
    done = mpi(4, f"{THREE} --time-limit 0.001s --out RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert "mpiexec -n 4 handgrad resume RUN" in done.stdout
    resume = "resume RUN --time-limit 0.001s"
    done = mpi(1, resume, second=resume)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list((tmp_path / "there").iterdir())
    prints(cli, "resume RUN")
    assert losses(tmp_path / "RUN")[-2:] == pytest.approx(losses(tmp_path / "WHOLE")[-2:], rel=1e-3)


DIGITS = f"{ONE} --data digits.npz --validation 0"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("commands", "status", "message"),
    [
        ((ONE, "evaluate RUN"), 1, "ranks differ in command;"),
        ((ONE, f"{ONE} --seed 4"), 1, "ranks differ in recipe;"),
        ((ONE, f"{ONE} --no-test"), 1, "ranks differ in options;"),
        ([DIGITS], 1, "'digits.npz'"),  # which only the folder of the first has
        (["train --nonsense"], 2, "--nonsense"),
        (["data clear nowhere"], 1, "nowhere"),  # which only rank 0 does
        (["resume nowhere"], 1, "nowhere"),
        ([f"{ONE} --learning-rate 1e6 --set optimizer.type=SGD --hidden 30,30"], 1, "diverged at"),
    ],
)
def test_one_error_line(mpi: Mpi, tmp_path: Path, commands: Sequence[str], status: int, message: str) -> None:
    np.savez(tmp_path / "digits.npz", x=np.zeros((60, 28, 28), np.uint8), y=np.arange(60) % 10)
    done = mpi(1, commands[0], second=commands[-1])
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert message in line
    assert (tmp_path / "RUN").exists() == ("diverged" in message)


@pytest.mark.slow
def test_without_the_extra_a_line_names_the_command_that_installs_it(mpi: Mpi, tmp_path: Path) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ImportError")
    done = mpi(2, ONE, PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    assert done.returncode
    assert installation("mpi") in our_lines(done.stderr)[0]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize(("ranks", "victim"), [(2, 1), (4, 0)])
def test_a_killed_rank(mpi: Mpi, begin: Begin, mpiexec: str, tmp_path: Path, ranks: int, victim: int) -> None:
    training = f"{RECIPE} --epochs 40 --out"
    process = begin(mpiexec, "-n", str(ranks), *PROGRAM, *training.split(), "RUN")
    pids = ranks_of(process)
    assert len(pids) == ranks
    os.kill(pids[victim], signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode
    assert 1 <= len(load_records(tmp_path / "RUN")) < 40
    resumed = mpi(ranks, "resume RUN")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert mpi(ranks, f"{training} WHOLE").returncode == 0
    assert timeless(load_records(tmp_path / "RUN")) == timeless(load_records(tmp_path / "WHOLE"))
    assert files(tmp_path / "RUN") == files(tmp_path / "WHOLE")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM to one", "the input ends"])
def test_all_ranks_stop_after_a_step(begin: Begin, mpiexec: str, cli: Cli, tmp_path: Path, how: str) -> None:
    options = "--epochs 4000 --out RUN" + (" --attached" if how == "the input ends" else "")
    process = begin(mpiexec, "-n", "2", *PROGRAM, *RECIPE.split(), *options.split())
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
