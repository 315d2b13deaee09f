"""Grade a folder of submissions: one folder for each learner, with the files of the exercises."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.learn.added import require_sound
from handgrad.learn.catalog import find_exercise
from handgrad.learn.check import Report, check
from handgrad.learn.failures import TITLES
from handgrad.learn.folder import DEFAULT, definitions_of
from handgrad.learn.process import end_processes


@dataclass(frozen=True)
class Grade:
    """The results of one submission.

    Parameters
    ----------
    submission : str
        Name of its folder.
    reports : mapping from str to Report or str
        For each exercise its report, or why its file could not be checked.
    """

    submission: str
    reports: Mapping[str, Report | str]

    def scores(self) -> dict[str, float]:
        """Return the credit for each exercise, from 0 to 1: the share of its properties that hold."""
        return {
            name: report.score if isinstance(report, Report) else 0.0 for name, report in self.reports.items()
        }

    def credit(self) -> float:
        """Return the mean credit of all exercises."""
        scores = self.scores().values()
        return sum(scores) / len(scores)

    def mistakes(self) -> list[str]:
        """Return the mistakes that were named, e.g. ``"ex05_dense_backward: Missing transpose"``."""
        named = []
        for name, report in self.reports.items():
            if isinstance(report, str):
                named.append(f"{name}: {report}")
            elif report.findings:
                named += [f"{name}: {title}" for title in dict.fromkeys(f.title for f in report.findings)]
            elif report.failure:
                named.append(f"{name}: {TITLES.get(report.failure.type, report.failure.type)}")
        return named


def grade(folder: Path, added: Sequence[Path] = (), only: Sequence[str] = ()) -> Iterator[Grade]:
    """Check every submission in a folder, in the order of their names.

    Parameters
    ----------
    folder : Path
        A folder with a folder for each submission. Its files lie there, or in its folder ``exercises``.
    added : sequence of Path
        Files that define further exercises.
    only : sequence of str
        Numbers or names of the exercises that count. Default: all.

    Yields
    ------
    Grade
        The results of one submission.

    Raises
    ------
    HandgradError
        If there are no submissions.
    """
    for file in added:
        require_sound(file)
    exercises, definitions = definitions_of(added)
    chosen = [find_exercise(exercises, text).name for text in only] or [*exercises]
    places = {place.name: place for place in sorted(folder.glob("*/")) if not place.name.startswith(".")}
    for name, place in places.items():
        if (place / DEFAULT).is_dir() and not any(
            (place / f"{exercise}.py").is_file() for exercise in exercises
        ):
            places[name] = place / DEFAULT
    if not any((place / f"{name}.py").is_file() for place in places.values() for name in exercises):
        raise HandgradError(
            f"there are no submissions in {folder}; it needs a folder of exercises for each learner"
        )

    def report(place: Path, name: str) -> Report | str:
        file = place / f"{name}.py"
        if not file.is_file():
            return "missing"
        try:
            return check(exercises[name], definitions[name], file)
        except HandgradError as error:
            return str(error)

    with ThreadPoolExecutor(cpu_count()) as pool:  # each check is a process
        try:
            for submission, place in places.items():
                reports = pool.map(lambda name, place=place: report(place, name), chosen)
                yield Grade(submission, dict(zip(chosen, reports, strict=True)))
        except BaseException:  # e.g. Ctrl-C: checks that run are not waited for
            end_processes()
            raise


def passed(grades: Sequence[Grade]) -> list[tuple[str, int, int]]:
    """Return for each exercise how many submissions have passed it, and how many have begun it."""
    counts = []
    for name in grades[0].reports:
        reports = [grade.reports[name] for grade in grades]
        begun = [report for report in reports if isinstance(report, Report) and report.started]
        counts.append((name, sum(report.status == "passed" for report in begun), len(begun)))
    return counts


def frequent(grades: Iterable[Grade], most: int = 5) -> list[tuple[str, int]]:
    """Return the most frequent mistakes of a class, with the numbers of their submissions."""
    counts = Counter(
        mistake for grade in grades for mistake in grade.mistakes() if not mistake.endswith(": missing")
    )
    return counts.most_common(most)
