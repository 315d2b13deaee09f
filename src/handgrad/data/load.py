"""Load data from a name or a path: choose the reader that a source needs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.data.idx import FILES, Split, find_idx, read_idx_folder
from handgrad.data.labels import encode_labels
from handgrad.data.memory import check_memory
from handgrad.data.mnist import COLLECTIONS, CSV_FILES, NAMES, ensure, read_split
from handgrad.data.npz import read_npz
from handgrad.errors import HandgradError, suggest

STROKES = "strokes"
LARGEST = 10_000_000
"""Number of synthetic digits; 8 GB."""
TABLES, ARRAYS = (".csv", ".parquet"), (".npz", ".npy")
TEST_NAME = re.compile(r"(?<![a-z])test|Test|TEST")
"""Matches neither latest.csv nor contest.csv."""
SHARD = re.compile(r"(.*?)[0-9]+(?:-of-|_of_)([0-9]+)")
"""The name of one of several files, with their number."""
SPLIT_FOLDERS = {"train", "validation", "val", "test"}


def load_data(source: str | Path) -> Splits:
    """Load a data set.

    Parameters
    ----------
    source : str or path
        ``"mnist"`` or ``"fashion-mnist"``, found or downloaded; ``"strokes"``, ``"strokes:N"`` or
        ``"strokes:N:SEED"``, N synthetic digits (default: 60,000 of seed 0); or a path: a CSV or Parquet file with a
        label column, an ``.npz``, a ``.npy`` file beside that of its labels, a folder of IDX or ``.npy`` files, of
        tables (those named ``…test…`` are the test split), or of one folder of images for each class, optionally
        below ``train`` and ``test``. What would not fit into memory is memory-mapped, converted before if necessary.

    Returns
    -------
    Splits
        The test split is read when it is first used.

    Raises
    ------
    HandgradError
        If the source is unknown, or what it holds cannot be read.
    """
    name, path = str(source), Path(source)
    if name in COLLECTIONS:
        return _published(name)
    if name.partition(":")[0] == STROKES:
        return _strokes(name)
    with _reading(path):
        if path.exists():
            return _folder(path) if path.is_dir() else _file(path)
    raise HandgradError(
        f"there is no file, folder or data set '{name}'{suggest(name, [*COLLECTIONS, STROKES])}"
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HandgradError(f"cannot read {error.filename or path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise HandgradError(f"{path} does not fit into memory") from error


def _published(name: str) -> Splits:
    folder = ensure(name)
    if not find_idx(folder, NAMES[0]):
        train, test = (folder / table for table in CSV_FILES)
        return _tables([train], [test], name)

    def read(split: Split) -> Dataset:
        images, labels = read_split(folder, name, split)
        return Dataset(images, labels, 10, (1, 28, 28), "digit" if name == "mnist" else "plain")

    return Splits(read("train"), test=partial(read, "test"), source=name)


def _strokes(name: str) -> Splits:
    from handgrad.data.strokes import generate

    match = re.fullmatch(r"strokes(?::([0-9]{1,18})(?::([0-9]{1,18}))?)?", name)
    examples, seed = (int(match[1] or 60_000), int(match[2] or 0)) if match else (0, 0)
    if not 0 < examples <= LARGEST:
        raise HandgradError(
            f"'{name}' is not strokes, strokes:N or strokes:N:SEED, with N from 1 to {LARGEST:,}"
        )

    def draw(count: int, stream: int) -> Dataset:
        check_memory(2 * 784 * count, name)
        images, labels = generate(count, seed, stream)
        return Dataset(images, labels, 10, (1, 28, 28))

    return Splits(draw(examples, 0), test=partial(draw, max(examples // 6, 1), 1), source=name)


def _file(path: Path) -> Splits:
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return _tables([path], [], str(path))
    if suffix in ARRAYS:
        return read_npz(path)
    known = ", ".join((*TABLES, *ARRAYS))
    raise HandgradError(f"{path} is of an unknown kind; give a file in {known}, or a folder")


def _folder(folder: Path) -> Splits:
    from handgrad.data.images import class_folders

    if any(find_idx(folder, file) for files in FILES.values() for file in files):
        return _idx(folder)
    if (folder / "train").is_dir() and class_folders(folder / "train"):
        return _split_folders(folder)
    tables = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in TABLES and not path.name.startswith(".")
    )
    named = [path for path in tables if "train" in path.stem.lower()]
    if not tables and any(folder.glob("*.npy")):
        return read_npz(folder)
    if not named and (classes := class_folders(folder)):
        return _class_folders(folder, classes)
    tests = [path for path in tables if path not in named and TEST_NAME.search(path.stem)]
    trains = named or [path for path in tables if path not in tests]
    if not trains:
        held = "no IDX files under MNIST's names, no CSV or Parquet tables, no folders of images"
        raise HandgradError(f"{folder} holds no data to train on: {held}")
    for files in (trains, tests):
        if len({path.suffix.lower() for path in files}) > 1:
            raise HandgradError(f"{folder} holds CSV and Parquet files; leave those of one kind")
        parts = Counter(match.groups() for path in files if (match := SHARD.fullmatch(path.stem)))
        for (name, total), count in parts.items():
            if count != int(total):
                raise HandgradError(
                    f"{folder} holds {count} of the {int(total)} files {name}…; add the others or rename these"
                )
    return _tables(trains, tests, str(folder))


def _tables(trains: Sequence[Path], tests: Sequence[Path], source: str) -> Splits:
    from handgrad.data.tables import read_table

    train = read_table(trains)
    like = train.take(np.arange(0))  # without the examples, which may be freed
    test = _reading(tests[0])(partial(read_table, tests, like)) if tests else None
    return Splits(train, test=test, source=source)


def _class_folders(folder: Path, classes: Sequence[Path]) -> Splits:
    from handgrad.data.images import read_class_folders

    if {path.name.lower() for path in classes} <= SPLIT_FOLDERS:
        raise HandgradError(
            f"{folder}: put the images of each class into a folder, e.g. train/cat, train/dog"
        )
    return Splits(read_class_folders(folder), source=str(folder))


def _split_folders(folder: Path) -> Splits:
    from handgrad.data.images import read_class_folders

    train = read_class_folders(folder / "train")
    read = partial(read_class_folders, classes=train.class_names, shape=train.input_shape)
    held = [name for name in ("validation", "val", "test") if (folder / name).is_dir()]
    validation = next((read(folder / name) for name in held if name != "test"), None)
    test = _reading(folder / "test")(partial(read, folder / "test")) if "test" in held else None
    return Splits(train, validation, test, str(folder))


def _idx(folder: Path) -> Splits:
    def read(split: Split, classes: tuple[str, ...] | None = None) -> Dataset:
        images, labels = read_idx_folder(folder, split)
        shape = images.shape[1:] if images.ndim == 4 else (1, *images.shape[1:])
        with naming(folder):
            encoded, known = encode_labels(labels, FILES[split][1], classes, images=True)
            return Dataset(images, encoded, known, shape)

    train = read("train")
    held = any(find_idx(folder, file) for file in FILES["test"])
    test = _reading(folder)(partial(read, "test", train.class_names)) if held else None
    return Splits(train, test=test, source=str(folder))
