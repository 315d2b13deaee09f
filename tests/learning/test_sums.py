"""What a batch adds up to over ranks, here two that have the same."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.learning.communication import Communication
from handgrad.learning.sums import Sum


class Twins(Communication):
    """Two ranks with the same numbers; counts exchanges."""

    several, size, exchanges = True, 2, 0

    def sum(self, numbers: NDArray[Any]) -> None:
        numbers *= 2
        self.exchanges += 1


@pytest.mark.parametrize("correct", [0, 7, 4095, 4096, 2**24 + 1])
def test_all_is_added_up_in_one_exchange_and_counts_stay_exact(correct: int) -> None:
    """Of 2²⁴ + 1, the first whole number that float32 does not hold, two are counted, too."""
    total, twins = Sum(np.zeros(3, np.float32)), Twins()
    total.gradient[:], total.loss, total.correct = (1, 2, 3), 0.25, correct
    assert not total.over_ranks(twins, wish=False, failed=False)
    np.testing.assert_array_equal(total.gradient, [2, 4, 6])
    assert (total.loss, total.correct, total.wish, twins.exchanges) == (0.5, 2 * correct, False, 1)


def test_wishes_and_failures_are_told_apart() -> None:
    total = Sum(np.zeros(3, np.float32))
    assert not total.over_ranks(Twins(), wish=True, failed=False)
    assert total.wish
    assert total.over_ranks(Twins(), wish=False, failed=True)
    assert not total.wish
