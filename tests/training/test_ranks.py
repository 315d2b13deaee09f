"""The cases of `rank_cases.py` in one process, and by MPI on 2 and 4 ranks."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

import handgrad as hg
from rank_cases import CURVES

Outcomes = Callable[[int], dict[str, Any]]
PROGRAM = Path(__file__).parents[1] / "helpers" / "rank_cases.py"
FOUR = pytest.param(4, marks=pytest.mark.slow)


def run(mpiexec: str, ranks: int, *names: str) -> "subprocess.CompletedProcess[str]":
    launcher = [mpiexec, "-n", str(ranks)] if ranks > 1 else []
    return subprocess.run(
        [*launcher, sys.executable, str(PROGRAM), *names], capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def outcomes(mpiexec: str) -> Outcomes:
    @cache
    def outcomes_on(ranks: int) -> dict[str, Any]:
        done = run(mpiexec, ranks)
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return outcomes_on


@pytest.mark.parametrize("ranks", [2, FOUR])
@pytest.mark.parametrize("case", CURVES)
def test_ranks_give_the_curve_of_one_process(outcomes: Outcomes, case: str, ranks: int) -> None:
    if ranks > 2 and case in ("augmentation and dropout", "batch normalization"):
        pytest.skip("four workers have other chunks than two")
    one, here = outcomes(1)[case][0], outcomes(ranks)[case]
    numbers = [[number for record in found["records"] for number in record] for found in (one, here[0])]
    # rounding may change the class of one of the 510 examples
    assert numbers[1] == pytest.approx(numbers[0], rel=2e-4, abs=1.01 / 510)
    assert here[0]["norm"] == pytest.approx(one["norm"], rel=1e-5)
    assert len(here) == ranks
    assert all(other == here[0] for other in here)


@pytest.mark.parametrize("ranks", [2, FOUR])
def test_the_same_ranks_give_the_same_bits_again(mpiexec: str, outcomes: Outcomes, ranks: int) -> None:
    names = ["mini-batches", "augmentation and dropout", "batch normalization"]
    again = json.loads(run(mpiexec, ranks, *names).stdout)
    assert again == {name: outcomes(ranks)[name] for name in names}


@pytest.mark.parametrize("ranks", [1, 2, FOUR])
def test_exchanges(outcomes: Outcomes, ranks: int) -> None:
    for found in outcomes(ranks)["exchanges"]:
        assert found["sum"] == [n * ranks * (ranks + 1) / 2 for n in range(5)]
        assert found["broadcast"] == {"rank": 0, "text": "x" * 100_000}
        assert found["equal"] == "no error"
        assert found["threads"] == max(1, found["processors"] // ranks)


@pytest.mark.parametrize("ranks", [2, FOUR])
def test_ranks_with_other_arguments_are_refused(outcomes: Outcomes, ranks: int) -> None:
    for found in outcomes(ranks)["differences"]:
        for name, line in found.items():
            assert f"ranks differ in {name.strip()};" in line


@pytest.mark.parametrize("ranks", [2, FOUR])
def test_what_is_not_seeded_is_drawn_by_rank_0(outcomes: Outcomes, ranks: int) -> None:
    assert len(set(outcomes(ranks)["unseeded"])) == 1


@pytest.mark.parametrize("ranks", [1, 2, FOUR])
def test_all_ranks_diverge_and_stop_together(outcomes: Outcomes, ranks: int) -> None:
    (line,) = set(outcomes(ranks)["diverging"])
    assert line.startswith("Diverged: training diverged at step")
    assert set(outcomes(ranks)["stopping"]) == {4 if ranks == 1 else 5}  # the flag travels with the next step


@pytest.mark.parametrize(("case", "message"), [("failing", "RuntimeError: only here"), ("killed", "")])
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


def test_a_step_is_one_exchange_of_the_flat_vector() -> None:
    wire = Counted()  # the first exchange compares arguments
    network = hg.Network([hg.Dense(12), hg.ReLU(), hg.Dense(10)], (784,), 0)
    hg.fit(network, hg.load_data("strokes:300").train, batch_size=50, epochs=3, communicator=wire)
    assert wire.sums[1:] == [(network.parameter_count + 3, "float32")] * 18


def test_without_mpiexec_mpi_is_not_imported() -> None:
    code = "import sys, handgrad; handgrad.init_distributed(); assert not any('mpi4py' in n for n in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
