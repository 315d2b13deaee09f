"""Data that do not fit into memory: converted once, whole or not at all, and the same as in memory."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from documents import blocks
from failing import refusal
from fixture_types import Cli
from handgrad.data.arrays import Store, is_mapped
from handgrad.data.dataset import Dataset
from handgrad.data.idx import FILES
from handgrad.data.load import load_data
from handgrad.data.memory import available_memory
from handgrad.data.outofcore import FACTS, INPUTS, LABELS, load_or_convert
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError
from idx_files import write_idx

NUMBERS = np.random.default_rng(0).normal(size=(1_000, 6)).astype(np.float32)
CLASSES = np.arange(1_000) % 3


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of conversions, on a machine with little memory."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("handgrad.data.outofcore.available_memory", lambda: 1_000)
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(b"1")
    return tmp_path / "data.bin"


def convert(file: Path, inputs: Any = NUMBERS, known: Sequence[str] = ()) -> tuple[Dataset, int]:
    """Load `inputs` in blocks; return how often they were read, too."""
    reads: list[Store] = []

    def read(store: Store) -> Dataset:
        reads.append(store)
        return Dataset(store(iter(np.array_split(inputs, 7))), CLASSES, ("a", "b", "c"), features=[*"uvwxyz"])

    return load_or_convert(file, lambda: inputs.nbytes, read, known), len(reads)


def folders(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


@pytest.mark.parametrize("dtype", ["f4", "u1"])
def test_a_conversion_is_the_same_data(
    file: Path, cache: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = NUMBERS.clip(0, 255).astype(dtype)
    expected = Dataset(inputs, CLASSES, ("a", "b", "c"), features=[*"uvwxyz"])
    first, reads = convert(file, inputs)
    checked: list[NDArray[Any]] = []
    monkeypatch.setattr("handgrad.data.dataset.convert_inputs", lambda rows, _: checked.extend(rows))
    again, more = convert(file, inputs)
    assert (reads, more, len(checked)) == (1, 0, 1), "values are converted and checked once"
    for found in (first, again):
        assert is_mapped(found.inputs)
        assert found.inputs.dtype == expected.inputs.dtype
        np.testing.assert_array_equal(np.asarray(found.inputs), expected.inputs)
        np.testing.assert_array_equal(found.labels, CLASSES)
        assert (found.classes, found.features) == (expected.classes, expected.features)
        assert found.fingerprint() == expected.fingerprint()
    (folder,) = folders(cache)
    assert sorted(path.name for path in folder.iterdir()) == sorted([FACTS, INPUTS, LABELS])


def test_what_fits_is_loaded(file: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    for available in (None, 3 * NUMBERS.nbytes):
        monkeypatch.setattr("handgrad.data.outofcore.available_memory", lambda available=available: available)
        assert not is_mapped(convert(file)[0].inputs)
    assert not cache.exists()


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "source": lambda file, folder: file.write_bytes(b"22"),
    "inputs": lambda file, folder: os.truncate(folder / INPUTS, 3_000),
    "labels": lambda file, folder: np.save(folder / LABELS, CLASSES[:5]),
    "facts": lambda file, folder: (folder / FACTS).write_text("{"),
    "missing": lambda file, folder: (folder / INPUTS).unlink(),
    "known": lambda file, folder: None,
    "killed": lambda file, folder: (folder / FACTS).unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_old_or_damaged_conversion_is_made_again(file: Path, cache: Path, change: str) -> None:
    convert(file)
    (folder,) = folders(cache)
    CHANGES[change](file, folder)
    found, reads = convert(file, known=["a"] if change == "known" else [])
    np.testing.assert_array_equal(found.inputs, NUMBERS.astype(np.float32))
    assert reads == 1
    assert folders(cache) == [folder]


@pytest.mark.parametrize("error", [HandgradError("line 7"), OSError(5, "I/O"), KeyboardInterrupt("stopped")])
def test_nothing_is_left_of_a_conversion_that_fails(file: Path, cache: Path, error: BaseException) -> None:
    def blocks() -> Iterator[NDArray[Any]]:
        yield NUMBERS
        raise error

    raised = HandgradError if isinstance(error, OSError) else type(error)
    with pytest.raises(raised, match=error.args[-1]):
        load_or_convert(file, lambda: 10**4, lambda store: Dataset(store(blocks()), CLASSES))
    assert not folders(cache)


def test_what_cannot_be_converted(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = NUMBERS.copy()
    inputs[999, 3] = np.inf
    assert "NaN or infinity" in refusal(convert, file, inputs)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "No space left on device" in refusal(convert, file)
    assert not folders(cache)
    monkeypatch.setenv("HANDGRAD_CACHE", str(file))
    assert "cannot write" in refusal(convert, file)


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_of_two_at_once_one_converts_and_the_other_waits(file: Path) -> None:
    begun = Event()

    def blocks() -> Iterator[NDArray[Any]]:
        for part in range(5):
            yield np.full((200, 6), float(part))
            begun.set()
            time.sleep(0.1)

    def read(store: Store) -> Dataset:
        return Dataset(store(blocks()), CLASSES)

    with ThreadPoolExecutor() as pool:
        other = pool.submit(load_or_convert, file, lambda: 48_000, read)
        assert begun.wait(10)
        found, reads = convert(file)
    assert not reads
    assert found.inputs[999].tolist() == other.result().inputs[999].tolist() == [4.0] * 6


GROUPS = {
    "version 2": ("0::/a/b", "max", "current", "anon 7\ninactive_file 40\nactive_file 2\n"),
    "version 1": ("4:memory:/a/b", "limit_in_bytes", "usage_in_bytes", "active_file 1\ntotal_active_file 42"),
}


@pytest.mark.parametrize("version", GROUPS)
def test_the_smallest_limit_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    group, limit, usage, cached = GROUPS[version]
    texts = {"/proc/meminfo": "MemTotal: 99 kB\nMemAvailable:  900 kB\n", "/proc/self/cgroup": group}
    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *_: texts.get(str(path)) or read_text(path))
    monkeypatch.setattr("handgrad.data.memory.CGROUPS", tmp_path)
    assert available_memory() == 900 * 1024
    monkeypatch.setenv("MPI_LOCALNRANKS", "2")
    folder = tmp_path / group.split(":")[1]
    for path, most in ((folder, "max"), (folder / "a", 10_000), (folder / "a" / "b", 20_000)):
        path.mkdir(exist_ok=True)
        (path / f"memory.{limit}").write_text(f"{most}\n")
        (path / f"memory.{usage}").write_text("1000\n")
        (path / "memory.stat").write_text(cached)
    assert available_memory() == (10_000 - 1_000 + 42) // 2


@pytest.mark.parametrize("source", ["one.csv", "one.parquet"])
def test_tables_are_converted(
    tmp_path: Path, cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images, labels = generate(1_200, 7)
    table = pl.DataFrame({"label": labels} | {f"pixel{k}": images[:, k] for k in range(784)})
    table.write_csv("one.csv")
    table.write_parquet("one.parquet")
    for _ in range(2):
        train = load_data(source).train
        assert is_mapped(train.inputs)
        np.testing.assert_array_equal(train.inputs, images)
        np.testing.assert_array_equal(train.labels, labels)
        assert train.input_shape == (1, 28, 28)
    assert len(folders(cache)) == 1


def test_the_program_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = blocks("docs/guide/large-data.md", "python")
    names: dict[str, Any] = {}
    exec(program, names)
    assert len(names["records"]) == 2


@pytest.mark.slow
def test_the_commands_of_the_guide(cli: Cli, tmp_path: Path) -> None:
    table = pl.DataFrame({"label": np.arange(11_000) % 3, "x": np.arange(11_000) % 7})
    table.write_csv(tmp_path / "big.csv")
    table[:100].write_csv(tmp_path / "held-out.csv")
    (commands,) = blocks("docs/guide/large-data.md", "sh")
    for command in commands.splitlines():
        done = cli(*shlex.split(command, comments=True)[3:])
        assert done.returncode == (1 if "clear" in command else 0), done.stderr  # it was small: not converted


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with a limit of 450 MB, where this process may create one."""
    name = f"handgrad-test-{os.getpid()}"
    for limit in (f"memory/{name}/memory.limit_in_bytes", f"{name}/memory.max"):
        file = Path("/sys/fs/cgroup", limit)
        with suppress(OSError):
            file.parent.mkdir()
            try:
                file.write_text("450000000")
                yield file.parent
                return
            finally:
                time.sleep(0.2)
                file.parent.rmdir()
    pytest.skip("no control group can be made here")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["idx", "csv"])
def test_data_larger_than_a_control_group_are_trained_on(tmp_path: Path, kind: str, group: Path) -> None:
    images, labels = generate(10_000, 1)
    (tmp_path / "data").mkdir()
    copies = 80  # 627 MB
    if kind == "idx":
        for name, array in zip(FILES["train"], (images.reshape(-1, 28, 28), labels), strict=True):
            write_idx(tmp_path / "data" / name, np.concatenate([array] * copies))
    else:
        table = pl.DataFrame({"label": labels} | {f"pixel{k}": images[:, k] for k in range(784)})
        with (tmp_path / "data" / "train.csv").open("wb") as file:
            for copy in range(copies):
                table.write_csv(file, include_header=not copy)
    command = "train mlp --data data --epochs 1 --out RUN --validation 5000 --no-test"
    limited = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$0" -m handgrad {command}', sys.executable]
    done = subprocess.run(limited, cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cache").exists() == (kind == "csv")
    assert (tmp_path / "RUN" / "model.safetensors").exists()
