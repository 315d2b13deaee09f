"""One suite for the single process and for ranks: the cases of `rank_cases.py`, by MPI on 1, 2 and 4, and without."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import handgrad as hg
from handgrad.training.distributed import Communication
from handgrad.training.ranks import Ranks
from handgrad.training.sums import Sum
from rank_cases import CURVES

Outcomes = Callable[[int], dict[str, Any]]
PROGRAM = Path(__file__).parents[1] / "helpers" / "rank_cases.py"

DRAWN_BY_CHUNK = {"whole_grains", "batch_norm_of_whole_grains"}
"""One process draws, or takes statistics, otherwise here: its chunks are larger than a grain."""


def run_cases(mpiexec: str, ranks: int, *names: str) -> dict[str, Any]:
    """Run cases on so many ranks; 0 for a process without MPI."""
    launcher = [mpiexec, "-n", str(ranks)] if ranks else []
    done = subprocess.run(
        [*launcher, sys.executable, str(PROGRAM), *names], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    outcomes: dict[str, Any] = json.loads(done.stdout)
    return outcomes


@pytest.fixture(scope="module")
def outcomes(mpiexec: str) -> Outcomes:
    return cache(lambda ranks: run_cases(mpiexec, ranks))


def numbers(records: list[list[float]]) -> list[float]:
    return [number for record in records for number in record]


@pytest.mark.parametrize("ranks", [0, 2, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", [case.__name__ for case in CURVES])
def test_any_number_of_ranks_follows_the_same_curve(outcomes: Outcomes, case: str, ranks: int) -> None:
    if ranks == 0 and case in DRAWN_BY_CHUNK:
        pytest.skip("one process without MPI draws by chunks")
    one, here = outcomes(1)[case][0], outcomes(ranks)[case][0]
    # rounding may change the class of one of the 510 validation examples
    assert numbers(here["records"]) == pytest.approx(numbers(one["records"]), rel=2e-4, abs=1.01 / 510)
    assert here["norm"] == pytest.approx(one["norm"], rel=1e-5)


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", [case.__name__ for case in CURVES])
def test_all_ranks_hold_the_same_bits(outcomes: Outcomes, case: str, ranks: int) -> None:
    found = outcomes(ranks)[case]
    assert len(found) == ranks
    assert all(other == found[0] for other in found)


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_the_same_ranks_give_the_same_bits_again(mpiexec: str, outcomes: Outcomes, ranks: int) -> None:
    names = ["mini_batches", "several_threads", "augmentation_and_dropout", "batch_norm"]
    again = run_cases(mpiexec, ranks, *names)
    assert again == {name: outcomes(ranks)[name] for name in names}


@pytest.mark.parametrize("ranks", [0, 1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_what_ranks_exchange(outcomes: Outcomes, ranks: int) -> None:
    size, last = max(1, ranks), max(1, ranks) - 1
    for rank, found in enumerate(outcomes(ranks)["exchanges"]):
        assert found["sum"] == [n * size * (size + 1) / 2 for n in range(5)]
        assert found["gather"] == [{"rank": n, "text": "x" * n * 1000} for n in range(size)]
        assert found["together"] == found["by_machine"] == rank
        assert found["broadcast"] == "of 0"
        assert found["alike"] == "nothing failed"
        shared = bool(ranks)
        assert found["last fails"] == [f"HandgradError: {f'rank {last}: ' if last else ''}gone", shared]
        assert found["first fails"] == ["OSError: [Errno 28] full", shared]
        assert found["odd error"][0] == (
            "HandgradError: unexpected HandgradError: no" if ranks else "HandgradError: no"
        )


@pytest.mark.parametrize("ranks", [1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_ranks_share_the_processors_of_their_machine(outcomes: Outcomes, ranks: int) -> None:
    for threads, processors in outcomes(ranks)["threads"]:
        assert threads == max(1, processors // ranks)


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_ranks_that_were_given_something_else_are_named(outcomes: Outcomes, ranks: int) -> None:
    for found in outcomes(ranks)["differences"]:
        for name, (line, everywhere) in found.items():
            assert f"rank {ranks - 1} differs from rank 0 in its {name.strip()};" in line
            assert everywhere


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_ranks_without_a_seed_take_one_order(outcomes: Outcomes, ranks: int) -> None:
    found = outcomes(ranks)["unseeded"]
    assert found == [found[0]] * ranks


@pytest.mark.parametrize("ranks", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_what_fails_on_one_rank_in_a_step_ends_the_training_on_all(outcomes: Outcomes, ranks: int) -> None:
    assert outcomes(ranks)["failing_in_a_step"] == [["MemoryError: no room", True]] * ranks


@pytest.mark.parametrize("ranks", [1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_all_diverge_together(outcomes: Outcomes, ranks: int) -> None:
    (line, everywhere), *others = outcomes(ranks)["diverging"]
    assert line.startswith("Diverged: training diverged at step")
    assert everywhere
    assert all(other == [line, everywhere] for other in others)


@pytest.mark.parametrize("ranks", [0, 1, 2, pytest.param(4, marks=pytest.mark.slow)])
def test_all_stop_where_one_wishes_to(outcomes: Outcomes, ranks: int) -> None:
    """One process after its fifth step, which is step 4; ranks, which must hear of it, after the next."""
    assert outcomes(ranks)["stopping"] == [5 if ranks else 4] * max(1, ranks)


@pytest.mark.slow
def test_a_program_that_fails_on_one_rank_ends_on_all(mpiexec: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import handgrad as hg\n"
        "ranks = hg.init_distributed()\n"
        "if ranks.rank == 1: raise RuntimeError('only here')\n"
        "ranks.gather(0)\n"
    )
    done = subprocess.run(
        [mpiexec, "-n", "2", sys.executable, str(program)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.count("RuntimeError: only here") == 1


class Counted(Communication):
    """A rank alone, which counts what goes over the wire."""

    several = True

    def __init__(self) -> None:
        self.sums: list[tuple[int, str]] = []
        self.gathers = 0

    def sum(self, numbers: NDArray[Any]) -> None:
        self.sums.append((len(numbers), numbers.dtype.name))

    def alike(self, **facts: Any) -> None:
        self.gathers += 1


@pytest.mark.parametrize("correct", [0, 4095, 4096, 60_000, 123_456_789])
def test_right_answers_are_counted_exactly(correct: int) -> None:
    """Also beyond the 24 bits of a float32."""
    total = Sum(np.zeros(3, np.float32))
    total.correct, total.loss = correct, 0.5
    assert not total.over_ranks(Counted(), wish=False, failed=False)
    assert (total.correct, total.loss, total.wish) == (correct, 0.5, False)
    assert total.over_ranks(Counted(), wish=True, failed=True)
    assert total.wish


class Staged(Ranks):
    """A rank of a machine, which notes at which stage of `by_machine` it works."""

    def __init__(self, local_rank: int) -> None:
        self.local_rank, self.stage = local_rank, 0

    def together(self, work: Callable[[], Any]) -> Any:
        self.stage += 1
        return work()


@pytest.mark.parametrize(("local_rank", "stage"), [(0, 1), (1, 2), (2, 2)])
def test_the_first_of_a_machine_works_before_the_others(local_rank: int, stage: int) -> None:
    rank, worked = Staged(local_rank), list[int]()

    def work() -> str:
        worked.append(rank.stage)
        return "done"

    assert rank.by_machine(work) == "done"
    assert worked == [stage]


def test_a_step_is_one_exchange_of_the_flat_vector() -> None:
    """Gradient, loss, right answers (in two digits), wish and failure; and once an epoch a check."""
    wire = Counted()
    network = hg.Network([hg.Dense(12), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
    train = hg.load_data("strokes:300").train
    list(hg.train(network, hg.Splits(train), batch_size=50, epochs=3, communication=wire))
    assert wire.sums == [(network.parameter_count + 5, "float32")] * 18
    assert wire.gathers == 1 + 3


def test_without_mpiexec_mpi_is_not_imported() -> None:
    code = (
        "import sys, numpy as np, handgrad as hg\n"
        "network = hg.Network([hg.Dense(10)], (784,), np.random.default_rng(0))\n"
        "list(hg.train(network, hg.load_data('strokes:60'), epochs=1, communication=hg.init_distributed()))\n"
        "assert not any(name.startswith('mpi4py') or name == 'handgrad.training.ranks' for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
