"""How many threads, those wanted or those that there are processors for, and how they share work."""

import os
import threading

import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.threads import WORTH_A_THREAD, Workers, choose_threads


def test_the_number_wanted_is_the_number_chosen() -> None:
    assert choose_threads(3) == 3


def test_without_a_wish_it_is_the_processors_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert choose_threads() == 3


@pytest.mark.parametrize("wanted", [0, -1, 10_000])
def test_absurd_numbers_are_refused(wanted: int) -> None:
    with pytest.raises(HandgradError, match="threads must be"):
        choose_threads(wanted)


def test_outcomes_come_in_the_order_of_the_parts() -> None:
    with Workers(3) as workers:
        assert workers.map(lambda part: part * part, range(20)) == [part * part for part in range(20)]
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda part: 1 // part, [2, 1, 0])


@pytest.mark.parametrize(("count", "parts", "others"), [(1, 5, False), (4, 1, False), (2, 5, True)])
def test_only_what_can_be_shared_goes_to_other_threads(count: int, parts: int, others: bool) -> None:
    with Workers(count) as workers:
        used = set(workers.map(lambda part: threading.get_ident(), range(parts)))
    assert (threading.get_ident() not in used) == others


def test_slices_cover_everything_once_and_are_worth_a_thread() -> None:
    workers = Workers(4)
    assert workers.slices(10) == [slice(0, 10)]
    size = 3 * WORTH_A_THREAD + 1
    slices = workers.slices(size)
    assert len(slices) == 3
    assert [index for part in slices for index in (part.start, part.stop)][1:-1:2] == [
        part.start for part in slices[1:]
    ]
    assert (slices[0].start, slices[-1].stop) == (0, size)
