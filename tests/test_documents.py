"""Every block of the README and of the documentation is run, and what it prints is what the document shows.

`helpers/walk.py` describes how blocks are run, and `helpers/outputs.py` how outputs are compared.
"""

import json
import re
from pathlib import Path

import pytest

from documents import ROOT, all_blocks, documents
from fixture_types import CLOSED
from outputs import difference
from walk import Walk

OUTPUTS = {"text", "json", "toml"}
ELSEWHERE = {  # documents that another test follows, with the reason
    "docs/guide/cluster.md": ("cli/test_cluster_guide.py", "needs mpiexec, and stands for several machines"),
    "docs/guide/exports.md": ("exports/test_guide.py", "its program in C reads damaged images, too"),
    "docs/guide/large-data.md": ("data/test_outofcore.py", "needs a control group and large files"),
    "docs/guide/serving.md": ("server/test_documented.py", "needs a running server"),
    "docs/learn/backpropagation.md": ("test_backpropagation.py", "is quick, and compared exactly"),
}
PAGES = [document for document in documents() if all_blocks(document)]


@pytest.mark.slow
@pytest.mark.parametrize("document", [page for page in PAGES if page not in ELSEWHERE])
def test_blocks_run_and_print_what_is_shown(
    document: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    variables = {
        "HANDGRAD_DATA": "none",
        "HANDGRAD_MIRROR": CLOSED,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    if any("mnist" in block.text for block in all_blocks(document)):
        variables |= request.getfixturevalue("mnist_place")
    differences = Walk(document, tmp_path, **variables).differences
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("document", PAGES)
def test_every_block_is_run_or_compared(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    fences = re.findall(r"^\s*(?:```|~~~).*$", text, re.MULTILINE)
    directives = len(re.findall(r"^```\{", text, re.MULTILINE))
    assert len(fences) == 2 * (len(all_blocks(document)) + directives), "a fence is indented or not closed"
    if document in ELSEWHERE:
        test = ROOT / "tests" / ELSEWHERE[document][0]
        assert Path(document).name in test.read_text("utf-8")
        return
    before = ""
    for block in all_blocks(document):
        kind = "file" if block.file else block.language
        where = f"{document}:{block.line}"
        assert kind in {"file", "sh", "python", *OUTPUTS}, f"{where}: {kind} is neither run nor compared"
        if kind in OUTPUTS:
            assert before in ("sh", "python"), f"{where}: shows the output of nothing"
        before = kind


def test_excluded_documents_exist() -> None:
    assert ELSEWHERE.keys() <= set(PAGES)


def test_text_of_notebooks_has_no_code_that_is_not_run() -> None:
    for notebook in ROOT.glob("notebooks/*.ipynb"):
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
            assert cell["cell_type"] == "code" or "```" not in "".join(cell["source"]), notebook.name


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("loss 1.00", "loss   1.04\n\n"),
        ("error 0.02", "error 0.03"),  # one unit of the last decimal
        ("1,000 bytes, 2 threads, 3.1 s", "9 bytes, 16 threads, 200 s"),
        ("50  0.5  4,000,000  0.7 s", "50  0.5  9  12.0 s"),
        ("a\n…\nc 3", "a\nb\nc 2\nc 3"),
        ("a\n…", "a"),
        ("[0.5 1.5 …]", "[0.5 1.5 9.5]"),
        ("[ 0.5 1.5 ]", "[0.5 1.51]"),
        ("kernels: …, float64", "kernels: v4, float64"),
        ("…/data: loss 0.5", "/home/7/data: loss 0.51"),
    ],
)
def test_outputs_that_are_alike(shown: str, printed: str) -> None:
    assert difference(shown, printed, 0.05) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("loss 1.00", "loss 1.06"),
        ("error 0.02", "error 0.04"),
        ("class 7", "class 6"),
        ("501 steps", "401 steps"),
        ("50  0.5  4,000,000  0.7 s", "50  0.7  9  12.0 s"),
        ("a\n…\nc 3", "a\nb\nc 2"),
        ("a", "a\nb"),
        ("a", ""),
        ("[0.5 1.5 …]", "[0.5 2.5 9.5]"),
        ("…/data: loss 0.50", "/home/data: loss 0.60"),
    ],
)
def test_outputs_that_differ(shown: str, printed: str) -> None:
    assert difference(shown, printed, 0.05)
