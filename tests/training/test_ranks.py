"""The cases of `rank_cases.py`, by MPI on 2 and 4 ranks."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

import handgrad as hg
from handgrad.training.gradients import BatchGradient

PROGRAM = Path(__file__).parents[1] / "helpers" / "rank_cases.py"


def run(mpiexec: str, ranks: int, *cases: str) -> "subprocess.CompletedProcess[str]":
    command = [mpiexec, "-n", str(ranks), sys.executable, str(PROGRAM), *cases]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_what_must_hold_on_ranks(mpiexec: str, ranks: int) -> None:
    """In one job, as its start takes long; the traceback names the case that fails."""
    done = run(mpiexec, ranks, "curves", "bits", "exchanges", "differences", "ends", "resumes")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("case", "message"), [("failing", "only here"), ("killed", "")])
def test_a_rank_that_fails_or_is_killed_ends_the_job(mpiexec: str, case: str, message: str) -> None:
    began = time.monotonic()
    done = run(mpiexec, 2, case)
    assert done.returncode
    assert time.monotonic() - began < 30
    assert message in done.stderr


class Counted(hg.Communicator):
    """One of two ranks, which counts what is exchanged."""

    size = 2

    def __init__(self) -> None:
        self.sums: list[tuple[int, str]] = []

    def sum(self, vector: NDArray[Any]) -> None:
        self.sums.append((len(vector), vector.dtype.name))


class Doubled(Counted):
    """One of two ranks, of which the other finds the same."""

    def share(self, count: int) -> slice:
        return slice(0, count)

    def sum(self, vector: NDArray[Any]) -> None:
        vector *= 2


def test_correct_predictions_are_counted_exactly() -> None:
    data = hg.Dataset(np.ones((2, 2)), [0, 1])
    network, count = hg.Network([hg.Dense(2)], 2, 0), 2**24 + 1
    gradient = BatchGradient(network, data, hg.CrossEntropy(), threads=1, communicator=Doubled())
    with gradient, patch.object(gradient, "_add_up", lambda *_, **__: (0.0, count)):
        assert gradient(slice(0, 2), 0).correct == 2 * count


def test_a_step_is_one_exchange_of_the_flat_vector() -> None:
    wire = Counted()  # the first exchange compares arguments
    network = hg.Network([hg.Dense(12), hg.ReLU(), hg.Dense(10)], (784,), 0)
    hg.fit(network, hg.load_data("strokes:300").train, batch_size=50, epochs=3, communicator=wire)
    assert wire.sums[1:] == [(network.parameter_count + 4, "float32")] * 18
