"""``handgrad plot``: what it writes, what it leaves out, and what it says of both."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from fixture_types import Cli
from handgrad.cli.main import main
from handgrad.data.dataset import Dataset

CURVES = {"loss", "error"}
OTHERS = {"weights", "confusion", "mistakes", "calibration"}


@pytest.fixture
def program(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Run ``handgrad`` in `tmp_path` and in this process, which has imported everything already."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        given = list(map(str, arguments))
        status = main(given)
        return CompletedProcess(given, status, *capsys.readouterr())

    return run


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def train(program: Cli, name: str, *arguments: str | Path) -> None:
    done = program("train", *arguments, "--out", name, "--quiet", "--no-test")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def run(program: Cli, tmp_path: Path) -> Path:
    train(program, "RUN", "mlp", "--data", "strokes:300", "--epochs", "2")
    return tmp_path / "RUN"


@pytest.mark.slow
def test_a_run_becomes_six_pictures(cli: Cli, program: Cli, run: Path) -> None:
    done = cli("plot", "RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(run / "plots") == {f"{name}.{kind}" for name in CURVES | OTHERS for kind in ("svg", "png")}
    measured, *saved = done.stdout.splitlines()
    accuracy = json.loads(program("evaluate", "RUN", "--json").stdout)["accuracy"]
    assert measured == f"measured RUN on strokes:300, test: {accuracy:.2%} of 50 right"
    assert {line.split()[1] for line in saved} >= {f"RUN/plots/{name}.svg" for name in CURVES}
    for path in (run / "plots").glob("*.png"):
        with Image.open(path) as image:
            assert min(image.size) > 100
    before = {path: path.read_bytes() for path in (run / "plots").iterdir()}
    assert program("plot", "RUN").returncode == 0
    assert {path: path.read_bytes() for path in before} == before


def test_several_runs_share_their_curves(program: Cli, run: Path, tmp_path: Path) -> None:
    train(program, "more/RUN", "--data", "strokes:300", "--steps", "3")
    done = program(
        "plot", "RUN", "more/RUN", "RUN", "--format", "png", "--against", "seconds", "--split", "train"
    )
    assert done.returncode == 0, done.stderr
    names = (f"{run.parent.name}-RUN", "more-RUN")
    expected = {f"{name}.png" for name in CURVES} | {f"{run}/{name}.png" for run in names for name in OTHERS}
    assert written(tmp_path / "plots") == expected


def test_a_table_has_no_mistakes_to_look_at(program: Cli, table: Dataset, tmp_path: Path) -> None:
    rows = [
        f"{table.class_names[label]},{','.join(map(str, row))}"
        for row, label in zip(table.inputs.tolist(), table.labels, strict=True)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["label,a,b,c,d", *rows]))
    train(program, "RUN", "--data", "table.csv", "--steps", "3")
    done = program("plot", "RUN", "--format", "svg")
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "RUN" / "plots") == {f"{name}.svg" for name in CURVES | {"weights"}}
    assert "skipped  confusion, mistakes and calibration of RUN: " in done.stdout
    assert "has no test split; it has train" in done.stdout
    done = program("plot", "RUN", "--format", "svg", "--split", "train", "--out", "there")
    assert written(tmp_path / "there") == {f"{name}.svg" for name in CURVES | OTHERS - {"mistakes"}}
    assert "skipped  there/mistakes: " in done.stdout


def test_colours_and_a_convolution(program: Cli, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (60, 3, 8, 8), dtype=np.uint8)
    labels = rng.integers(0, 2, 60)
    np.savez(tmp_path / "c.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    (tmp_path / "small.toml").write_text(
        """
name = "small"
[network]
input = "image"
layers = [
  { type = "Conv2D", filters = 4, kernel_size = 5 },
  { type = "Maxout" },
  { type = "Flatten" },
  { type = "Dense", units = "classes" },
]
[training]
epochs = 1
batch_size = 20
"""
    )
    train(program, "RUN", "small.toml", "--data", "c.npz")
    done = program("plot", "RUN", "--format", "png")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(tmp_path / "RUN" / "plots") == {f"{name}.png" for name in CURVES | OTHERS}


@pytest.mark.slow
def test_what_has_no_records_is_drawn_without_curves(program: Cli, run: Path) -> None:
    (run / "log.jsonl").unlink()
    for model, name in (("RUN", "RUN"), ("RUN/model.safetensors", "model.safetensors")):
        done = program("plot", model, "--format", "svg", "--out", "there")
        assert done.returncode == 0, done.stderr
        assert f"skipped  learning curves of {name}: it has no records" in done.stdout
        assert written(run.parent / "there") == {f"{other}.svg" for other in OTHERS}


@pytest.mark.slow
def test_an_interrupted_run_is_drawn_as_far_as_it_went(program: Cli, run: Path) -> None:
    (run / "model.safetensors").unlink()
    log = (run / "log.jsonl").read_text().splitlines()
    (run / "log.jsonl").write_text(log[0] + "\n" + log[1][:40])
    assert program("plot", "RUN").returncode == 0
    assert "loss.svg" in written(run / "plots")


def test_what_was_asked_for_and_cannot_be_done_fails(program: Cli, run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for arguments, told in (
        (["nowhere"], "nowhere does not exist"),
        (["RUN", "nowhere"], "nowhere does not exist"),
        (["RUN", "--format", "gif"], "--format takes svg, png"),
        (["RUN", "--against", "years"], "--against takes epochs, steps, seconds"),
        (["RUN", "--split", "tset"], "choose from train, validation, test"),
        (["RUN", "--data", "mnits"], "did you mean 'mnist'"),
        (["RUN", "--out", "file"], "cannot write"),
    ):
        done = program("plot", *arguments)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert told in line
        assert not (tmp_path / "plots").exists()
        assert not (run / "plots").exists()
    assert program("plot").returncode == 2
