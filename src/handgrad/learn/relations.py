"""Mistakes that any function can have, recognized by comparing its answers with other ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.learn.calls import Failure
from handgrad.learn.exercise import Case
from handgrad.learn.solutions import Answer, same

UNCHANGED = "The array that you were given has not changed. Change it in place, e.g. with += or [:] =."


def is_zero(got: Sequence[Answer], base: Sequence[Answer]) -> bool:
    """Whether all numbers of the answers are 0, and those of the base are not."""
    return all(isinstance(g, np.ndarray) and not g.any() for g in got) and any(
        isinstance(b, np.ndarray) and b.any() for b in base
    )


def relation(
    got: Sequence[Answer], base: Sequence[Answer], cases: Sequence[Case], result: str
) -> tuple[str, str] | None:
    """Return the kind and sentence of what turns the base into the answers in all cases, e.g. the sign.

    `result` is the name of the result that is compared.
    """
    pairs = [
        (g, b, case)
        for g, b, case in zip(got, base, cases, strict=True)
        if isinstance(g, np.ndarray) and isinstance(b, np.ndarray)
    ]
    if not pairs or any(
        isinstance(g, Failure) != isinstance(b, Failure) for g, b in zip(got, base, strict=True)
    ):
        return None
    if all(same(g, b) for g, b, _ in pairs):
        return None
    for kind, sentence, holds in RELATIONS:
        if all(same(g, b) or holds(g, b, case) for g, b, case in pairs):
            return kind, sentence
    if all(result in case.arguments and same(g, np.asarray(case.arguments[result])) for g, _, case in pairs):
        return "not-in-place", UNCHANGED
    factors = {factor(g, b) for g, b, _ in pairs if b.any()}
    if len(factors) == 1 and None not in factors and all(b.any() or same(g, b) for g, b, _ in pairs):
        return "wrong-constant", "Every number is the expected one times the same constant."
    return None


def examples(case: Case) -> int:
    """Return the number of examples N: the length of the first array."""
    return next((len(value) for value in case.arguments.values() if np.ndim(value)), 1)


def factor(g: NDArray[Any], b: NDArray[Any]) -> float | None:
    """Return the number by which b is multiplied, to six digits; None if there is none."""
    if g.shape != b.shape or not np.isfinite([g, b]).all():
        return None
    found = float((g * b).sum() / (b * b).sum())
    return float(f"{found:.6g}") if found and same(g, found * b) else None


RELATIONS: list[tuple[str, str, Callable[[Any, Any, Case], bool]]] = [
    ("sign", "Every number has the opposite sign.", lambda g, b, case: same(g, -1 * b)),
    (
        "transposed-result",
        "The array is the transpose of the expected one.",
        lambda g, b, case: g.ndim == 2 and same(g, b.T),
    ),
    (
        "sum-for-mean",
        "Every number is N times as large as expected: a sum over the N examples in place of the mean.",
        lambda g, b, case: same(g, b * examples(case)),
    ),
    (
        "mean-for-sum",
        "Every number is 1/N of the expected one: a mean over the N examples in place of the sum, or taken twice.",
        lambda g, b, case: same(g, b / examples(case)),
    ),
    (
        "wrong-shape",
        "The numbers are correct and the shape is not: look at axes of length 1 and at keepdims.",
        lambda g, b, case: g.size == b.size and g.shape != b.shape and same(g.reshape(b.shape), b),
    ),
    (
        "wrong-dtype",
        "The numbers are correct and their type is not, e.g. floating-point numbers in place of integers.",
        lambda g, b, case: g.shape == b.shape and g.dtype.kind != b.dtype.kind and np.array_equal(g, b),
    ),
    (
        "wrong-dtype",
        "The numbers are rounded, to float32 or to integers. Keep the dtype of the arguments, float64.",
        lambda g, b, case: (
            g.shape == b.shape
            and (
                (g.dtype == np.float32 and np.allclose(g, b, rtol=1e-5, atol=1e-6))
                or (g.dtype.kind in "iub" and b.dtype.kind == "f" and bool((np.abs(g - b) < 1).all()))
            )
        ),
    ),
    (
        "new-mask",
        "Your mask is another one. Use the random numbers, or the mask, that you are given.",
        lambda g, b, case: (
            bool({"random", "mask"} & set(case.arguments))
            and g.shape == b.shape
            and bool(((g == 0) | (b == 0) | np.isclose(g, b)).all())
        ),
    ),
    (
        "not-finite",
        "There are numbers that are not finite (nan or inf); the others are correct.",
        lambda g, b, case: (
            g.shape == b.shape
            and not np.isfinite(g).all()
            and bool(np.isfinite(g).any())
            and same(np.where(np.isfinite(g), g, b), b)
        ),
    ),
    (
        "not-finite",
        "No number is finite: all are nan or inf.",
        lambda g, b, case: g.shape == b.shape and not np.isfinite(g).any(),
    ),
]
