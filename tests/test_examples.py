"""Every example runs, and does what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CLOSED
from handgrad.data.dataset import Splits

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(example: str, *arguments: str | Path, folder: Path, **environment: str) -> str:
    command = [sys.executable, EXAMPLES / example, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment or None, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    tested = set(re.findall(r'run\("(\w+\.py)"', Path(__file__).read_text("utf-8")))
    assert tested == {path.name for path in EXAMPLES.glob("*.py")}


def test_a_layer_a_loss_and_an_optimizer_of_ones_own_learn(tmp_path: Path) -> None:
    *records, accuracy = run("own.py", folder=tmp_path).splitlines()
    assert len(records) == 5
    assert float(accuracy.rstrip("%")) > 50


def test_the_sheet_of_augmentations_is_drawn(tmp_path: Path) -> None:
    run("augmentation.py", "strokes:60", tmp_path / "sheet.png", folder=tmp_path)
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_one_page_is_one_page() -> None:
    assert len((EXAMPLES / "one_page.py").read_text("utf-8").splitlines()) <= 45


@pytest.mark.slow
def test_one_page_leads_to_98_percent(mnist: Splits, tmp_path: Path) -> None:
    assert float(run("one_page.py", folder=tmp_path).rstrip("%\n")) >= 98


@pytest.mark.slow
def test_one_page_does_without_mnist(tmp_path: Path) -> None:
    closed = {"HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path)}
    notice, accuracy = run("one_page.py", folder=tmp_path, **closed).splitlines()
    assert notice.endswith("digits that handgrad writes itself are taken instead")
    assert float(accuracy.rstrip("%")) > 90
