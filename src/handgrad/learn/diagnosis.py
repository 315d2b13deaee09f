"""Which mistakes explain a wrong answer.

Every typical mistake of an exercise is an edit of its solution. The edited solutions, one mistake or two at a time,
are run on the same cases, and the answers are compared with the learner's. Mistakes that any function can have, e.g.
a wrong sign, are recognized by comparing the arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from time import monotonic
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.learn.calls import Failure, Outcome, call
from handgrad.learn.exercise import Case, Exercise, Function, Mistake
from handgrad.learn.mistakes import KINDS

MOST_TOGETHER = 2
SECONDS = 5.0
"""Time after which no further combinations are tried."""
Answer: TypeAlias = NDArray[Any] | Failure | None
"""One result of a case, what the call raised, or nothing where the case did not reach it."""


@dataclass(frozen=True)
class Finding:
    """A mistake that explains an answer.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    sentence : str
        What has been done, and why it is wrong.
    result : str
        Name of the result in which it shows.
    """

    kind: str
    sentence: str
    result: str

    @property
    def title(self) -> str:
        """Title of the kind."""
        return KINDS[self.kind]


def same(a: Answer, b: Answer, tolerance: float = 1e-7) -> bool:
    """Whether two answers are equal, in shape and to a tolerance."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is b or (isinstance(a, Failure) and isinstance(b, Failure) and a.type == b.type)
    close = a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    return bool(close) and same_kind(a.dtype, b.dtype)


def same_kind(a: np.dtype[Any], b: np.dtype[Any]) -> bool:
    """Whether two dtypes are the same, or both integers."""
    return a == b or (a.kind in "iu" and b.kind in "iu")


def edited(exercise: Exercise, mistakes: Sequence[Mistake]) -> str | None:
    """Return the solution with mistakes, or None where their edits exclude each other."""
    source = exercise.source
    for mistake in mistakes:
        start = source.index(f"def {exercise.function(mistake.function).name}(")
        end = source.find("\ndef ", start)
        end = len(source) if end < 0 else end
        body = source[start:end]
        for old, new in mistake.edits:
            if body.count(old) != 1:
                return None
            body = body.replace(old, new)
        source = source[:start] + body + source[end:]
    return source


def run_source(exercise: Exercise, source: str, cases: Sequence[Case]) -> list[Outcome]:
    """Run a solution, or an edited one, on cases of an exercise."""
    names: dict[str, Any] = {"__name__": exercise.name}
    exec(compile(source, exercise.name, "exec"), names)
    outcomes = []
    for case in cases:
        try:
            outcomes.append(call(names[exercise.function(case.function).name], exercise, case))
        except Exception as error:
            outcomes.append(Outcome(failure=Failure(type(error).__name__, str(error))))
    return outcomes


def answers(outcomes: Sequence[Outcome], result: str) -> list[Answer]:
    """Return one result of all cases."""
    return [outcome.failure or outcome.values.get(result) for outcome in outcomes]


def diagnose(
    exercise: Exercise, cases: Sequence[Case], given: Sequence[Outcome], expected: Sequence[Outcome]
) -> list[Finding]:
    """Return the mistakes that explain wrong answers, for each result of each function.

    `expected` are the outcomes of the solution; cases with other expected values are not compared here.
    """
    findings: list[Finding] = []
    for function in exercise.functions:
        chosen = [
            index
            for index, case in enumerate(cases)
            if exercise.function(case.function) is function and not case.slow
        ]
        solutions = Solutions(
            exercise, function, [cases[index] for index in chosen], [expected[index] for index in chosen]
        )
        got, wanted = dict[str, list[Answer]](), dict[str, list[Answer]]()
        for result in dict.fromkeys([*function.returns, *function.changes]):
            got[result] = answers([given[index] for index in chosen], result)
            wanted[result] = answers(solutions.correct, result)
        wrong = [
            result
            for result in got
            if any(answer is not None for answer in got[result])
            and not all(map(same, got[result], wanted[result]))
        ]
        if wrong:
            findings += explain_all(got, wanted, wrong, solutions) or [
                finding
                for result in wrong
                for finding in explain(got[result], wanted[result], result, solutions)
            ]
    distinct = {(finding.kind, finding.sentence): finding for finding in reversed(findings)}
    return [*distinct.values()][::-1]


class Solutions:
    """A function of an exercise with every combination of its typical mistakes, run on cases when needed."""

    def __init__(
        self, exercise: Exercise, function: Function, cases: Sequence[Case], correct: list[Outcome]
    ) -> None:
        self.exercise, self.cases, self.correct = exercise, cases, correct
        self.mistakes = [
            mistake for mistake in exercise.mistakes if exercise.function(mistake.function) is function
        ]
        self._known: dict[tuple[int, ...], list[Outcome]] = {(): correct}
        self._end = monotonic() + SECONDS

    def place(self, mistake: Mistake) -> str | None:
        """Return the first result in which a mistake alone shows."""
        for mistakes, outcomes in self.combinations(1):
            if mistakes == [mistake]:
                for outcome, correct in zip(outcomes, self.correct, strict=True):
                    for name, value in outcome.values.items():
                        if not same(value, correct.values[name]):
                            return name
        return None

    def findings(self, mistakes: Sequence[Mistake], result: str) -> list[Finding]:
        """Return findings of mistakes that explain a result."""
        return [
            Finding(mistake.kind, mistake.sentence, self.place(mistake) or result) for mistake in mistakes
        ]

    def combinations(self, largest: int) -> Iterator[tuple[list[Mistake], list[Outcome]]]:
        """Yield combinations of mistakes, the smallest first, with the outcomes of the cases."""
        for size in range(largest + 1):
            for indices in combinations(range(len(self.mistakes)), size):
                chosen = [self.mistakes[index] for index in indices]
                if indices not in self._known and monotonic() < self._end:
                    source = edited(self.exercise, chosen)
                    self._known[indices] = run_source(self.exercise, source, self.cases) if source else []
                if self._known.get(indices):
                    yield chosen, self._known[indices]


def explain_all(
    got: dict[str, list[Answer]],
    wanted: dict[str, list[Answer]],
    wrong: Sequence[str],
    solutions: Solutions,
) -> list[Finding]:
    """Return the mistakes that explain all results in all cases, e.g. two results in the wrong order."""
    for mistakes, outcomes in solutions.combinations(MOST_TOGETHER):
        explained = {result: answers(outcomes, result) for result in got}
        if mistakes and all(
            _matches(got[result], explained[result], wanted[result], range(len(outcomes)))
            if result in wrong
            else all(map(same, got[result], explained[result]))
            for result in got
        ):
            return solutions.findings(mistakes, wrong[0])
    return []


def explain(got: list[Answer], wanted: list[Answer], result: str, solutions: Solutions) -> list[Finding]:
    """Return the smallest set of mistakes that explains one result in all its cases, or else in the wrong ones."""
    wrong = [index for index, pair in enumerate(zip(got, wanted, strict=True)) if not same(*pair)]
    everywhere = range(len(got))
    for mistakes, outcomes in solutions.combinations(MOST_TOGETHER):
        if mistakes and _matches(got, answers(outcomes, result), wanted, everywhere):
            return solutions.findings(mistakes, result)
    for mistakes, outcomes in solutions.combinations(1):
        general = relation(got, answers(outcomes, result), solutions.cases)
        if general:
            return [*solutions.findings(mistakes, result), Finding(*general, result)]
    for mistakes, outcomes in solutions.combinations(MOST_TOGETHER):
        if mistakes and _matches(got, answers(outcomes, result), wanted, wrong):
            return solutions.findings(mistakes, result)
    return []


def _matches(
    got: list[Answer], candidate: list[Answer], wanted: list[Answer], indices: Sequence[int]
) -> bool:
    """Whether the answers of some cases are the candidate's, among them a wrong array or the same exception."""
    chosen = [(got[index], candidate[index], wanted[index]) for index in indices]
    return all(same(g, c) for g, c, _ in chosen) and any(
        (isinstance(c, np.ndarray) and not same(c, w))
        or (isinstance(c, Failure) and isinstance(g, Failure) and c.message == g.message)
        for g, c, w in chosen
    )


def relation(got: list[Answer], base: list[Answer], cases: Sequence[Case]) -> tuple[str, str] | None:
    """Return the kind and sentence of what turns the base into the answers in all cases, e.g. the sign."""
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
    return None


def _examples(case: Case) -> int:
    """Return the number of examples N: the length of the first array."""
    return next((len(value) for value in case.arguments.values() if np.ndim(value)), 1)


def _unchanged(g: NDArray[Any], b: NDArray[Any], case: Case) -> bool:
    return any(
        value is not None and np.ndim(value) and same(g, np.asarray(value))
        for value in case.arguments.values()
    )


def _proportional(g: NDArray[Any], b: NDArray[Any]) -> bool:
    if g.shape != b.shape or not b.any() or not np.isfinite([g, b]).all():
        return False
    factor = float((g * b).sum() / (b * b).sum())
    return abs(factor) > 1e-6 and same(g, factor * b)


RELATIONS: list[tuple[str, str, Callable[[Any, Any, Case], bool]]] = [
    ("not-computed", "All numbers are 0.", lambda g, b, case: g.shape == b.shape and not g.any()),
    ("sign", "Every number has the opposite sign.", lambda g, b, case: same(g, -1 * b)),
    (
        "transposed-result",
        "The array is the transpose of the expected one.",
        lambda g, b, case: g.ndim == 2 and same(g, b.T),
    ),
    (
        "sum-for-mean",
        "Every number is N times as large as expected: a sum over the N examples in place of the mean.",
        lambda g, b, case: same(g, b * _examples(case)),
    ),
    (
        "mean-for-sum",
        "Every number is 1/N of the expected one: a mean over the N examples in place of the sum, or taken twice.",
        lambda g, b, case: same(g, b / _examples(case)),
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
        "not-in-place",
        "The array that you were given has not changed. Change it in place, e.g. with += or [:] =.",
        _unchanged,
    ),
    (
        "new-mask",
        "Another random mask: the random numbers, or the mask, that you are given decide, and no others.",
        lambda g, b, case: (
            bool({"random", "mask"} & set(case.arguments))
            and g.shape == b.shape
            and bool(((g == 0) | (b == 0) | np.isclose(g, b)).all())
        ),
    ),
    (
        "wrong-constant",
        "Every number is the expected one times the same constant.",
        lambda g, b, case: _proportional(g, b),
    ),
    (
        "not-finite",
        "There are numbers that are not finite (nan or inf); the others are correct.",
        lambda g, b, case: (
            g.shape == b.shape and not np.isfinite(g).all() and same(np.where(np.isfinite(g), g, b), b)
        ),
    ),
]
