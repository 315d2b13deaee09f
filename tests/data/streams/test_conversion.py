"""From files to a cache: the same examples as in memory, whatever the files; interrupted, damaged, changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import polars as pl
import pytest

from handgrad.data.batches import Rows
from handgrad.data.dataset import Dataset
from handgrad.data.idx import write_idx
from handgrad.data.load import load_data
from handgrad.data.parquet_cells import read_parquet
from handgrad.data.streams import conversion, progress
from handgrad.data.streams import shards as shard_files
from handgrad.data.streams.cache import INPUTS, LABELS, MANIFEST, list_caches
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.data.streams.progress import CODES, JOURNAL, Progress, tell_of_conversion
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError

IMAGES, DIGITS = generate(700, 5)
NUMBERS = np.random.default_rng(0).normal(size=(700, 3)).astype(np.float32)
NAMES = np.array(["cat", "ox, the", 'a "dog"'])[np.arange(700) % 3]
SMALL = Memory(PROGRAM + 8 * 60_000)
"""Pieces of 60,000 bytes, windows of 120,000."""


@pytest.fixture(autouse=True)
def small_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches of this test alone, of blocks of 10,000 bytes."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "caches"))
    monkeypatch.setattr(progress, "BLOCK_BYTES", 10_000)


def images(first: int = 0, last: int = 700) -> pl.DataFrame:
    columns = {f"pixel{k}": IMAGES[first:last, k] for k in range(784)}
    return pl.DataFrame({"label": DIGITS[first:last], **columns})


def numbers(first: int = 0, last: int = 700) -> pl.DataFrame:
    columns = {name: NUMBERS[first:last, k] for k, name in enumerate("abc")}
    return pl.DataFrame({"kind": NAMES[first:last], **columns}).rename({"kind": "label"})


def write(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path, row_group_size=150)


def shards(folder: Path, make: Callable[[int, int], pl.DataFrame], suffix: str) -> Path:
    folder.mkdir()
    for number, (first, last) in enumerate([(0, 300), (300, 301), (301, 301), (301, 700)]):
        write(make(first, last), folder / f"part-{number}.{suffix}")
    return folder


def idx(folder: Path, end: str) -> Path:
    folder.mkdir()
    write_idx(folder / f"train-images-idx3-ubyte{end}", IMAGES.reshape(-1, 28, 28))
    write_idx(folder / f"train-labels-idx1-ubyte{end}", DIGITS)
    return folder


def one(path: Path, frame: pl.DataFrame) -> Path:
    write(frame, path)
    return path


SOURCES: dict[str, Callable[[Path], Path]] = {
    "Parquet": lambda at: one(at / "d.parquet", images()),
    "Parquet of int64": lambda at: one(at / "d.parquet", images().cast(pl.Int64)),
    "CSV": lambda at: one(at / "d.csv", images()),
    "CSV with decimal points": lambda at: one(at / "d.csv", images().cast(pl.Float64)),
    "Parquet shards": lambda at: shards(at / "d", images, "parquet"),
    "CSV shards": lambda at: shards(at / "d", images, "csv"),
    "IDX": lambda at: idx(at / "d", ""),
    "IDX, gzipped": lambda at: idx(at / "d", ".gz"),
    "Parquet of numbers": lambda at: one(at / "n.parquet", numbers()),
    "CSV of numbers": lambda at: one(at / "n.csv", numbers()),
    "CSV shards of numbers": lambda at: shards(at / "n", numbers, "csv"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_stream_holds_what_the_files_hold(tmp_path: Path, kind: str) -> None:
    source = SOURCES[kind](tmp_path)
    told: list[Progress] = []
    tell_of_conversion(told.append)
    train = load_data(source, SMALL).train
    assert isinstance(train, StreamedDataset)
    held = np.concatenate([part.inputs for part in train.parts()])
    if source.name.startswith("n"):
        places = np.unique(NAMES, return_inverse=True)[1]
        expected = Dataset(NUMBERS, places, sorted(set(NAMES)), (3,))
    else:
        expected = Dataset(IMAGES, DIGITS, 10, (1, 28, 28))
        assert len(told) > 5
    np.testing.assert_array_equal(held, expected.inputs)
    np.testing.assert_array_equal(train.labels, expected.labels)
    assert held.dtype == expected.inputs.dtype
    assert train.labels.dtype == np.uint8
    assert (train.class_names, train.input_shape) == (expected.class_names, expected.input_shape)
    if not source.is_dir():
        assert train.features == load_data(source).train.features
    shares = [told_once.share for told_once in told]
    assert shares == sorted(shares)
    assert (shares[-1], told[-1].examples, told[-1].finished) == (1.0, 700, True)
    (cache,) = list_caches()
    assert (cache.source, cache.split, cache.finished) == (str(source), "train", True)
    assert cache.size == sum(path.stat().st_size for path in cache.folder.iterdir())
    told.clear()
    again = load_data(source, SMALL).train
    assert told == [], "converted once"
    assert again.fingerprint() == train.fingerprint()
    tell_of_conversion(None)


@pytest.mark.parametrize(("group", "least", "most"), [(700, 100, 250), (50, 785, 10_000)])
def test_few_columns_of_large_groups_of_rows_are_read_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, least: int, most: int
) -> None:
    """Two pieces of 60,000 bytes hold 171 columns of a group of 550 kB."""
    widths = []

    def read_some(*arguments: Any) -> Any:
        widths.append(arguments[-1])
        return read_parquet(*arguments)

    monkeypatch.setattr(shard_files, "read_parquet", read_some)
    images().with_columns(pl.all().shuffle(seed=1)).write_parquet(
        tmp_path / "d.parquet", row_group_size=group, use_pyarrow=False
    )
    load_data(tmp_path / "d.parquet", SMALL)
    assert len(widths) > 5
    assert all(least < width < most for width in widths)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Parquet shards", "CSV shards", "CSV", "IDX, gzipped"])
@pytest.mark.parametrize("pieces", [1, 2, 6, 9])
def test_what_was_interrupted_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, pieces: int
) -> None:
    monkeypatch.setattr(conversion, "SAVED_EVERY", 50_000)
    source = SOURCES[kind](tmp_path)
    load_data(source, SMALL)
    (cache,) = list_caches()
    whole = contents(cache.folder)
    (cache.folder / MANIFEST).unlink()

    told: list[Progress] = []

    def interrupt(now: Progress) -> None:
        told.append(now)
        if len(told) == 1 + pieces:
            raise KeyboardInterrupt

    tell_of_conversion(interrupt)
    for name in (INPUTS, LABELS):
        (cache.folder / name).unlink()
    with pytest.raises(KeyboardInterrupt):
        load_data(source, SMALL)
    assert {INPUTS, CODES, JOURNAL} <= {path.name for path in cache.folder.iterdir()}
    assert not (cache.folder / MANIFEST).exists()
    again: list[Progress] = []
    tell_of_conversion(again.append)
    load_data(source, SMALL)
    tell_of_conversion(None)
    assert again[0].examples > 0
    assert contents(cache.folder) == whole


@pytest.mark.parametrize("name", [INPUTS, CODES])
def test_what_a_power_cut_took_is_converted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(conversion, "SAVED_EVERY", 50_000)
    source = SOURCES["CSV"](tmp_path)

    def interrupt(now: Progress) -> None:
        if now.examples > 300:
            raise KeyboardInterrupt

    tell_of_conversion(interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_data(source, SMALL)
    tell_of_conversion(None)
    (cache,) = list_caches()
    os.truncate(cache.folder / name, 100)
    train = load_data(source, SMALL).train
    np.testing.assert_array_equal(np.concatenate([part.inputs for part in train.parts()]), IMAGES)
    np.testing.assert_array_equal(train.labels, DIGITS)


@pytest.mark.skipif(sys.platform == "win32", reason="whoever starts twice there must wait himself")
def test_of_two_at_once_one_converts_and_the_other_waits(tmp_path: Path) -> None:
    source = SOURCES["CSV"](tmp_path)
    told: list[Progress] = []
    found: list[int] = []
    other = Thread(target=lambda: found.append(len(load_data(source, SMALL).train)))

    def tell(now: Progress) -> None:
        told.append(now)
        if len(told) == 2:
            other.start()
            other.join(0.5)  # enough for it to convert everything, if nothing held it back

    tell_of_conversion(tell)
    assert len(load_data(source, SMALL).train) == 700
    other.join()
    tell_of_conversion(None)
    assert found == [700]
    assert [now.finished for now in told].count(True) == 1


KILLED = """
import os, signal, sys
from handgrad.data.load import load_data
from handgrad.data.streams import conversion, progress
from handgrad.data.streams import shards as shard_files
from handgrad.data.streams.memory import Memory
conversion.SAVED_EVERY, progress.BLOCK_BYTES = 50_000, 10_000
pieces = iter(range(int(sys.argv[3])))
progress.tell_of_conversion(lambda _: next(pieces, None) is None and os.kill(os.getpid(), signal.SIGKILL))
load_data(sys.argv[1], Memory(int(sys.argv[2])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_what_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    monkeypatch.setattr(conversion, "SAVED_EVERY", 50_000)
    source = shards(tmp_path / "d", images, "csv")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(source), str(SMALL.limit), str(pieces)], timeout=100
    )
    assert done.returncode == -9
    (cache,) = list_caches()
    assert not cache.finished
    train = load_data(source, SMALL).train
    np.testing.assert_array_equal(np.concatenate([part.inputs for part in train.parts()]), IMAGES)
    np.testing.assert_array_equal(train.labels, DIGITS)
    read(train)


def test_a_conversion_goes_on_only_with_the_files_that_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "SAVED_EVERY", 50_000)
    source = shards(tmp_path / "d", images, "csv")
    (source / "part-3.csv").write_text((source / "part-3.csv").read_text() + "3,oops\n")
    with pytest.raises(HandgradError, match=r"part-3\.csv, line 401: 2 columns"):
        load_data(source, SMALL)
    write(images(301, 700), source / "part-3.csv")
    write(images(10, 20), source / "part-0.csv")
    again: list[Progress] = []
    tell_of_conversion(again.append)
    assert len(load_data(source, SMALL).train) == 700 - 300 + 10
    tell_of_conversion(None)
    assert again[0].examples == 0


def read(train: Dataset) -> None:
    """Take every example of an epoch."""
    read_on(train, train.batches(np.array([0]), 50))


def read_on(train: Dataset, epoch: Iterator[Rows]) -> None:
    for rows in epoch:
        assert len(train.inputs[rows])


def damage(name: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        (folder / name).write_bytes(edit((folder / name).read_bytes()))

    return changed


def flipped(content: bytes) -> bytes:
    return content[:20_000] + bytes([content[20_000] ^ 1]) + content[20_001:]


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a byte": (damage(INPUTS, flipped), "block 2 of inputs.bin is not what was written"),
    "cut short": (
        damage(INPUTS, lambda c: c[:-5]),
        "inputs.bin has 548,795 bytes where 548,800 were written",
    ),
    "longer": (damage(INPUTS, lambda c: c + b"x"), "inputs.bin has 548,801 bytes"),
    "empty": (damage(INPUTS, lambda c: b""), "inputs.bin has 0 bytes"),
    "a label": (damage(LABELS, lambda c: b"\0" + c[1:]), "labels.bin is not what was written"),
    "labels cut": (damage(LABELS, lambda c: c[:-1]), "labels.bin is not what was written"),
    "manifest cut": (damage(MANIFEST, lambda c: c[:-9]), "its manifest is damaged"),
    "manifest edited": (damage(MANIFEST, lambda c: c.replace(b"700", b"699")), "its manifest is damaged"),
    "manifest of a list": (damage(MANIFEST, lambda c: b"[]"), "its manifest is damaged"),
    "inputs gone": (lambda folder: (folder / INPUTS).unlink(), "inputs.bin is missing"),
    "labels gone": (lambda folder: (folder / LABELS).unlink(), "labels.bin is missing"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_cache_that_was_changed_is_removed_and_made_anew(tmp_path: Path, kind: str) -> None:
    source = one(tmp_path / "d.parquet", images())
    before = load_data(source, SMALL).train.fingerprint()
    (cache,) = list_caches()
    change, told = DAMAGES[kind]
    change(cache.folder)
    with pytest.raises(HandgradError, match="was changed since it was written") as caught:
        read(load_data(source, SMALL).train)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not cache.folder.exists()
    assert load_data(source, SMALL).train.fingerprint() == before


def test_a_cache_cut_short_while_it_is_read_is_told(tmp_path: Path) -> None:
    train = load_data(one(tmp_path / "d.parquet", images()), SMALL).train
    (cache,) = list_caches()
    epoch = train.batches(np.array([0]), 50)
    assert len(train.inputs[next(epoch)]) == 50
    os.truncate(cache.folder / INPUTS, 100_000)
    with pytest.raises(HandgradError, match="has 100,000 bytes where 548,800 were written"):
        read_on(train, epoch)


def test_changed_files_are_converted_anew(tmp_path: Path) -> None:
    source = one(tmp_path / "d.parquet", images())
    assert len(load_data(source, SMALL).train) == 700
    write(images(0, 200), source)
    assert len(load_data(source, SMALL).train) == 200
    assert len(list(list_caches())) == 1


def test_a_missing_shard_is_told(tmp_path: Path) -> None:
    source = shards(tmp_path / "d", images, "parquet")
    load_data(source, SMALL)
    (source / "part-1.parquet").unlink()
    with pytest.raises(HandgradError, match=r"d lacks part-1\.parquet, of which its cache was made"):
        load_data(source, SMALL)
    for number, name in enumerate(["a-00000-of-00003", "a-00002-of-00003"]):
        write(images(number, 9 + number), source / f"{name}.parquet")
    with pytest.raises(HandgradError, match=r"d lacks a-00001-of-00003\.parquet"):
        load_data(source, SMALL)


BAD: dict[str, tuple[dict[str, str | bytes], str]] = {
    "a word": (
        {"a.csv": "label,a\nx,1\n", "b.csv": "label,a\ny,2\nx,three\n"},
        "b.csv, line 3, column 'a': 'three'",
    ),
    "a gap": ({"a.csv": "label,a\nx,1\ny,\n"}, "a.csv, line 3, column 'a': no value"),
    "no label": ({"a.csv": "label,a\nx,1\n,2\n"}, "a.csv, line 3, column 'label'"),
    "other columns": ({"a.csv": "label,a\nx,1\n", "b.csv": "label,b\ny,2\n"}, "b.csv has other columns than"),
    "no header": ({"a.csv": "label,a\nx,1\n", "b.csv": "y,2\n"}, "b.csv has other columns than"),
    "one class": ({"a.csv": "label,a\nx,1\n", "b.csv": "label,a\nx,2\n"}, "every label is 'x'"),
    "half a label": (
        {"a.csv": "label,a\n1,1\n", "b.csv": "label,a\n2,1\n2.5,2\n"},
        "b.csv, line 3: label '2.5' is not a whole number, as class labels are",
    ),
    "nothing": ({"a.csv": "label,a\n", "b.csv": "label,a\n"}, "holds no examples"),
    "empty": ({"a.csv": ""}, "a.csv is empty"),
    "no Parquet": ({"a.parquet": b"PAR1 nothing"}, "a.parquet cannot be read as Parquet"),
    "two kinds": ({"a.csv": "label,a\nx,1\n", "b.parquet": b""}, "holds CSV and Parquet files"),
    "tests alone": ({"test.csv": "label,a\nx,1\n"}, "and none to train with"),
    "no tables": ({"a.txt": "label,a\n"}, "cannot be read in a stream"),
    "not text": ({"a.csv": b"label,a\nx,1\n\xff,2\n"}, "a.csv is not text in UTF-8"),
    "ragged": ({"a.csv": "label,a\nx,1\ny,1,2\n"}, "a.csv, line 3: 3 columns"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_told_in_one_line(tmp_path: Path, kind: str) -> None:
    files, told = BAD[kind]
    (tmp_path / "d").mkdir()
    for name, content in files.items():
        (tmp_path / "d" / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(HandgradError) as caught:
        load_data(tmp_path / "d", SMALL)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not [cache for cache in list_caches() if cache.finished]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("row", [0, 1, 4_000, 9_999])
def test_a_label_that_is_no_number_is_told_with_its_place(tmp_path: Path, suffix: str, row: int) -> None:
    """Whether or not the conversion was interrupted before, in pieces that are others now."""
    labels = [str(k % 2) for k in range(10_000)]
    labels[row] = "zwei"
    (tmp_path / "d").mkdir()
    for name, column in (("a", ["0", "1"] * 5_000), ("b", labels)):
        write(pl.DataFrame({"label": column, "a": range(10_000)}), tmp_path / "d" / f"{name}.{suffix}")
    if suffix == "csv":  # a line that is no example, and a header
        path = tmp_path / "d" / "b.csv"
        head, _, rest = path.read_text().partition("\n")
        path.write_text(f"{head}\n\n{rest}")
    place = f"b.csv, line {row + 3}" if suffix == "csv" else f"b.parquet, row {row + 1}"
    told = f"{tmp_path / 'd'}/{place}: label 'zwei' is not a number, though others are; mend it, or make all labels"
    for memory in (SMALL, Memory(PROGRAM + 8 * 90_000)):
        with pytest.raises(HandgradError) as caught:
            load_data(tmp_path / "d", memory)
        assert str(caught.value).startswith(told)


def test_a_label_of_images_is_told_with_its_place(tmp_path: Path) -> None:
    labels = np.arange(700, dtype=np.uint8) % 10
    labels[600] = 99
    write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES.reshape(-1, 28, 28))
    write_idx(tmp_path / "train-labels-idx1-ubyte", labels)
    told = r"train-labels-idx1-ubyte, example 601: label '99' is out of range"
    with pytest.raises(HandgradError, match=told):
        load_data(tmp_path, SMALL)


def test_a_shard_cut_short_is_named(tmp_path: Path) -> None:
    source = shards(tmp_path / "d", images, "parquet")
    path = source / "part-3.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(HandgradError, match=r"part-3\.parquet cannot be read as Parquet"):
        load_data(source, SMALL)


def test_quoted_ends_of_lines_stay_within_their_cell(tmp_path: Path) -> None:
    rows = "".join(f'"a\nb {k % 2}",{k}\n' for k in range(20_000))
    (tmp_path / "d.csv").write_text("label,a\n" + rows)
    train = load_data(tmp_path / "d.csv", SMALL).train
    assert train.class_names == ("a\nb 0", "a\nb 1")
    np.testing.assert_array_equal(train.labels, np.arange(20_000) % 2)


@pytest.mark.slow
def test_a_quote_that_is_not_closed_is_told_with_the_line_where_it_begins(tmp_path: Path) -> None:
    """In a piece of more than a cell may have, the rest of a file that is shorter than a piece."""
    lines = ["label,a", *(f"{k % 2},{k}" for k in range(50_000))]
    lines[9_000] = '1,"7'
    (tmp_path / "d.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(
        HandgradError,
        match=r"d\.csv: what begins in line 9001 does not end within 131 kB; is a quote not closed there\? Mend it$",
    ):
        load_data(tmp_path / "d.csv", "1GB")


def test_pictures_and_archives_are_no_streams(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=IMAGES, y=DIGITS)
    (tmp_path / "empty").mkdir()
    for name in ("d.npz", "empty"):
        with pytest.raises(HandgradError, match="cannot be read in a stream; give CSV, Parquet or IDX"):
            load_data(tmp_path / name, SMALL)


def test_the_test_split_is_converted_when_it_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    write(images(0, 500), folder / "train-0.csv")
    write(images(500, 600), folder / "train-1.csv")
    write(images(600, 700), folder / "my-test.csv")
    splits = load_data(folder, SMALL)
    assert len(list(list_caches())) == 1
    assert len(splits.train) == 600
    test = splits.test
    assert test is not None
    np.testing.assert_array_equal(test.inputs[:], IMAGES[600:])
    assert [cache.split for cache in list_caches()] == ["test", "train"]


def test_too_many_classes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_CLASSES", 100)
    one(tmp_path / "d.parquet", pl.DataFrame({"label": range(101), "a": range(101)}))
    with pytest.raises(HandgradError, match="more than 100 different values; a classifier needs classes"):
        load_data(tmp_path / "d.parquet", SMALL)


def test_many_classes_have_wider_labels(tmp_path: Path) -> None:
    one(tmp_path / "d.parquet", pl.DataFrame({"label": [*range(300)] * 2, "a": range(600)}))
    train = load_data(tmp_path / "d.parquet", SMALL).train
    assert train.labels.dtype == np.uint16
    names = np.array(train.class_names)
    np.testing.assert_array_equal(names[train.labels].astype(int), np.arange(600) % 300)


def test_a_full_disk_is_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 100_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(HandgradError, match=r"needs about 501 kB more, and .* has 100 kB free; make room"):
        load_data(one(tmp_path / "d.parquet", images()), SMALL)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of files there")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    source = one(tmp_path / "d.parquet", images())
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "import handgrad as hg\n"
        "try: hg.load_data(sys.argv[1], '500MB')\n"
        "except hg.HandgradError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(source)],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"cannot write {tmp_path / 'caches'}")
    assert "File too large" in line
    assert "HANDGRAD_CACHE" in line
    assert list(list_caches()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "file"))
    with pytest.raises(HandgradError, match=r"cannot write .*file"):
        load_data(one(tmp_path / "d.parquet", images()), SMALL)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_journal_of_another_program_is_not_taken_up(tmp_path: Path) -> None:
    source = one(tmp_path / "d.parquet", images())
    load_data(source, SMALL)
    (cache,) = list_caches()
    (cache.folder / MANIFEST).unlink()
    for content in (b"{", b"[]", json.dumps({"shard": 0}).encode(), b"\xff"):
        (cache.folder / JOURNAL).write_bytes(content)
        assert len(load_data(source, SMALL).train) == 700
        (cache.folder / MANIFEST).unlink()
