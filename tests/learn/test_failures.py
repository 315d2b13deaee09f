"""Exceptions of NumPy and Python are explained in a sentence."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.learn.failures import explain_failure

X: Any = np.ones((2, 3))
NOTHING: Any = None
LIST: Any = [1.0]
PAIR: Any = (1, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: X @ X, "2 meets 3"),
        (lambda: X @ 2, "use * for numbers"),
        (lambda: np.dot(X, X), "(2,3) and (2,3)"),
        (lambda: X * X.T, "(2,3) (3,2)"),
        (lambda: 1 if X > 0 else 2, "np.where"),
        (lambda: X(1 - X), "is a * missing"),
        (lambda: X ^ 2.0, "x**2"),
        (lambda: math.tanh(X), "of NumPy"),
        (lambda: NOTHING * X[0, 0].item(), "is None"),
        (lambda: LIST * 2.0, "TypeError"),
        (lambda: PAIR - 1, "unpack"),
    ],
)
def test_exceptions_are_explained(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        call()
    assert words in explain_failure(raised.type.__name__, str(raised.value))
