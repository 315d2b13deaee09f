"""The number of threads, how they share work, and the limit of BLAS to one thread."""

import os
import threading
from typing import Any

import pytest
from threadpoolctl import threadpool_info

from handgrad.errors import HandgradError
from handgrad.kernels.threads import WORTH_A_THREAD, Workers, choose_threads, one_blas_thread


def test_the_number_of_threads_is_that_wanted_or_that_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert choose_threads(7) == 7
    assert choose_threads() == 3


@pytest.mark.parametrize("wanted", [0, -1, 10_000, 2.0, "2"])
def test_absurd_numbers_are_refused(wanted: Any) -> None:
    with pytest.raises(HandgradError, match="threads must be"):
        choose_threads(wanted)


def test_outcomes_come_in_the_order_of_the_parts() -> None:
    with Workers(3) as workers:
        assert workers.map(lambda part: part * part, range(20)) == [part * part for part in range(20)]
        assert workers.map(str, []) == []
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda part: 1 // part, [2, 1, 0])


@pytest.mark.parametrize("count", [1, 3])
def test_threads_work_at_the_same_time_and_the_one_that_calls_is_among_them(count: int) -> None:
    together = threading.Barrier(count, timeout=10)

    def work(part: int) -> int:
        together.wait()
        return threading.get_ident()

    with Workers(count) as workers:
        used = workers.map(work, range(3))
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
    workers, size = Workers(4), 3 * WORTH_A_THREAD + 1
    assert workers.slices(10) == [slice(0, 10)]
    slices = workers.slices(size)
    assert len(slices) == 3
    assert [part.start for part in slices] == [0, *(part.stop for part in slices[:-1])]
    assert slices[-1].stop == size
