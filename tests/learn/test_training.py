"""Networks train with the learner's functions."""

import json
import subprocess
import sys
from collections.abc import Iterator
from os import environ
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from handgrad.kernels.backend import MODULES, functions_of, kernels
from handgrad.learn.catalog import exercises
from handgrad.learn.training import KERNELS, learner_kernels, used_kernels


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    """A folder with the solutions of all exercises."""
    folder = tmp_path / "solved"
    folder.mkdir()
    for exercise in exercises().values():
        text = exercise.source.replace("handgrad.learn.exercises.", "")
        (folder / f"{exercise.name}.py").write_text(text, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def imported() -> Iterator[None]:
    """Forget the modules of exercises that a test has imported, and their folders."""
    path = [*sys.path]
    yield
    sys.path[:] = path
    for name in exercises():
        sys.modules.pop(name, None)


def curve(folder: Path | None, tmp_path: Path, *arguments: str, **variables: str) -> list[float]:
    """Train in another process, with the solutions or the kernels that variables choose; return the losses."""
    start = (
        ["-m", "handgrad.cli.learn_train", folder, ",".join(exercises())]
        if folder
        else ["-m", "handgrad", "train"]
    )
    out = tmp_path / ("learner" if folder else "ours")
    command = [sys.executable, *map(str, start), *arguments, "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ | variables, check=True)
    return [json.loads(line)["loss"] for line in done.stdout.splitlines()[:-1]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("classic", "--steps", "20", "--batch-size", "100"),
        pytest.param(("convnet", "--steps", "3"), marks=pytest.mark.slow),
    ],
    ids=["classic", "convnet"],
)
def test_solutions_train_as_the_numpy_kernels_do(
    solved: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    digits = hg.load_data("strokes:300").train
    np.savez(tmp_path / "digits.npz", x_train=digits.inputs, y_train=digits.labels)
    arguments = (*arguments, "--data", str(tmp_path / "digits.npz"), "--set", "training.record_every=1")
    theirs = curve(solved, tmp_path, *arguments)
    ours = curve(None, tmp_path, *arguments, HANDGRAD_KERNELS="numpy")
    assert len(theirs) > 1
    assert theirs == pytest.approx(ours, rel=1e-4)


def test_wrong_functions_are_used_too(solved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(solved))
    (solved / "ex03_dense.py").write_text(
        "def dense(x, weights, biases):\n    return x @ weights.T + biases + 1\n"
    )
    network = hg.Network([hg.Dense(2)], input_shape=3)
    x = np.ones((1, 3), np.float32)
    before = network.forward(x)[0]
    with kernels.using(learner_kernels(solved, ["ex03_dense"])):
        after = network.forward(x)[0]
    assert after == pytest.approx(before + 1)
    assert after.dtype == np.float32


def test_exercises_that_are_not_used_are_those_of_the_library(
    solved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(solved))
    (solved / "ex12_softmax.py").write_text("def softmax(logits):\n    raise NotImplementedError\n")
    theirs = learner_kernels(solved, ["ex14_softmax_cross_entropy"])
    losses, _ = theirs.softmax_cross_entropy(np.zeros((2, 4)), np.array([0, 3]))
    assert losses == pytest.approx(np.log([4, 4]))


def test_the_table_names_kernels_and_functions_of_exercises() -> None:
    assert {*KERNELS} <= {*functions_of("handgrad.kernels", MODULES)}
    for functions in KERNELS.values():
        for function, name in functions.items():
            assert exercises()[name].function(function)
    assert {*used_kernels(exercises())} == {*KERNELS}


@pytest.mark.parametrize("line", ["return 1 / 0", "exit()"])
def test_exceptions_name_the_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "ex03_dense.py").write_text(f"def dense(x, weights, biases):\n    {line}\n", "utf-8")
    dense = learner_kernels(tmp_path, ["ex03_dense"]).dense
    with pytest.raises(hg.HandgradError, match=r"ex03_dense\.py, line 2: "):
        dense(np.ones((1, 1)), np.ones((1, 1)), np.ones(1))


def test_files_that_cannot_be_imported_again_are_errors(tmp_path: Path) -> None:
    (tmp_path / "ex03_dense.py").write_text("\n1 / 0\n", "utf-8")
    with pytest.raises(hg.HandgradError, match=r"ex03_dense\.py, line 2: Zero"):
        learner_kernels(tmp_path, ["ex03_dense"])
