"""The README, links, and guides that are compared with an example or a table; see also test_documents.py."""

import ast
import inspect
import re
from pathlib import Path

from sklearn.neural_network import MLPClassifier, MLPRegressor

import handgrad as hg
from documents import ROOT, blocks, documents

LINK = re.compile(r"\]\(([^)]+)\)")
SITE = "https://handgrad.github.io/handgrad/"
IN_REPOSITORY = re.compile(
    r"https://(?:raw\.githubusercontent|github)\.com/handgrad/handgrad/(?:(?:blob|tree)/)?main/"
)


def test_the_readme_is_short_and_its_links_are_absolute_and_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.split()) <= 700
    assert blocks("README.md", "sh")[:3] == [
        "git clone https://github.com/handgrad/handgrad && cd handgrad\n",
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
    row = r"^\| `(\w+)` \|.*?\| ([\d.]+ ± [\d.]+ %) \| [\d–]+ \| ([\w. ]+) \|"
    ladder, readme = (
        re.findall(row, (ROOT / path).read_text("utf-8"), re.MULTILINE)
        for path in ("docs/learn/ladder.md", "README.md")
    )
    assert len(readme) == 7
    assert readme == ladder


def test_the_classes_of_the_guide_are_those_of_the_example() -> None:
    example = (ROOT / "examples" / "custom.py").read_text("utf-8")
    for block in blocks("docs/guide/extending.md", "python")[:4]:
        assert block[block.index("@dataclass") :].strip() in example


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
    for document in [*ROOT.glob("*.md"), *(ROOT / name for name in documents())]:
        text = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in LINK.findall(text):
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
