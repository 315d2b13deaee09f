"""``handgrad learn``: from the first exercise to a trained network."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from failing import misused
from fixture_types import Cli
from handgrad.cli.learn_difference import describe_difference
from handgrad.learn.catalog import exercises
from handgrad.learn.check import Difference

SOLUTION = exercises()["ex03_dense"].source
WRONG = SOLUTION.replace("weights.T", "weights")


def test_a_learner_starts_fails_asks_and_passes(cli: Cli, tmp_path: Path) -> None:
    started = cli("learn", "start")
    assert started.returncode == 0
    assert "handgrad learn check 1" in started.stdout
    file = tmp_path / "exercises" / "ex03_dense.py"
    unwritten = cli("learn", "check", "3")
    assert unwritten.returncode == 1
    assert "NotImplementedError" in unwritten.stdout
    file.write_text(WRONG, "utf-8")
    failed = cli("learn", "check", "3")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert "Missing transpose" in failed.stdout
    assert "backpropagation.html#" in failed.stdout
    assert "*" in failed.stdout  # entries that differ
    assert max(map(len, failed.stdout.splitlines()[:-1])) <= 80
    first, second = (cli("learn", "hint", name).stdout for name in ("ex03", "exercises/ex03_dense.py"))
    assert first != second
    file.write_text(SOLUTION, "utf-8")
    assert cli("learn", "check", "3").returncode == 0
    overall = cli("learn", "check", "--folder", "exercises")
    assert overall.returncode == 0
    assert f"1 of {len(exercises())} exercises" in overall.stdout


def test_check_as_json(cli: Cli, tmp_path: Path) -> None:
    cli("learn", "start", "here")
    (tmp_path / "here" / "ex03_dense.py").write_text(WRONG, "utf-8")
    (tmp_path / "here" / "ex05_dense_backward.py").write_text("x = 1 +", "utf-8")
    done = cli("learn", "check", "--folder", "here", "--json")
    assert done.returncode == 1
    reports = {report["exercise"]: report for report in map(json.loads, done.stdout.splitlines())}
    assert len(reports) == len(exercises())
    assert reports["ex03_dense"]["mistakes"][0]["kind"] == "missing-transpose"
    assert reports["ex03_dense"]["difference"]["result"] == "y"
    assert reports["ex05_dense_backward"]["error"]["line"] == 1


def test_arrays_of_images_and_errors_fit_the_terminal(cli: Cli, tmp_path: Path) -> None:
    cli("learn", "start", "here")
    for name in ("ex05_dense_backward", "ex28_convolution"):
        text = exercises()[name].source.replace("return", "return 2 *")
        (tmp_path / "here" / f"{name}.py").write_text(text, "utf-8")
        done = cli("learn", "check", name, "--folder", "here")
        assert done.returncode == 1
        assert max(map(len, done.stdout.splitlines()[:-1])) <= 80


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 1, 2, 2), (1, 1, 0, 0), (), (1, 1, 1, 2, 2)])
def test_results_of_any_shape_are_shown(shape: tuple[int, ...]) -> None:
    exercise = exercises()["ex28_convolution"]
    case = exercise.all_cases()[0]
    difference = Difference(case, "y", np.ones(shape), np.ones((1, 1, 2, 2)))
    console = Console(width=80)
    with console.capture() as capture:
        console.print(describe_difference(difference, exercise))
    assert f"y has the shape {shape} instead of (1, 1, 2, 2)." in capture.get()
    assert "weights (1, 1, 2, 2)" in capture.get()


@pytest.mark.slow
def test_training_with_the_functions_of_a_learner(cli: Cli, tmp_path: Path) -> None:
    cli("learn", "start", "here")
    (tmp_path / "here" / "ex03_dense.py").write_text(SOLUTION, "utf-8")
    (tmp_path / "here" / "ex05_dense_backward.py").write_text("x = 1 +", "utf-8")
    given = ("classic", "--data", "strokes:60", "--steps", "3", "--out", "run")
    done = cli("learn", "train", "--folder", "here", *given)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("yours    dense\n")
    assert (tmp_path / "run" / "model.safetensors").exists()
    assert cli("learn", "train", "--folder", "here", "clasic").returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "said"),
    [("1 / 0", "handgrad: ex03_dense.py, line 4: Zero"), ("import os; os.kill(os.getpid(), 9)", "signal 9")],
)
def test_failures_of_functions_in_training_are_one_line(
    process: Cli, tmp_path: Path, line: str, said: str
) -> None:
    process("learn", "start", "here")
    code = (
        f"import numpy as np\ndef dense(x, weights, biases):\n    if x.dtype == np.float32:\n        {line}\n"
    )
    (tmp_path / "here" / "ex03_dense.py").write_text(f"{code}    return x @ weights.T + biases\n", "utf-8")
    done = process("learn", "train", "--folder", "here", "classic", "--data", "strokes:60", "--steps", "3")
    assert done.returncode == 1
    (printed,) = done.stderr.splitlines()
    assert said in printed


def test_grades_of_a_class(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "ex03_dense.py").write_text(WRONG, "utf-8")
    done = cli("learn", "grade", "class", "--csv", "grades.csv")
    assert done.returncode == 0, done.stderr
    assert "Missing transpose" in done.stdout
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["submission"] == "ada"
    assert 0 <= float(row["ex03_dense"]) < 1
    assert "ex03_dense: Missing transpose" in row["mistakes"]
    line = json.loads(cli("learn", "grade", "class", "--json").stdout)
    assert line["exercises"]["ex03_dense"] == pytest.approx(float(row["ex03_dense"]), abs=1e-3)


def test_names_of_submissions_are_no_formulas(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "class" / "=1+1").mkdir(parents=True)
    (tmp_path / "class" / "=1+1" / "ex03_dense.py").write_text("x = ", "utf-8")
    assert cli("learn", "grade", "class", "--csv", "grades.csv").returncode == 0
    assert (tmp_path / "grades.csv").read_text("utf-8").splitlines()[1].startswith("'=1+1,0.0000,")
    lost = cli("learn", "grade", "class", "--csv", "none/grades.csv")
    assert (lost.returncode, lost.stdout) == (1, "")  # before anything is graded


@pytest.mark.parametrize("number", ["0", "99", "ex", "x", "-1", "3.5"])
def test_unknown_exercises_are_wrong_usage(cli: Cli, number: str) -> None:
    cli("learn", "start", "exercises")
    misused(cli, "", "learn", "check", number)
    misused(cli, "", "learn", "hint", number)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("check", "handgrad learn start"),
        ("hint 1", "handgrad learn start"),
        ("train", "handgrad learn start"),
        ("grade nothing", "no submissions"),
        ("start file", "file"),
        ("start new --add missing.py", "missing.py"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, tmp_path: Path, command: str, word: str) -> None:
    (tmp_path / "file").write_text("")
    done = cli("learn", *command.split())
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: ")
    assert word in line
    assert not (tmp_path / "new").exists()
