"""From a name or a path to data: which reader a source needs."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from handgrad.data.columns import in_known_order
from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.data.idx import FILES, Split, find_idx, read_idx_folder
from handgrad.data.labels import encode_labels
from handgrad.data.mnist import COLLECTIONS, ensure, read_split
from handgrad.errors import HandgradError, suggest

STROKES = "strokes"
LARGEST = 10_000_000
"""Strokes: 8 GB of them."""
TABLES = (".csv", ".parquet")
TEST_NAME = re.compile(r"(?<![a-z])test|Test|TEST")
"""The latest.csv or contest.csv are not to test with."""
SPLIT_FOLDERS = {"train", "validation", "val", "test"}


def load_data(source: str | Path) -> Splits:
    """Load a data set.

    Parameters
    ----------
    source : str or path
        ``"mnist"`` or ``"fashion-mnist"``, found or downloaded; ``"strokes"``, ``"strokes:N"`` or
        ``"strokes:N:SEED"``, N images that the library writes itself (60,000 of seed 0 unless given); or a path:
        a CSV or Parquet file with a label column, an ``.npz``, a folder of IDX files, of tables named
        ``…train…`` and ``…test…``, or of one folder of pictures a class (perhaps below ``train`` and ``test``).

    Returns
    -------
    Splits
        The test split is not read before it is asked for.

    Raises
    ------
    HandgradError
        If the source is unknown, or what it holds cannot be read.
    """
    name = str(source)
    if name in COLLECTIONS:
        return _published(name)
    if name.partition(":")[0] == STROKES:
        return _strokes(name)
    path = Path(source)
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


def _later(path: Path, read: Callable[[], Dataset]) -> Callable[[], Dataset]:
    """Put off reading `path` until it is asked for."""

    def opened() -> Dataset:
        with _reading(path):
            return read()

    return opened


def _published(name: str) -> Splits:
    found = ensure(name)
    if found.kind == "csv":
        return _tables(found.folder / "mnist_train.csv", found.folder / "mnist_test.csv", name)

    def read(split: str) -> Dataset:
        images, labels = read_split(found.folder, name, "test" if split == "test" else "train")
        framing = "digit" if name == "mnist" else "plain"
        return Dataset(images, labels, 10, (1, *images.shape[1:]), framing)

    return Splits(read("train"), test=partial(read, "test"), source=name)


def _strokes(name: str) -> Splits:
    from handgrad.data.strokes import generate

    match = re.fullmatch(r"strokes(?::([0-9]{1,18}))?(?::([0-9]{1,18}))?", name)
    if match is None:
        raise HandgradError(f"'{name}' is not strokes, strokes:N or strokes:N:SEED, such as strokes:5000:1")
    examples, seed = int(match[1] or 60_000), int(match[2] or 0)
    if examples > LARGEST:
        raise HandgradError(f"'{name}' is too much handwriting; ask for {LARGEST:,} examples or fewer")

    def write(count: int, stream: int) -> Dataset:
        return Dataset(*generate(count, seed, stream), 10, (1, 28, 28))

    return Splits(write(examples, 0), test=partial(write, max(examples // 6, 1), 1), source=name)


def _file(path: Path) -> Splits:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        from handgrad.data.npz import read_npz

        return read_npz(path)
    if suffix in TABLES:
        from handgrad.data.tables import read_table

        return Splits(read_table(path), source=str(path))
    raise HandgradError(
        f"{path} is of no kind that can be read; give a file in {', '.join((*TABLES, '.npz'))}, or a folder"
    )


def _folder(folder: Path) -> Splits:
    if any(find_idx(folder, file) for files in FILES.values() for file in files):
        return _idx(folder)
    from handgrad.data.images import class_folders

    if (folder / "train").is_dir() and class_folders(folder / "train"):
        return _pictures(folder)
    tables = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in TABLES and not path.name.startswith(".")
    )
    trains = [path for path in tables if "train" in path.stem.lower()]
    tests = [path for path in tables if path not in trains and TEST_NAME.search(path.stem)]
    if len(trains) > 1 or (trains and len(tests) > 1):
        names = [path.name for path in (trains if len(trains) > 1 else tests)]
        several = ", ".join(names[:3] + ["…"] * (len(names) > 3))
        raise HandgradError(
            f"{folder} holds several tables for one split: {several}; leave one, or name a file"
        )
    if trains:
        return _tables(trains[0], tests[0] if tests else None, str(folder))
    if class_folders(folder):
        return _pictures(folder)
    raise HandgradError(
        f"{folder} holds nothing that can be read: no IDX files under MNIST's names, no table named train, "
        "no folders of pictures"
    )


def _pictures(folder: Path) -> Splits:
    from handgrad.data.images import class_folders, read_class_folders

    if not ((folder / "train").is_dir() and class_folders(folder / "train")):
        if {path.name.lower() for path in class_folders(folder)} <= SPLIT_FOLDERS:
            raise HandgradError(
                f"{folder}: pictures of one class go into one folder, such as train/cat, train/dog"
            )
        return Splits(read_class_folders(folder), source=str(folder))
    train = read_class_folders(folder / "train")
    read = partial(read_class_folders, classes=train.class_names, shape=train.input_shape)
    held = {split: folder / split for split in SPLIT_FOLDERS if (folder / split).is_dir()}
    validation = held.get("validation", held.get("val"))
    test = _later(held["test"], partial(read, held["test"])) if "test" in held else None
    return Splits(train, read(validation) if validation else None, test, str(folder))


def _idx(folder: Path) -> Splits:
    def read(split: Split, classes: tuple[str, ...] | None = None) -> Dataset:
        images, labels = read_idx_folder(folder, split)
        shape = images.shape[1:] if images.ndim == 4 else (1, *images.shape[1:])
        with naming(folder):
            encoded, known = encode_labels(labels, FILES[split][1], classes, images=True)
            return Dataset(images, encoded, known, shape)

    train = read("train")
    held = any(find_idx(folder, file) for file in FILES["test"])
    test = _later(folder, partial(read, "test", train.class_names)) if held else None
    return Splits(train, test=test, source=str(folder))


def _tables(train: Path, test: Path | None, source: str) -> Splits:
    from handgrad.data.tables import column_names, read_table

    first = read_table(train)

    def read_test(path: Path) -> Dataset:
        (names, named), (others, others_named) = map(column_names, (train, path))
        if named and others_named and _features(names) != _features(others):
            raise HandgradError(
                f"{path} has other columns than {train}, or in another order; make them the same"
            )
        dataset = read_table(path, first.class_names)
        with naming(path):
            return in_known_order(dataset, first.features, first.class_names)

    return Splits(first, test=_later(test, partial(read_test, test)) if test else None, source=source)


def _features(names: list[str]) -> list[str]:
    return [name for name in names if name != "label"]
