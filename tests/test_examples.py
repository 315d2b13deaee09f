"""Every example runs, those of the gallery in this process."""

import re
import runpy
import sys
from pathlib import Path

import polars as pl
import pytest
from matplotlib import pyplot as plt

from documents import ROOT, output
from fixture_types import CLOSED

EXAMPLES = ROOT / "examples"
GALLERY = sorted(EXAMPLES.glob("gallery/*/*.py"))


def run(example: str, *arguments: str | Path, folder: Path, **environment: str) -> str:
    return output(sys.executable, EXAMPLES / example, *arguments, folder=folder, **environment)


def test_every_example_is_run_here() -> None:
    tested = set(re.findall(r'run\("(\w+\.py)"', Path(__file__).read_text("utf-8")))
    assert tested == {path.name for path in EXAMPLES.glob("*.py")}
    assert {path for path in EXAMPLES.rglob("*.py") if path.parent != EXAMPLES} == {*GALLERY}
    assert len((EXAMPLES / "one_page.py").read_text("utf-8").splitlines()) <= 45


def test_quick_examples(tmp_path: Path) -> None:
    *records, accuracy = run("custom.py", folder=tmp_path).splitlines()
    assert len(records) == 5
    assert float(accuracy.rstrip("%")) > 50
    run("sample_files.py", folder=tmp_path)
    columns = ["height", "flowers", "soil", "leaf", "label"]
    assert pl.read_csv(tmp_path / "plants" / "train.csv").columns == columns
    assert pl.read_csv(tmp_path / "plants" / "new.csv").shape == (3, 4)
    assert len(list(tmp_path.glob("shapes/*/*/*.png"))) == 3 * (150 + 50)


@pytest.mark.slow
def test_one_page(mnist_place: dict[str, str], tmp_path: Path) -> None:
    one = {"OPENBLAS_NUM_THREADS": "1"}  # the products are small: a second thread mostly waits
    assert float(run("one_page.py", folder=tmp_path, **mnist_place, **one).rstrip("%\n")) >= 98
    closed = one | {"HANDGRAD_DATA": "none", "HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path)}
    notice, accuracy = run("one_page.py", folder=tmp_path, **closed).splitlines()
    assert "digits" in notice
    assert float(accuracy.rstrip("%")) > 85


def test_examples_of_the_gallery_are_short_and_in_blocks() -> None:
    names = {path.stem for path in GALLERY}
    assert len(names) == len(GALLERY)
    assert names.isdisjoint(sys.stdlib_module_names)
    for path in GALLERY:
        lines = path.read_text("utf-8").splitlines()
        title, line, _, question = lines[1:5]
        assert set(line) == {"="}, path
        assert len(line) == len(title), path
        assert "?" in question, path
        assert len(lines) < 60, path
        assert "# %%" in lines, path
        assert "plt.show()" in lines, path


@pytest.mark.slow
@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_an_example_of_the_gallery_draws(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plt, "show", lambda: None)
    try:
        runpy.run_path(str(path), run_name="__main__")
        assert plt.get_fignums()
    finally:
        plt.close("all")
