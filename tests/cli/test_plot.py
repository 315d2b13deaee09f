"""``handgrad plot``: the figures that it draws and skips."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from failing import fails
from fixture_types import Cli
from handgrad.data.dataset import Dataset

CURVES = {"loss", "error"}
OTHERS = {"weights", "confusion", "mistakes", "calibration"}


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def train(cli: Cli, name: str, *arguments: str | Path) -> None:
    done = cli("train", *arguments, "--out", name, "--quiet", "--no-test")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> Path:
    train(cli, "RUN", "mlp", "--data", "strokes:300", "--epochs", "2")
    return tmp_path / "RUN"


def test_a_run_becomes_six_figures(cli: Cli, run: Path) -> None:
    done = cli("plot", "RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(run / "plots") == {f"{name}.{kind}" for name in CURVES | OTHERS for kind in ("svg", "png")}
    measured, *saved = done.stdout.splitlines()
    accuracy = json.loads(cli("evaluate", "RUN", "--json").stdout)["accuracy"]
    assert measured == f"measured RUN on strokes:300, test: accuracy {accuracy:.2%} of 50"
    assert {line.split()[1] for line in saved} >= {f"RUN/plots/{name}.svg" for name in CURVES}
    for path in (run / "plots").glob("*.png"):
        with Image.open(path) as image:
            assert min(image.size) > 100
    before = {path: path.read_bytes() for path in (run / "plots").iterdir()}
    assert cli("plot", "RUN").returncode == 0
    assert {path: path.read_bytes() for path in before} == before


def test_several_runs_share_their_curves(cli: Cli, run: Path, tmp_path: Path) -> None:
    train(cli, "more/RUN", "--data", "strokes:300", "--steps", "3")
    options = "--format png --against seconds --split train"
    done = cli("plot", "RUN", "more/RUN", "RUN", *options.split())
    assert done.returncode == 0, done.stderr
    expected = {f"{run}/{name}.png" for run in ("RUN", "more/RUN") for name in OTHERS}
    assert written(tmp_path / "plots") == expected | {f"{name}.png" for name in CURVES}


def test_a_table_has_no_mistakes_to_look_at(cli: Cli, table: Dataset, tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", x=table.inputs, y=table.labels)
    train(cli, "RUN", "--data", "table.npz", "--steps", "3")
    done = cli("plot", "RUN", "--format", "svg", "--out", "there")  # train is the only split there is
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "there") == {f"{name}.svg" for name in CURVES | OTHERS - {"mistakes"}}
    assert "skipped  there/mistakes: " in done.stdout


def test_colours_and_a_convolution(cli: Cli, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (60, 3, 12, 12), dtype=np.uint8), rng.integers(0, 2, 60)
    np.savez(tmp_path / "c.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    train(cli, "RUN", "convnet", "--data", "c.npz", "--epochs", "1")
    done = cli("plot", "RUN", "--format", "png")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(tmp_path / "RUN" / "plots") == {f"{name}.png" for name in CURVES | OTHERS}


def test_models_without_records_are_drawn_without_curves(cli: Cli, run: Path) -> None:
    (run / "log.jsonl").unlink()
    for model, name in (("RUN", "RUN"), ("RUN/model.safetensors", "model.safetensors")):
        done = cli("plot", model, "--format", "svg", "--out", "there")
        assert done.returncode == 0, done.stderr
        assert f"skipped  learning curves of {name}: it has no records" in done.stdout
        assert written(run.parent / "there") == {f"{other}.svg" for other in OTHERS}


def test_an_interrupted_run_is_drawn_up_to_its_checkpoint(cli: Cli, run: Path) -> None:
    (run / "model.safetensors").unlink()
    log = (run / "log.jsonl").read_text().splitlines()
    (run / "log.jsonl").write_text(log[0] + "\n" + log[1][:40])
    assert cli("plot", "RUN").returncode == 0
    assert "loss.svg" in written(run / "plots")


def test_what_was_asked_for_and_cannot_be_done_fails(cli: Cli, run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for arguments, reason in (
        (["nowhere"], "nowhere does not exist"),
        (["RUN", "nowhere"], "nowhere does not exist"),
        (["RUN", "--data", "mnits"], "did you mean 'mnist'"),
        (["RUN", "--out", "file"], "cannot write"),
    ):
        fails(cli, reason, "plot", *arguments, printed=True)
        assert not (tmp_path / "plots").exists()
        assert not (run / "plots").exists()
