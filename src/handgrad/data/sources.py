"""From a name or a path to data: which reader a source needs."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from handgrad.data.dataset import Dataset, Splits
from handgrad.data.idx import FILES, find_idx, read_idx_folder
from handgrad.data.labels import encode_labels
from handgrad.data.mnist import COLLECTIONS, ensure, read_split
from handgrad.errors import HandgradError, suggest

STROKES = "strokes"
TABLES = (".csv", ".parquet")


def load(source: str | Path) -> Splits:
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
    try:
        if path.is_dir():
            return _folder(path)
        if path.exists():
            return _file(path)
    except OSError as error:
        raise HandgradError(f"cannot read {error.filename or path}: {error.strerror}") from error
    known = [*COLLECTIONS, STROKES]
    hint = suggest(name, known)
    raise HandgradError(f"there is no file, folder or data set '{name}'{hint}")


def _published(name: str) -> Splits:
    found = ensure(name)
    if found.kind == "csv":
        return _tables(found.folder / "mnist_train.csv", found.folder / "mnist_test.csv", name)

    def read(split: str) -> Dataset:
        images, labels = read_split(found.folder, name, "test" if split == "test" else "train")
        return Dataset(images, labels, 10, (1, *images.shape[1:]))

    return Splits(read("train"), test=partial(read, "test"), source=name)


def _strokes(name: str) -> Splits:
    from handgrad.data.strokes import generate

    numbers = name.split(":")[1:]
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise HandgradError(f"'{name}' is not strokes, strokes:N or strokes:N:SEED, such as strokes:5000:1")
    examples, seed = (int(numbers[0]) if numbers else 60_000), (int(numbers[1]) if len(numbers) > 1 else 0)

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
    raise HandgradError(f"{path} is of no kind that can be read: {', '.join((*TABLES, '.npz'))}, or a folder")


def _folder(folder: Path) -> Splits:
    if any(find_idx(folder, file) for files in FILES.values() for file in files):
        return _idx(folder)
    from handgrad.data.images import class_folders, read_class_folders

    if (folder / "train").is_dir() and class_folders(folder / "train"):
        train = read_class_folders(folder / "train")
        reader = partial(read_class_folders, classes=train.class_names, shape=train.input_shape)
        others = {
            split: partial(reader, folder / split) if (folder / split).is_dir() else None
            for split in ("validation", "test")
        }
        validation = others["validation"]() if others["validation"] else None
        return Splits(train, validation, others["test"], str(folder))
    tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLES)
    trains = [path for path in tables if "train" in path.stem.lower()]
    tests = [path for path in tables if "test" in path.stem.lower()]
    if len(trains) == 1 and len(tests) <= 1:
        return _tables(trains[0], tests[0] if tests else None, str(folder))
    if class_folders(folder):
        return Splits(read_class_folders(folder), source=str(folder))
    raise HandgradError(
        f"{folder} holds nothing that can be read: no IDX files under MNIST's names, no table named train, "
        "no folders of pictures"
    )


def _idx(folder: Path) -> Splits:
    images, labels = read_idx_folder(folder, "train")
    shape = images.shape[1:] if images.ndim == 4 else (1, *images.shape[1:])
    encoded, classes = encode_labels(labels, str(folder), images=True)

    def test() -> Dataset:
        images, labels = read_idx_folder(folder, "test")
        encoded, _ = encode_labels(labels, f"{folder} (test)", classes, images=True)
        return Dataset(images, encoded, classes, shape)

    held = all(find_idx(folder, file) for file in FILES["test"])
    return Splits(Dataset(images, encoded, classes, shape), test=test if held else None, source=str(folder))


def _tables(train: Path, test: Path | None, source: str) -> Splits:
    from handgrad.data.tables import read_table

    first = read_table(train)
    opener: Callable[[], Dataset] | None = partial(read_table, test, first.class_names) if test else None
    return Splits(first, test=opener, source=source)
