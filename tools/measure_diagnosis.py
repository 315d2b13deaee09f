"""Measure how often `handgrad learn` names a mistake: ``uv run --group dev python tools/measure_diagnosis.py``.

Reads the wrong and the correct solutions in ``tools/seeded_mistakes``, which were written from the texts of the
exercises and not from their lists of typical mistakes. A mistake counts as named if all its kinds are named and no
other one. ``--misses`` lists the others. A correct solution must not be refused.
"""

import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from handgrad.learn.catalog import exercises
from handgrad.learn.check import expected, verdicts
from handgrad.learn.diagnosis import diagnose
from handgrad.learn.exercise import Exercise
from handgrad.learn.solutions import run_source

SEEDS = Path(__file__).parent / "seeded_mistakes"


def seeds() -> Iterator[dict[str, Any]]:
    """Yield the seeds: tables with `exercise`, `kinds` and `code`."""
    for file in sorted(SEEDS.glob("*.toml")):
        yield from tomllib.loads(file.read_text("utf-8"))["seed"]


def named(exercise: Exercise, code: str) -> tuple[bool, set[str]]:
    """Return whether a solution is accepted, and the kinds of mistakes that are named.

    Functions that the code does not define are those of the solution.
    """
    cases = exercise.all_cases()
    given = run_source(exercise, f"{exercise.source}\n{code}", cases)
    solved = run_source(exercise, exercise.source, cases)
    accepted = all(verdicts(given, expected(solved, cases), cases)) and not any(
        outcome.modified for outcome in given
    )
    if accepted:
        return True, set()
    found = {finding.kind for finding in diagnose(exercise, cases, given, solved)}
    return False, found | ({"modified-input"} if any(outcome.modified for outcome in given) else set())


def main(show_misses: bool) -> int:
    """Print the rates by chapter; return 1 if a correct solution is refused."""
    totals: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for seed in seeds():
        exercise, wanted = exercises()[seed["exercise"]], set(seed["kinds"])
        accepted, found = named(exercise, seed["code"])
        hit, counts = found == wanted and accepted == (not wanted), totals[exercise.chapter]
        counts[0 if wanted else 2] += 1
        counts[1 if wanted else 3] += hit
        if show_misses and not hit:
            what = "accepted" if accepted else ", ".join(sorted(found)) or "nothing"
            print(f"{exercise.name}: {', '.join(sorted(wanted)) or 'correct'}; named: {what}\n{seed['code']}")
    print("chapter  mistakes  named correctly  correct solutions  accepted")
    rows = [*sorted(totals.items()), ("all", [sum(column) for column in zip(*totals.values(), strict=True)])]
    for chapter, (mistakes, hits, correct, taken) in rows:
        print(
            f"{chapter!s:<9}{mistakes:>8}{hits:>9} ({hits / max(1, mistakes):6.1%}){correct:>18}{taken:>10}"
        )
    return int(any(taken < correct for _, _, correct, taken in totals.values()))


if __name__ == "__main__":
    sys.exit(main("--misses" in sys.argv[1:]))
