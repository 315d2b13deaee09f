"""docs/large-data.md, from files to an exported model: its commands and its program are run, on small data."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from conftest import Cli
from handgrad.data.sources import load
from handgrad.data.streams.cache import BLOCK_BYTES
from handgrad.data.streams.conversion import SAVED_EVERY
from handgrad.data.streams.memory import COPIES, LEAST, PROGRAM

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "large-data.md").read_text("utf-8")


@pytest.mark.slow
def test_every_command_of_the_guide_works(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    splits = load("strokes:6000")
    for split in ("train", "test"):
        held = splits.split(split)
        columns = {f"pixel{pixel}": held.inputs[:, pixel] for pixel in range(784)}
        pl.DataFrame({"label": held.labels, **columns}).write_csv(tmp_path / "digits" / f"{split}.csv")
    (block,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        command = shlex.split(line, comments=True)
        assert command[:3] == ["uv", "run", "handgrad"]
        done = cli(*command[3:])
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if command[3] == "train":
            assert re.search(r"^stream   in one window, within memory of 1 GB; ", done.stdout, re.MULTILINE)
            assert re.search(r"^memory   \d{3} MB at the most, of 1GB$", done.stdout, re.MULTILINE)
        if command[3] == "evaluate":
            assert re.match(r"\S+, test: 9\d\.\d\d% of 1,000 right", done.stdout)
    assert (tmp_path / "digits.onnx").exists()
    assert not list((tmp_path / "cache").rglob("*.bin"))


def test_the_program_of_the_guide_works(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^8[1-4]\.\d%$", done.stdout, re.MULTILINE)


def test_the_numbers_of_the_guide_are_those_of_the_code() -> None:
    assert f"| {PROGRAM // 10**6} MB | Python, libraries" in GUIDE
    assert f"Less than {LEAST // 10**6} MB is refused" in GUIDE
    assert COPIES == 8
    assert "parameters, eight times," in GUIDE
    assert (BLOCK_BYTES, SAVED_EVERY) == (2**18, 2**28)
