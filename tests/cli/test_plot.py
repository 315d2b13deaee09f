"""``handgrad plot``: the figures that it draws and skips."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from failing import fails, prints
from fixture_types import Cli
from handgrad.data.dataset import Dataset

CURVES = {"loss", "error"}
OTHERS = {"weights", "confusion", "mistakes", "calibration"}


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> Path:
    prints(cli, "train mlp --data strokes:300 --hidden 8 --epochs 2 --out RUN")
    return tmp_path / "RUN"


def test_a_run_becomes_six_figures(cli: Cli, run: Path) -> None:
    printed = prints(cli, "plot RUN")
    assert written(run / "plots") == {f"{name}.{kind}" for name in CURVES | OTHERS for kind in ("svg", "png")}
    accuracy = json.loads(cli("evaluate", "RUN", "--json").stdout)["accuracy"]
    assert f"measured RUN on strokes:300, test: accuracy {accuracy:.2%} of 50, " in printed
    assert all(f"saved    RUN/plots/{name}.svg and .png\n" in printed for name in CURVES | OTHERS)
    before = {path: path.read_bytes() for path in (run / "plots").iterdir()}
    prints(cli, "plot RUN --format svg")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_several_runs_share_their_curves(cli: Cli, run: Path, tmp_path: Path) -> None:
    prints(cli, "train --data strokes:300 --steps 3 --out more/SECOND")
    prints(cli, "plot RUN more/SECOND --format svg --against seconds --split train")
    expected = {f"{run}/{name}.svg" for run in ("RUN", "more/SECOND") for name in OTHERS}
    assert written(tmp_path / "plots") == expected | {f"{name}.svg" for name in CURVES}


def test_what_cannot_be_drawn_is_skipped(cli: Cli, table: Dataset, tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", x=table.inputs, y=table.labels)
    prints(cli, "train --data table.npz --steps 3 --out RUN --no-test")
    for model in ("RUN/model.safetensors", "RUN/final_config --data table.npz"):
        printed = prints(cli, f"plot {model} --format svg --out there")
        assert re.search(r"skipped  curves of .*no records\nsaved", printed)
        assert "skipped  there/mistakes: " in printed
        assert written(tmp_path / "there") == {f"{name}.svg" for name in OTHERS - {"mistakes"}}


def test_a_run_without_data_has_curves_and_weights(cli: Cli, run: Path, table: Dataset) -> None:
    np.savez(run.parent / "table.npz", x=table.inputs, y=table.labels)
    prints(cli, "train mlp --data table.npz --epochs 1 --validation 0.5 --out x/RUN --no-test")
    assert "table.npz, validation: " in prints(cli, "plot x/RUN --format svg --out there")
    (run.parent / "table.npz").unlink()
    printed = prints(cli, "plot x/RUN RUN RUN/../RUN --format svg")
    assert "skipped  figures of predictions of x/RUN: " in printed
    expected = {f"RUN/{name}.svg" for name in OTHERS} | {f"{name}.svg" for name in CURVES}
    assert written(run.parent / "plots") == expected | {"x/RUN/weights.svg"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("RUN nowhere", "nowhere does not exist"),
        ("RUN --data mnits", "did you mean 'mnist'"),
        ("RUN --out file", "cannot write"),
    ],
)
def test_what_cannot_be_drawn_fails(cli: Cli, run: Path, arguments: str, reason: str) -> None:
    (run.parent / "file").write_text("mine")
    fails(cli, reason, "plot", *arguments.split(), printed=True)
