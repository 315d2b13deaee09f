"""From a path to splits that are streamed: which files are the shards of which split."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from handgrad.data.dataset import Dataset, Splits
from handgrad.data.idx import FILES, find_idx, find_idx_pair
from handgrad.data.streams.conversion import ensure_cache
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import Memory
from handgrad.data.streams.shards import IdxShards, Shards, TableShards
from handgrad.data.streams.store import StrokesStore
from handgrad.errors import HandgradError

TABLES = (".csv", ".parquet")
TEST_NAME = re.compile(r"(?<![a-z])test|Test|TEST")
OF_SEVERAL = re.compile(r"(.*?)(\d+)(-of-)(\d+)")


class NoStream(HandgradError):
    """Data of a kind that is not read in a stream, whatever the memory."""


def stream_strokes(examples: int, seed: int, memory: Memory) -> Splits:
    """Give digits that are written while others are trained on."""

    def split(count: int, stream: int) -> Dataset:
        return StreamedDataset.of(StrokesStore(count, seed, stream), memory)

    name = f"strokes:{examples}" + (f":{seed}" if seed else "")
    return Splits(split(examples, 0), test=partial(split, max(examples // 6, 1), 1), source=name)


def stream_file(path: Path, memory: Memory) -> Splits:
    """Stream one table."""
    if path.suffix.lower() not in TABLES:
        raise _no_stream(path)
    return Splits(_streamed(path, "train", TableShards([path]), memory), source=str(path))


def stream_folder(folder: Path, memory: Memory) -> Splits:
    """Stream a folder of IDX files, or of tables.

    Tables named ``…train…`` are to train with, those named ``…test…`` to test with; where none is named for
    training, it is all the others.

    Raises
    ------
    HandgradError
        If the folder holds neither, or a shard of several is missing.
    """
    if any(find_idx(folder, file) for files in FILES.values() for file in files):
        held = any(find_idx(folder, file) for file in FILES["test"])
        images = IdxShards(*find_idx_pair(folder, "train"))
        return _splits(folder, images, lambda: IdxShards(*find_idx_pair(folder, "test")), held, memory)
    tables = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in TABLES and not path.name.startswith(".")
    )
    if not tables:
        raise _no_stream(folder)
    if len({path.suffix.lower() for path in tables}) > 1:
        raise HandgradError(f"{folder} holds CSV and Parquet files; leave those of one kind")
    tests = [path for path in tables if "train" not in path.stem.lower() and TEST_NAME.search(path.stem)]
    others = [path for path in tables if path not in tests]
    trains = [path for path in others if "train" in path.stem.lower()] or others
    if not trains:
        raise HandgradError(f"{folder} holds tables to test with, and none to train with")
    _check_numbers(folder, tables)
    train = TableShards(trains)

    def test() -> Shards:
        shards = TableShards(tests)
        if (shards.names, shards.named) != (train.names, train.named):
            raise HandgradError(
                f"{tests[0]} has other columns than {trains[0]}, or in another order; make them the same"
            )
        return shards

    return _splits(folder, train, test, bool(tests), memory)


def _splits(
    folder: Path, train: Shards, test: Callable[[], Shards], has_test: bool, memory: Memory
) -> Splits:
    """Convert the files to train with now, those to test with when they are asked for."""
    first = _streamed(folder, "train", train, memory)

    def opened() -> Dataset:
        return _streamed(folder, "test", test(), memory, first)

    return Splits(first, test=opened if has_test else None, source=str(folder))


def _streamed(
    source: Path, split: str, shards: Shards, memory: Memory, train: Dataset | None = None
) -> Dataset:
    return StreamedDataset.of(ensure_cache(source, split, shards, memory, train), memory)


def _check_numbers(folder: Path, tables: list[Path]) -> None:
    """Refuse shards that say ``…-00002-of-00010`` where one of the ten is missing."""
    groups: dict[tuple[str, ...], set[int]] = {}
    for path in tables:
        if match := OF_SEVERAL.fullmatch(path.stem):
            before, number, between, total = match.groups()
            groups.setdefault((before, between, total), set()).add(int(number))
    for (before, between, total), numbers in groups.items():
        first = 1 if int(total) in numbers else 0
        missing = sorted(set(range(first, first + int(total))) - numbers)
        if missing:
            name = f"{before}{missing[0]:0{len(total)}}{between}{total}{tables[0].suffix}"
            raise HandgradError(f"{folder} lacks {name}; put it there, or rename the others")


def _no_stream(path: Path) -> NoStream:
    return NoStream(f"{path} cannot be read in a stream; give CSV, Parquet or IDX, or leave the memory out")
