"""Run the solution of an exercise, and the solution with typical mistakes, and compare answers."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from time import monotonic
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.learn.calls import Failure, Outcome, call
from handgrad.learn.exercise import Case, Exercise, Function, Mistake

SECONDS = 5.0
"""Time after which no further combinations of mistakes are tried."""
Answer: TypeAlias = NDArray[Any] | Failure | None
"""One result of a case, what the call raised, or nothing where the case did not reach it."""


def same(a: Answer, b: Answer, tolerance: float = 1e-7) -> bool:
    """Whether two answers are equal, in shape and to a tolerance."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is b or (isinstance(a, Failure) and isinstance(b, Failure) and a.type == b.type)
    close = a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
    return bool(close) and same_kind(a.dtype, b.dtype)


def same_kind(a: np.dtype[Any], b: np.dtype[Any]) -> bool:
    """Whether two dtypes are the same, or both integers."""
    return a.newbyteorder("=") == b.newbyteorder("=") or (a.kind in "iu" and b.kind in "iu")


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
