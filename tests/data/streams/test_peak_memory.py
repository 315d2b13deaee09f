"""Peak memory: what a stream takes, and under a bound that is enforced, on data four times as large (-m slow)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from handgrad.data.idx import write_idx
from handgrad.data.load import load_data
from handgrad.data.strokes import generate

BOUND = 400 * 10**6
PROGRAM = """
import resource, sys
from handgrad.cli.main import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
sys.exit(status)
"""
# A shell in between, since ru_maxrss of a process counts the one that it was forked from.
SHELL = 'test -z "$GROUP" || echo $$ > "$GROUP/cgroup.procs" || exit 99; "$@"; exit $?'


GROWTH = """
import sys
import numpy as np
import handgrad as hg
from handgrad.data.streams.machine import peak_of
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.training import rehearsal
rehearsal.peak_of = lambda work: work()
data = hg.load_data(sys.argv[1], Memory(PROGRAM + 8_000_000))
def train(**length):
    network = hg.Network([hg.Dense(16), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
    return list(hg.train(network, data, optimizer=hg.Adam(), learning_rate=0.003, threads=2, **length))
train(steps=5)
before = peak_of(lambda: None)
records = []
most = peak_of(lambda: records.extend(train(epochs=1)))
print(most - before, records[-1].train_accuracy)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are not counted anew elsewhere")
@pytest.mark.parametrize("kind", ["strokes", "files"])
def test_data_never_exist_at_once(tmp_path: Path, kind: str) -> None:
    """47 MB of digits are trained on in windows of 2 MB."""
    source = "strokes:60000:5"
    if kind == "files":
        images, labels = generate(60_000, 5)
        write_idx(tmp_path / "train-images-idx3-ubyte", images.reshape(-1, 28, 28))
        write_idx(tmp_path / "train-labels-idx1-ubyte", labels)
        source = str(tmp_path)
    environment = os.environ | {"HANDGRAD_CACHE": str(tmp_path / "caches")}
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, source], env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    growth, accuracy = done.stdout.split()
    assert int(growth) < 16 * 10**6
    assert float(accuracy) > 0.6


@pytest.fixture
def group() -> Iterator[Path | None]:
    """A control group whose processes are killed where they take more memory; None where there can be none."""
    for root, limit in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        folder = Path("/sys/fs/cgroup") / root / f"handgrad-test-{os.getpid()}"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(BOUND))
        except OSError:
            if folder.is_dir():
                folder.rmdir()
            continue
        yield folder
        folder.rmdir()
        return
    yield None


def trained(group: Path | None, folder: Path, *arguments: str | Path) -> list[dict[str, float]]:
    """Train within the bound, and give the records, the result, and the peak that the system counted."""
    command = [sys.executable, "-c", PROGRAM, "train", "mlp", *arguments, "--memory", "400MB", "--json"]
    environment = os.environ | {"HANDGRAD_CACHE": str(folder / "caches"), "GROUP": str(group or "")}
    done = subprocess.run(
        ["sh", "-c", SHELL, "sh", *map(str, command)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stderr
    *lines, most = done.stdout.splitlines()
    assert int(most) < BOUND
    return [json.loads(line) for line in lines]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted otherwise elsewhere")
def test_digits_four_times_the_memory_are_written_while_they_are_trained_on(
    group: Path | None, tmp_path: Path
) -> None:
    examples = 2_100_000
    assert examples * 784 > 4 * BOUND
    *_, record, result = trained(
        group, tmp_path, "--data", f"strokes:{examples}", "--epochs", "1", "--validation", "5000"
    )
    assert record["step"] == -(-(examples - 5000) // 128) - 1
    assert record["validation_accuracy"] > 0.96
    assert result["test_examples"] == examples // 6
    assert result["test_accuracy"] > 0.96  # in memory, the same epoch reaches 96.4 %
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 10**7


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted otherwise elsewhere")
def test_files_four_times_the_memory_are_converted_and_trained_on(group: Path | None, tmp_path: Path) -> None:
    splits = load_data("strokes:100000")
    columns = {f"pixel{pixel}": splits.train.inputs[:, pixel] for pixel in range(784)}
    frame = pl.DataFrame({"label": splits.train.labels, **columns})
    folder = tmp_path / "digits"
    folder.mkdir()
    frame.write_parquet(folder / "train-01.parquet", row_group_size=50_000)
    for number in range(2, 22):  # the same digits again: what counts here is how many there are
        os.link(folder / "train-01.parquet", folder / f"train-{number:02}.parquet")
    frame.head(20_000).write_parquet(folder / "test.parquet")
    *_, record, result = trained(None, tmp_path, "--data", folder, "--epochs", "1")
    size = sum(path.stat().st_size for path in tmp_path.glob("caches/*-train-*/inputs.bin"))
    assert size > 4 * BOUND
    assert record["train_accuracy"] > 0.9
    assert result["test_accuracy"] > 0.95
    if group:  # where the limit is enforced, mapped pages are taken away by the system, so that came second
        *_, again, _ = trained(group, tmp_path, "--data", folder, "--epochs", "1")
        assert again["loss"] == record["loss"]
