"""What the documents show, works: every command and every block of Python in the README is run."""

import ast
import inspect
import re
import shlex
import sys
from pathlib import Path

import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

import handgrad as hg
from documents import ROOT, blocks, output
from fixture_types import Cli

COMMANDS = [line for block in blocks("README.md", "sh") for line in block.splitlines()]
PROGRAM = [line.removeprefix("pip install uv && ") for line in COMMANDS if "handgrad" in line]


def run(code: str, folder: Path) -> str:
    return output(sys.executable, "-W", "error", "-c", code, folder=folder)


def test_the_two_commands_come_first_and_every_command_of_the_program_is_shown(cli: Cli) -> None:
    assert COMMANDS[:2] == [
        "pip install uv && uv run handgrad train",
        "pip install uv && uv run --group dev pytest",
    ]
    shown = {shlex.split(command, comments=True)[3] for command in PROGRAM}
    offered = re.findall(r"^│ (\w+)  ", cli("--help").stdout.partition("Commands")[2], re.MULTILINE)
    assert shown == set(offered)


@pytest.mark.slow
def test_every_command_in_the_readme_works(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for command in PROGRAM:
        arguments = shlex.split(command, comments=True)
        assert arguments[:3] == ["uv", "run", "handgrad"]
        if arguments[3] == "serve":  # which does not end; tests/server/test_documented.py does that
            continue
        done = cli(*arguments[3:])
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout


@pytest.mark.parametrize("block", blocks("README.md", "python"))
def test_every_block_of_python_in_the_readme_works(tmp_path: Path, block: str) -> None:
    assert re.search(r"^[789]\d\.\d%$", run(block, tmp_path), re.MULTILINE)


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
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*/*.md")]:
        for target, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", document.read_text("utf-8")):
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name} links to {target}"
            if anchor and file.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8").lower(), re.MULTILINE)
                anchors = {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{document.name} links to {target}#{anchor}"
