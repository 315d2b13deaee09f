"""docs/large-data.md, from files to an exported model: its commands and its program are run, on small data."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from fixture_types import Cli
from handgrad.data.load import load_data
from handgrad.data.streams.cache import BLOCK_BYTES
from handgrad.data.streams.conversion import SAVED_EVERY
from handgrad.data.streams.memory import COPIES, LEAST, MARGIN, PROGRAM
from handgrad.training.rehearsal import CALIBRATION
from rank_fixtures import Mpi

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "large-data.md").read_text("utf-8")


ALONE, RANKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def big(tmp_path: Path) -> None:
    """Small files under the names of the guide."""
    splits = load_data("strokes:20000")
    for split, name in (("train", "big.csv"), ("test", "held-out.csv")):
        held = splits.split(split)
        columns = {f"pixel{pixel}": held.inputs[:, pixel] for pixel in range(784)}
        pl.DataFrame({"label": held.labels, **columns}).write_csv(tmp_path / name)


@pytest.mark.slow
@pytest.mark.usefixtures("big")
def test_every_command_of_the_guide_works(cli: Cli, tmp_path: Path) -> None:
    for line in ALONE.splitlines():
        command = shlex.split(line, comments=True)
        assert command[:3] == ["uv", "run", "handgrad"]
        done = cli(*command[3:])
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if command[3] == "train":
            assert re.search(r"^stream   in one window, within memory of 4 GB; ", done.stdout, re.MULTILINE)
            assert re.search(r"^memory   \d{3} MB at the most, of 4GB$", done.stdout, re.MULTILINE)
        if command[3] == "evaluate":
            assert re.search(r", train: 8\d\.\d\d% of 3,333 right", done.stdout)
    assert (tmp_path / "large.onnx").exists()
    assert len(list((tmp_path / "cache").rglob("inputs.bin"))) == 1, "of what was measured with"


@pytest.mark.slow
@pytest.mark.usefixtures("big")
def test_every_command_for_ranks_works(mpi: Mpi) -> None:
    for line in RANKS.splitlines():
        command = shlex.split(line, comments=True)
        assert command[:6] == ["uv", "run", "mpiexec", "-n", "2", "handgrad"]
        done = mpi(2, *command[6:])
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert "2 ranks of" in done.stdout


@pytest.mark.slow
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
    assert f"parameters eight times and {MARGIN // 10**6} MB to write them" in GUIDE
    assert CALIBRATION == 2_000
    assert (BLOCK_BYTES, SAVED_EVERY) == (2**18, 2**28)
