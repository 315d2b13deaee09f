"""The examples that train run, as their first lines say."""

import re
import subprocess
import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parent.parent


def run(folder: Path, name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_table(tmp_path: Path) -> None:
    printed = run(tmp_path, "table.py")
    assert re.search(r"^cross-validation: [89]\d\.\d%", printed)
    table = pl.read_csv(tmp_path / "runs" / "plants.csv")
    assert table["soil"].null_count() > 0
    assert table["height"].null_count() > 0
    table.rename({"soil": "ground"}).tail(300).write_csv(tmp_path / "own.csv")
    assert "peony" in run(tmp_path, "table.py", "own.csv")


def test_a_grid_search(tmp_path: Path) -> None:
    *rows, last = run(tmp_path, "grid_search.py").splitlines()
    accuracies = [float(row.partition("%")[0]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert len(rows) == 12
    assert re.search(r"9\d\.\d%$", last)
