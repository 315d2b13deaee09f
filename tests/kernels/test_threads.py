"""The number of threads, how they share work, and the limit of BLAS to one thread."""

import os
import threading
from typing import Any

import pytest
from threadpoolctl import threadpool_info

from handgrad.errors import HandgradError
from handgrad.kernels.threads import WORTH_A_THREAD, Workers, choose_threads, one_blas_thread


@pytest.mark.parametrize("wanted", [0, -1, 10_000, 2.0, "2"])
def test_absurd_numbers_are_refused(wanted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HandgradError, match="threads must be"):
        choose_threads(wanted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert (choose_threads(7), choose_threads()) == (7, 3)


@pytest.mark.parametrize("count", [1, 3])
def test_threads_work_at_the_same_time_and_outcomes_are_in_order(count: int) -> None:
    together = threading.Barrier(count, timeout=10)

    def work(part: int) -> tuple[int, int]:
        together.wait()
        return part, threading.get_ident()

    with Workers(count) as workers:
        parts, used = zip(*workers.map(work, range(3)), strict=True)
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda part: 1 // part, [2, 1, 0])
        assert workers.map(str, []) == []
    assert parts == (0, 1, 2)
    assert len(set(used)) == count
    assert threading.get_ident() in used


def test_blas_has_one_thread_until_the_last_of_overlapping_blocks_ends() -> None:
    def blas_threads() -> set[int]:
        return {module["num_threads"] for module in threadpool_info() if module["user_api"] == "blas"}

    before, (first, second) = blas_threads(), [one_blas_thread() for _ in range(2)]
    if before == {1}:
        pytest.skip("BLAS has one thread")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_slices_cover_everything_once_and_are_worth_a_thread() -> None:
    slices = Workers(4).slices(3 * WORTH_A_THREAD + 1)
    assert len(slices) == 3
    assert [part.start for part in slices] == [0, *(part.stop for part in slices[:-1])]
    assert slices[-1].stop == 3 * WORTH_A_THREAD + 1
    assert Workers(4).slices(10) == [slice(0, 10)]
