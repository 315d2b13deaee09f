"""The exercises as notebooks."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from handgrad.learn.catalog import exercises
from handgrad.learn.folder import LearnerFolder
from handgrad.learn.notebooks import notebook, write_notebooks


def test_notebooks_are_valid_and_have_every_exercise(tmp_path: Path) -> None:
    written = write_notebooks(tmp_path, exercises())
    assert write_notebooks(tmp_path, exercises()) == []
    cells = []
    for name in written:
        book: Any = nbformat.reads((tmp_path / name).read_text("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(book)
        cells += [cell.source for cell in book.cells]
    for name in exercises():
        assert sum(cell.startswith(f"%%writefile {name}.py") for cell in cells) == 1


def test_cells_have_the_code_that_exists(tmp_path: Path) -> None:
    (tmp_path / "ex03_dense.py").write_text("x = 1\n")
    book = notebook("A test", [exercises()["ex03_dense"]], tmp_path)
    assert "".join(book["cells"][3]["source"]) == "%%writefile ex03_dense.py\nx = 1"


@pytest.mark.slow
def test_cells_write_and_check_the_files(tmp_path: Path) -> None:
    folder, _ = LearnerFolder.create(tmp_path)
    exercise = exercises()["ex03_dense"]
    book = notebook("A test", [exercise], tmp_path)
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"])
    book["cells"][3]["source"] = f"%%writefile ex03_dense.py\n{exercise.source}"
    cells: Any = nbformat.from_dict(book)  # type: ignore[no-untyped-call]
    done = NotebookClient(cells, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "passed" in done.cells[4].outputs[0].text
    assert LearnerFolder.open(tmp_path).status("ex03_dense") == "passed"
    assert folder.path == tmp_path
