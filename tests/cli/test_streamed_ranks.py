"""``mpiexec -n N handgrad train --memory``: converted once, trained on together, resumed on any number of ranks."""

import os
import re
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fixture_types import Cli
from rank_fixtures import RECIPE, Begin, Mpi, apart, files, losses, ranks_of, said
from shards import write_shards

pytestmark = pytest.mark.slow

TRAIN = ["train", "mlp", "--memory", "500MB", "--data", "shards", "--validation", "100", "--threads", "1"]
TRAIN += ["--batch-size", "60", "--seed", "3"]


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A folder of three shards to train with and one to test with: numbers, and a column of names."""
    rng = np.random.default_rng(2)
    labels = rng.integers(2, size=2000)
    inputs = rng.normal(size=(2000, 4)) + labels[:, None]
    soil = np.array(["clay", "sand", "loam"])[rng.integers(3, size=2000)]
    frame = pl.DataFrame({"label": labels, "soil": soil, **{f"x{k}": inputs[:, k] for k in range(4)}})
    ends = {"train-a": 700, "train-b": 1500, "train-c": 1800, "test": 2000}
    return write_shards(tmp_path / "shards", frame, ends)


def test_ranks_convert_once_and_go_on_on_any_number(mpi: Mpi, cli: Cli, shards: Path, tmp_path: Path) -> None:
    first = mpi(2, *TRAIN, "--epochs", "3", "--time-limit", "0.001s", "--out", "RUN")
    assert first.returncode == 0, first.stderr
    told = first.stderr.splitlines()
    assert told[0].startswith(f"converting {shards} for streaming, once, into")
    assert told[1:2] == ["converted  1,800 examples, 50.4 kB"]
    assert [line.split()[0] for line in told[2:]] == ["converting", "converted"], "the test split"
    second = mpi(4, "resume", "RUN", "--threads", "1")
    assert (second.returncode, second.stderr) == (0, "")
    assert "memory   " in second.stdout
    assert "at the most, of 500MB a rank, on the first" in second.stdout
    alone = cli(*TRAIN, "--epochs", "3", "--out", "ALONE")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert losses(tmp_path / "RUN")[-2:] == pytest.approx(losses(tmp_path / "ALONE")[-2:], rel=1e-4)


def test_what_one_rank_lacks_ends_all_in_one_line(mpi: Mpi, shards: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "shards").mkdir(parents=True)
    for path in shards.iterdir():
        (there / "shards" / path.name).write_bytes(path.read_bytes())
    assert (
        apart(mpi, [*TRAIN, "--epochs", "1", "--out", "RUN"], [*TRAIN, "--epochs", "1"], there).returncode
        == 0
    )
    (there / "shards" / "train-b.csv").unlink()
    done = apart(mpi, [*TRAIN, "--epochs", "9", "--out", "MORE"], [*TRAIN, "--epochs", "9"], there)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"handgrad: rank 1: {there / 'shards'} lacks train-b.csv, of which its cache was made"
    )
    assert not (tmp_path / "MORE").exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_rank_that_is_killed_ends_the_job_and_nothing_is_lost(
    mpi: Mpi, begin: Begin, tmp_path: Path
) -> None:
    length = ["--memory", "500MB", "--epochs", "30"]
    process = begin(2, *length)
    os.kill(ranks_of(process)[1], signal.SIGKILL)
    _, stderr = process.communicate(timeout=30)
    (line,) = said(stderr)
    assert "a rank was killed" in line
    assert mpi(2, "resume", "RUN").returncode == 0
    assert mpi(2, *RECIPE, *length, "--out", "WHOLE").returncode == 0
    assert losses(tmp_path / "RUN") == losses(tmp_path / "WHOLE")
    assert files(tmp_path / "RUN") == files(tmp_path / "WHOLE")


def test_other_shards_on_another_rank_are_told(mpi: Mpi, shards: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "shards").mkdir(parents=True)
    for path in shards.iterdir():
        (there / "shards" / path.name).write_bytes(path.read_bytes())
    (there / "shards" / "train-c.csv").write_bytes((shards / "train-a.csv").read_bytes())
    done = apart(mpi, [*TRAIN, "--epochs", "1", "--out", "RUN"], [*TRAIN, "--epochs", "1", "--quiet"], there)
    assert done.returncode == 1
    assert "rank 1 differs from rank 0 in its data" in done.stderr.splitlines()[-1]


def test_a_damaged_cache_of_one_rank_ends_all_in_one_line(mpi: Mpi, shards: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "shards").mkdir(parents=True)
    for path in shards.iterdir():
        (there / "shards" / path.name).write_bytes(path.read_bytes())
    command = [*TRAIN, "--epochs", "1"]
    converted = apart(mpi, [*command, "--out", "RUN"], command, there)
    assert converted.returncode == 0
    assert len(re.findall("^rank 1: converting ", converted.stderr, re.MULTILINE)) == 2  # to train, to test
    assert len(re.findall("^rank 1: converted ", converted.stderr, re.MULTILINE)) == 2
    caches = list((tmp_path / "cache").rglob("*-train-*/inputs.bin"))
    assert len(caches) == 2
    for path in caches:
        if str(there) in (path.parent / "source.txt").read_text():
            content = bytearray(path.read_bytes())
            content[50] ^= 1
            path.write_bytes(content)
    done = apart(mpi, [*command, "--out", "MORE"], command, there)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: rank 1: the cache ")
    assert "block 0 of inputs.bin is not what was written" in line
    again = apart(mpi, [*command, "--out", "MORE", "--quiet"], [*command, "--quiet"], there)
    assert (again.returncode, again.stderr) == (0, "")
