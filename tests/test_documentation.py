"""The README, links, and guides that are compared with an example or a table; see also test_documents.py."""

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

import handgrad as hg
from documents import ROOT, blocks, output
from fixture_types import Cli

LINK = re.compile(r"\]\(([^)]+)\)")
SITE = "https://handgrad.github.io/handgrad/"
IN_REPOSITORY = re.compile(
    r"https://(?:raw\.githubusercontent|github)\.com/handgrad/handgrad/(?:(?:blob|tree)/)?main/"
)


def run(code: str, folder: Path) -> str:
    return output(sys.executable, "-W", "error", "-c", code, folder=folder)


def test_the_readme_is_short_and_its_links_are_absolute_and_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.split()) <= 700
    assert blocks("README.md", "sh")[:2] == [
        "pip install uv && uv run handgrad train\n",
        "pip install uv && uv run --group dev pytest\n",
    ]
    for target in LINK.findall(text):
        assert target.startswith("https://")
        address, _, anchor = target.partition("#")
        if address.startswith(SITE) and address != SITE:
            page = ROOT / "docs" / address.removeprefix(SITE).replace(".html", ".md")
            assert page.exists(), target
            assert not anchor or anchor in anchors(page), target
        elif IN_REPOSITORY.match(address):
            assert (ROOT / IN_REPOSITORY.sub("", address)).exists(), target


def test_readme_and_pages_that_show_the_same_agree() -> None:
    assert blocks("docs/index.md", "python") == blocks("README.md", "python")
    assert blocks("docs/index.md", "text") == blocks("README.md", "text")
    accuracies = [
        dict(re.findall(r"^\| `(\w+)` \|.*?\| ([\d.]+ ± [\d.]+ %) \|", text, re.MULTILINE))
        for text in ((ROOT / path).read_text("utf-8") for path in ("README.md", "docs/learn/ladder.md"))
    ]
    assert len(accuracies[0]) == 7
    assert accuracies[0] == accuracies[1]


def test_the_blocks_of_python_in_the_guide_work_and_are_the_example(cli: Cli, tmp_path: Path) -> None:
    found, example = blocks("docs/guide/extending.md", "python"), ROOT / "examples" / "custom.py"
    for block in found[:4]:
        assert block[block.index("@dataclass") :].strip() in example.read_text("utf-8")
    assert re.search(r"^[5-9]\d\.\d%$", run("\n".join(found), tmp_path), re.MULTILINE)
    done = cli("check", example)
    assert done.returncode == 0, done.stdout
    for name in ("1 Gain", "2 Softplus", "loss Squares"):
        assert name in done.stdout


@pytest.mark.slow
def test_the_blocks_of_python_about_the_estimators_work(tmp_path: Path) -> None:
    printed = run("\n".join(blocks("docs/guide/estimator.md", "python")), tmp_path)
    assert len(re.findall(r"^[89]\d\.\d%$", printed, re.MULTILINE)) == 2
    assert re.search(r"^R² 0\.[4-7]\d, held out 0\.\d\d$", printed, re.MULTILINE)
    assert (tmp_path / "model.safetensors").exists()


def test_the_table_shows_every_parameter_of_the_estimators_with_its_default() -> None:
    text = (ROOT / "docs" / "guide" / "estimator.md").read_text("utf-8")
    rows = [row.split("|")[1:3] for row in text.splitlines() if row.startswith("|")]
    for column, kinds in enumerate(
        ((MLPClassifier, MLPRegressor), (hg.HandgradClassifier, hg.HandgradRegressor))
    ):
        shown = re.findall(r"`(\w+)=([^`]+)`", "\n".join(row[column] for row in rows))
        parameters = [p for kind in kinds for p in inspect.signature(kind).parameters.values()]
        assert {p.name: p.default for p in parameters} == {
            name: ast.literal_eval(default) for name, default in shown if not default.startswith("hg.")
        }


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")]:
        for link in LINK.findall(document.read_text("utf-8")):
            if link.startswith("http"):
                continue
            target, _, anchor = link.partition("#")
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name} links to {target}"
            if anchor and file.suffix == ".md":
                assert anchor in anchors(file), f"{document.name} links to {link}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8").lower(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}
