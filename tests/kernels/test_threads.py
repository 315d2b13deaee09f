"""How many threads: those wanted, or those that there are processors for."""

import os

import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads


def test_the_number_wanted_is_the_number_chosen() -> None:
    assert choose_threads(3) == 3


def test_without_a_wish_it_is_the_processors_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert choose_threads() == 3


@pytest.mark.parametrize("wanted", [0, -1, 10_000])
def test_absurd_numbers_are_refused(wanted: int) -> None:
    with pytest.raises(HandgradError, match="threads must be"):
        choose_threads(wanted)
