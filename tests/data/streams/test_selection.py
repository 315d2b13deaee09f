"""Splits of a store: every example in one of the two, in order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.streams import selection
from handgrad.data.streams.selection import Selection


@given(st.integers(2, 200), st.data(), st.booleans(), st.integers(0, 5), st.integers(1, 40))
def test_a_cut_parts_the_examples(
    examples: int, data: st.DataObject, from_end: bool, seed: int, block: int
) -> None:
    count = data.draw(st.integers(1, examples - 1))
    kept, apart = Selection.all(examples).cut(count, np.random.default_rng(seed), from_end)
    places = [part.places(np.arange(len(part))) for part in (kept, apart)]
    assert [len(part) for part in (kept, apart)] == [examples - count, count]
    assert sorted(np.concatenate(places).tolist()) == list(range(examples))
    assert not from_end or places[1].tolist() == list(range(examples - count, examples))
    for part, found in zip((kept, apart), places, strict=True):
        assert (np.diff(found) > 0).all()
        bounds = part.bounds(block)
        assert (bounds[0], bounds[-1]) == (0, len(part))
        for number, (first, last) in enumerate(pairwise(bounds)):
            assert (found[first:last] // block == number).all()


def test_every_example_is_as_likely_to_be_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PIECE", 7)
    rng = np.random.default_rng(0)
    counts = np.zeros(20)
    for _ in range(4000):
        counts[Selection.all(20).cut(5, rng, from_end=False)[1].apart] += 1
    assert np.abs(counts / 4000 - 0.25).max() < 0.03  # four standard deviations
