"""Names beside lines: near their lines, and apart from each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handgrad.plots.line_ends import spread

HEIGHTS = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(sorted)


@given(HEIGHTS)
def test_names_are_apart_inside_and_in_order(heights: list[float]) -> None:
    apart = 1 / 12
    placed = np.array(spread(heights, apart))
    assert (np.diff(placed) >= apart - 1e-9).all()
    assert placed.min() >= -1e-9
    assert placed.max() <= 1 + 1e-9


def test_names_move_no_farther_than_needed() -> None:
    assert spread([0.2, 0.5, 0.9], 0.1) == [0.2, 0.5, 0.9]
    assert np.allclose(spread([0.5, 0.5, 0.9], 0.1), [0.45, 0.55, 0.9])
    assert np.allclose(spread([1, 1], 0.1), [0.9, 1])
