"""Streams on ranks: the curve of one process, and each rank reads what its part of the batches needs."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Outcomes = Callable[[int], dict[str, Any]]
PROGRAM = Path(__file__).parents[1] / "helpers" / "stream_rank_cases.py"


@pytest.fixture(scope="module")
def outcomes(mpiexec: str) -> Outcomes:
    """What came out of each case on so many ranks; 0 for a process without MPI."""

    def run(ranks: int) -> dict[str, Any]:
        launcher = [mpiexec, "-n", str(ranks)] if ranks else []
        done = subprocess.run(
            [*launcher, sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=300
        )
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return cache(run)


def numbers(found: dict[str, Any]) -> list[float]:
    return [number for record in found["records"] for number in record]


@pytest.mark.parametrize(
    ("case", "ranks"), [("dense", 0), ("dense", 2), ("dense", 4), ("dropout", 2), ("dropout", 4), ("norm", 2)]
)
def test_any_number_of_ranks_follows_the_same_curve(outcomes: Outcomes, case: str, ranks: int) -> None:
    (one,), others = outcomes(1)[case], outcomes(ranks)[case]
    assert len(others) == max(1, ranks)
    for here in others:
        assert numbers(here) == pytest.approx(numbers(one), rel=1e-5)
        assert here["bits"] == others[0]["bits"]


def test_a_rank_reads_the_blocks_of_its_part(outcomes: Outcomes) -> None:
    """Of an epoch of four windows; the larger the batch, the less it strays from the same blocks."""
    assert outcomes(0)["blocks"] == outcomes(1)["blocks"] == [[1, 1]]
    for ranks, small, large in ((2, 0.62, 0.55), (4, 0.45, 0.32)):
        shares = outcomes(ranks)["blocks"]
        assert len(shares) == ranks
        for batches_of_128, batches_of_1000 in shares:
            assert 1 / ranks - 0.1 < batches_of_128 < small
            assert 1 / ranks - 0.05 < batches_of_1000 < large


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_a_block_that_one_rank_cannot_read_ends_the_training_on_all(outcomes: Outcomes, ranks: int) -> None:
    named = f"rank {ranks - 1}: " * (ranks > 1)
    assert outcomes(ranks)["damaged"] == [[f"{named}block 300 is damaged", True]] * ranks
