"""Ranks that cannot join the others, or die before there is anything to go on with."""

import signal
import sys
from pathlib import Path

import pytest

from rank_fixtures import HANDGRAD, RECIPE, Mpi, said

TRAIN = [*RECIPE, "--out", "RUN"]

IMPATIENT = """
from handgrad.training import ranks
ranks.JOINING = 1
import handgrad
handgrad.init_distributed()
"""

DIES_WITH_ITS_DATA = """
import os, signal, sys
import handgrad
from handgrad.recipes import data

def open_splits(recipe):
    handgrad.init_distributed().gather(0)  # both have come as far as this
    if os.environ["PMI_RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    handgrad.init_distributed().gather(0)

data.open_splits = open_splits
from handgrad.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def broken(tmp_path: Path) -> str:
    """A folder in which mpi4py cannot be imported."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "mpi4py.py").write_text("raise ImportError")
    return str(tmp_path / "broken")


def test_where_the_extra_is_missing_one_line_tells_the_command(mpi: Mpi, broken: str, tmp_path: Path) -> None:
    done = mpi(2, *TRAIN, PYTHONPATH=broken)
    assert done.returncode == signal.SIGTERM  # only by a signal does one rank end the others
    (line,) = done.stderr.splitlines()
    assert "pip install 'handgrad[mpi]'" in line


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_cannot_join_says_why_and_ends_the_others(mpi: Mpi, broken: str, rank: int) -> None:
    ranks = [[*HANDGRAD, *TRAIN], [*HANDGRAD, *TRAIN]]
    ranks[rank] = ["env", f"PYTHONPATH={broken}", *ranks[rank]]
    done = mpi(["-n", "1", *ranks[0], ":", "-n", "1", *ranks[1]])
    assert done.returncode
    first, *others = said(done.stderr)
    assert "pip install 'handgrad[mpi]'" in first
    assert all("not all ranks have started" in line for line in others)


def test_ranks_do_not_wait_for_ever_for_one_that_never_starts(mpi: Mpi) -> None:
    missing = ["-n", "1", sys.executable, "-c", IMPATIENT, ":", "-n", "1", "no-such-program"]
    done = mpi(missing)
    assert done.returncode
    (line,) = said(done.stderr)
    assert line == (
        "handgrad: not all ranks have started; see that handgrad, with its extra mpi, is on every machine"
    )


def test_a_rank_that_is_killed_before_it_trains(mpi: Mpi, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(DIES_WITH_ITS_DATA)
    done = mpi(["-n", "2", sys.executable, str(tmp_path / "program.py")], *TRAIN)
    assert done.returncode
    (line,) = said(done.stderr)
    assert line.endswith("a rank was killed, or its machine is gone; start again: what was converted is kept")
    assert not (tmp_path / "RUN").exists()


def test_ranks_with_other_kernels_are_refused_before_there_is_a_run(mpi: Mpi, tmp_path: Path) -> None:
    other = ["env", "HANDGRAD_KERNELS=numpy", *HANDGRAD, *TRAIN]
    done = mpi(["-n", "1", *HANDGRAD, *TRAIN, ":", "-n", "1", *other])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "rank 1 differs from rank 0 in its HANDGRAD_KERNELS; start all ranks by the same command" in line
    assert not (tmp_path / "RUN").exists()
