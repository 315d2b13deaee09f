"""The notebooks are complete, and print what is stored in them."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from documents import ROOT
from outputs import difference

NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
COLAB = "https://colab.research.google.com/github/handgrad/handgrad/blob/main/notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TOLERANCE = 0.1
"""Of numbers: the number of threads and the instruction set change the last bits, which training amplifies."""


def read(notebook: Path) -> Any:
    return nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]


def printed(cell: Any) -> str:
    """Return the text that a cell prints, and that of its result."""
    return "".join(output.get("text") or output.data["text/plain"] + "\n" for output in cell.outputs)


def kinds(cell: Any) -> set[str]:
    return {output.get("name", output.output_type) for output in cell.outputs}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_complete(notebook: Path) -> None:
    content = read(notebook)
    nbformat.validate(content)
    assert content.metadata == METADATA
    assert 10 <= len(content.cells) <= 24
    title, install, *_ = content.cells
    assert f"]({COLAB}/{notebook.name})" in title.source
    assert (
        '%pip install -q "handgrad[plot,sklearn] @ git+https://github.com/handgrad/handgrad"'
        in install.source
    )
    numbered = [cell for cell in content.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in numbered] == list(range(1, len(numbered) + 1))
    assert set().union(*map(kinds, numbered)) <= {"stdout", "execute_result", "display_data"}
    assert not any(cell.metadata for cell in content.cells)
    assert any("image/png" in output.get("data", {}) for cell in numbered for output in cell.outputs)
    text = "".join(map(printed, numbered)) + "".join(cell.source for cell in content.cells)
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)
    assert notebook.stat().st_size < 500_000


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_what_is_stored(notebook: Path, tmp_path: Path) -> None:
    stored, content = read(notebook), read(notebook)
    NotebookClient(content, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for before, after in zip(stored.cells, content.cells, strict=True):
        if before.cell_type == "code":
            assert kinds(after) == kinds(before), after.source
            assert difference(printed(before), printed(after), TOLERANCE) == ""


@pytest.mark.slow
def test_training_in_a_notebook_without_ipywidgets_prints_nothing() -> None:
    lines = [
        "import sys; sys.modules['ipywidgets'] = None",
        "import handgrad as hg",
        "network = hg.Network([hg.Dense(10)], 784)",
        "records = hg.fit(network, hg.load_data('strokes:200'), epochs=2)",
    ]
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])  # type: ignore[no-untyped-call]
    NotebookClient(content, timeout=60).execute()
    assert content.cells[0].outputs == []
