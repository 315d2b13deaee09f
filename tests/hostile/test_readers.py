"""Damaged files: every reader refuses them in one short line, at once, and with little memory."""

import pytest

from fuzzing import fuzz
from readers import READERS

FILES = 50


@pytest.mark.parametrize("times", [0.05, pytest.param(4, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_refused_in_one_line(times: float) -> None:
    cases = [
        (name, seed) for name in READERS for seed in range(max(1, int(times * FILES * READERS[name].share)))
    ]
    problems = fuzz(cases)
    assert not problems, "\n".join(problems)
