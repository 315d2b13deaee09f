"""Which mistakes explain a wrong answer.

Every typical mistake of an exercise is an edit of its solution. The edited solutions, one mistake or two at a time,
are run on the same cases, and the answers are compared with the learner's. Mistakes that any function can have, e.g.
a wrong sign, are recognized by comparing the arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.learn.calls import Failure, Outcome
from handgrad.learn.exercise import Case, Exercise, Mistake
from handgrad.learn.mistakes import KINDS
from handgrad.learn.relations import is_zero, relation
from handgrad.learn.solutions import Answer, Solutions, answers, same

MOST_TOGETHER = 2


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
            return findings_of(mistakes, solutions, wrong[0])
    return []


def explain(got: list[Answer], wanted: list[Answer], result: str, solutions: Solutions) -> list[Finding]:
    """Return the smallest set of mistakes that explains one result in all its cases, or else in the wrong ones."""
    wrong = [index for index, pair in enumerate(zip(got, wanted, strict=True)) if not same(*pair)]
    everywhere = range(len(got))
    for mistakes, outcomes in solutions.combinations(MOST_TOGETHER):
        if mistakes and _matches(got, answers(outcomes, result), wanted, everywhere):
            return findings_of(mistakes, solutions, result)
    if is_zero(got, wanted):
        return [Finding("not-computed", "All numbers are 0.", result)]
    for mistakes, outcomes in solutions.combinations(1):
        general = relation(got, answers(outcomes, result), solutions.cases, result)
        if general:
            return [*findings_of(mistakes, solutions, result), Finding(*general, result)]
    for mistakes, outcomes in solutions.combinations(MOST_TOGETHER):
        if mistakes and _matches(got, answers(outcomes, result), wanted, wrong):
            return findings_of(mistakes, solutions, result)
    return []


def findings_of(mistakes: Sequence[Mistake], solutions: Solutions, result: str) -> list[Finding]:
    """Return findings of mistakes that explain a result."""
    return [
        Finding(mistake.kind, mistake.sentence, solutions.place(mistake) or result) for mistake in mistakes
    ]


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
