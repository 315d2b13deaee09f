"""All exercises: solutions are correct, texts are executed, and every typical mistake is named."""

import doctest
from pathlib import Path

import numpy as np
import pytest

from handgrad.kernels.activations import relu
from handgrad.kernels.backend import MODULES, functions_of
from handgrad.kernels.dense import dense
from handgrad.kernels.losses import count_correct
from handgrad.learn.catalog import CHAPTERS, FOLDER, HOLE, exercises, learner_file
from handgrad.learn.check import check, expected, properties_of, verdicts
from handgrad.learn.diagnosis import diagnose
from handgrad.learn.exercise import Case, Exercise
from handgrad.learn.mistakes import KINDS
from handgrad.learn.solutions import edited, run_source, same
from handgrad.model.derivation import derive

ALL = list(exercises().values())
KERNELS = functions_of("handgrad.kernels", MODULES)


def quick_cases(exercise: Exercise) -> list[Case]:
    """Return the cases that take milliseconds."""
    return [case for case in exercise.all_cases() if not case.slow]


each = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)


@each
def test_solutions_have_the_expected_results(exercise: Exercise) -> None:
    cases = quick_cases(exercise)
    solved = run_source(exercise, exercise.source, cases)
    results = zip(cases, verdicts(solved, expected(solved, cases), cases), strict=True)
    assert [case.property for case, correct in results if not correct] == []
    assert not any(outcome.modified for outcome in solved)
    assert len(properties_of(exercise, cases)) >= 4


@pytest.mark.slow
@each
def test_solutions_pass_the_check(exercise: Exercise, tmp_path: Path) -> None:
    file = tmp_path / f"{exercise.name}.py"
    file.write_text(exercise.source.replace("handgrad.learn.exercises.", ""), "utf-8")
    report = check(exercise, FOLDER / file.name, file)
    assert report.status == "passed", report


@pytest.mark.slow
def test_the_digits_of_the_whole_program_are_learned() -> None:
    exercise = exercises()["ex20_network"]
    (case,) = (case for case in exercise.all_cases() if case.slow)
    (outcome,) = run_source(exercise, exercise.source, [case])
    w1, b1, w2, b2 = (outcome.values[name] for name in ("w1", "b1", "w2", "b2"))
    logits = relu(dense(case.arguments["x"], w1, b1)) @ w2.T + b2
    assert count_correct(logits, case.arguments["labels"]) >= 840


@each
def test_examples_of_the_text_hold(exercise: Exercise) -> None:
    names = {"np": np}
    exec(exercise.source, names)
    test = doctest.DocTestParser().get_doctest(exercise.text, names, exercise.name, None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@each
def test_learners_get_a_hole_in_each_function(exercise: Exercise) -> None:
    text = learner_file(exercise)
    compile(text, exercise.name, "exec")
    assert text.count(HOLE) == len(exercise.functions)
    assert "handgrad.learn" not in text
    assert exercise.chapter in CHAPTERS
    assert 5 <= exercise.minutes <= 20
    assert len(exercise.hints) >= 3
    assert {mistake.kind for mistake in exercise.mistakes} <= KINDS.keys()


@each
def test_solutions_agree_with_the_kernels_of_the_same_name(exercise: Exercise) -> None:
    for function in exercise.functions:
        if function.name not in KERNELS:
            continue
        for case in quick_cases(exercise):
            if exercise.function(case.function) is function and not case.expected:
                (ours,) = run_source(exercise, exercise.source, [case])
                kernel = (
                    f"from handgrad.kernels.{KERNELS[function.name].__module__.rpartition('.')[2]} import *"
                )
                (theirs,) = run_source(exercise, kernel, [case])
                for name, value in ours.values.items():
                    assert same(value, theirs.values[name]), (case.property, name)


@each
def test_derivations_give_the_entries_of_results(exercise: Exercise) -> None:
    cases = quick_cases(exercise)
    for case, outcome in zip(cases, run_source(exercise, exercise.source, cases), strict=True):
        function = exercise.function(case.function)
        for name, formula in function.derivations.items():
            value = outcome.values[name]
            start = case.arguments[name] if name in function.changes else np.zeros(value.shape)
            arrays = {
                **case.arguments,
                **{k: v for k, v in outcome.values.items() if k not in case.arguments},
            }
            for index in list(np.ndindex(value.shape))[:3]:
                derived = derive(name, formula, arrays, index).value + start[index]
                assert derived == pytest.approx(value[index], rel=1e-7, abs=1e-9), (
                    case.property,
                    name,
                    index,
                )


@pytest.mark.parametrize(
    "exercise",
    [pytest.param(e, marks=[pytest.mark.slow] if e.chapter > 1 else []) for e in ALL],
    ids=lambda exercise: exercise.name,
)
def test_typical_mistakes_are_named(exercise: Exercise) -> None:
    cases = quick_cases(exercise)
    solved = run_source(exercise, exercise.source, cases)
    for mistake in exercise.mistakes:
        source = edited(exercise, [mistake])
        assert source, f"an edited text is missing, or not the only one: {mistake.edits}"
        findings = diagnose(exercise, cases, run_source(exercise, source, cases), solved)
        assert mistake.sentence in [finding.sentence for finding in findings], mistake
