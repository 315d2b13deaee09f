"""Every example runs."""

import re
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest

import handgrad as hg
from documents import ROOT, output
from fixture_types import CLOSED

EXAMPLES = ROOT / "examples"


def run(example: str, *arguments: str | Path, folder: Path, **environment: str) -> str:
    return output(sys.executable, EXAMPLES / example, *arguments, folder=folder, **environment)


def test_every_example_is_run_here() -> None:
    tested = set(re.findall(r'run\("(\w+\.py)"', Path(__file__).read_text("utf-8")))
    assert tested == {path.name for path in EXAMPLES.glob("*.py")}
    assert len((EXAMPLES / "one_page.py").read_text("utf-8").splitlines()) <= 45


def test_quick_examples(tmp_path: Path) -> None:
    *records, accuracy = run("custom.py", folder=tmp_path).splitlines()
    assert len(records) == 5
    assert float(accuracy.rstrip("%")) > 50
    run("augmentation.py", "strokes:60", tmp_path / "sheet.png", folder=tmp_path)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    run("sample_files.py", folder=tmp_path)
    columns = ["height", "flowers", "soil", "leaf", "label"]
    assert pl.read_csv(tmp_path / "plants" / "train.csv").columns == columns
    assert pl.read_csv(tmp_path / "plants" / "new.csv").shape == (3, 4)
    assert len(list(tmp_path.glob("shapes/*/*/*.png"))) == 3 * (150 + 50)


@pytest.mark.slow
def test_a_table(tmp_path: Path) -> None:
    printed = run("table.py", folder=tmp_path)
    assert re.search(r"^cross-validation: [89]\d\.\d%", printed)
    table = pl.read_csv(tmp_path / "runs" / "plants.csv")
    assert table["soil"].null_count() > 0
    assert table["height"].null_count() > 0
    features = hg.load_model(tmp_path / "runs" / "plants.safetensors").features
    assert {"height", "height=", "soil=", "soil=clay"} < {*features}
    assert "PLANTS_INPUT_HEIGHT_MISSING," in (tmp_path / "runs" / "plants.h").read_text("utf-8")
    table.rename({"soil": "ground"}).tail(300).write_csv(tmp_path / "own.csv")
    assert "peony" in run("table.py", "own.csv", folder=tmp_path)


@pytest.mark.slow
def test_a_grid_search(tmp_path: Path) -> None:
    *rows, last = run("grid_search.py", folder=tmp_path).splitlines()
    accuracies = [float(row.partition("%")[0]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert len(rows) == 12
    assert re.search(r"9\d\.\d%$", last)


@pytest.mark.slow
def test_your_own_images(tmp_path: Path) -> None:
    for folder in ((), ("own",)):
        printed = run("images.py", *folder, folder=tmp_path)
        assert re.search(r"^epoch 12: ([6-9]\d|100)\.\d% ", printed, re.MULTILINE)
        assert "predicted as '0'" in printed
        assert (tmp_path / "runs" / "mistakes.png").stat().st_size > 1000
        for name in "08":  # now with two classes, in a folder that is given
            shutil.copytree(tmp_path / "runs/images" / name, tmp_path / "own" / name, dirs_exist_ok=True)


@pytest.mark.slow
def test_one_page(mnist_place: dict[str, str], tmp_path: Path) -> None:
    assert float(run("one_page.py", folder=tmp_path, **mnist_place).rstrip("%\n")) >= 98
    closed = {"HANDGRAD_DATA": "none", "HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path)}
    notice, accuracy = run("one_page.py", folder=tmp_path, **closed).splitlines()
    assert "digits" in notice
    assert float(accuracy.rstrip("%")) > 90
