"""Load data from a name or a path: choose the reader that a source needs."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from handgrad.data.dataset import Dataset, naming
from handgrad.data.form import Form
from handgrad.data.idx import FILES, Split, find_idx, read_idx_folder
from handgrad.data.labels import encode_labels
from handgrad.data.memory import check_memory
from handgrad.data.mnist import COLLECTIONS, CSV_FILES, NAMES, ensure, read_split
from handgrad.data.npz import read_npz
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError, require, suggest

STROKES = "strokes"
"""Synthetic digits."""
TABLES, ARRAYS = (".csv", ".parquet"), (".npz", ".npy")
TEST_NAME = re.compile(r"(?<![a-z])test|Test|TEST")
"""Matches neither latest.csv nor contest.csv."""


def load_data(
    source: str | Path,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    *,
    like: Form | None = None,
) -> Splits:
    r"""Load a data set by its name, or from files.

    Parameters
    ----------
    source : str or path
        Name or path of the data; see Notes.
    target : str or sequence of str, optional
        Columns of a table that should be predicted. Default: ``label``.
    task : {"classification", "multilabel", "regression"}, optional
        Task of a table or a NumPy file. Default: several columns of zeros and ones are labels, and several columns
        of other numbers are targets. Numbers with fractions, and more than 100 different integers, are targets.
        Other integers, and names, are classes.
    like : Form, optional
        How tables are read, for data like those of a trained model.

    Returns
    -------
    Splits
        The data. The test split is read when it is first used.

    Raises
    ------
    HandgradError
        If the source is unknown, or its data cannot be read.

    Notes
    -----
    `source` is one of:

    - ``"mnist"`` or ``"fashion-mnist"``, which are found in ``$HANDGRAD_DATA`` or downloaded;
    - ``"strokes"``, ``"strokes:N"`` or ``"strokes:N:SEED"``: N synthetic digits, by default 60,000 of seed 0;
    - a CSV or Parquet file with a label column;
    - an ``.npz`` file, or an ``.npy`` file beside that of its labels;
    - a folder of IDX or ``.npy`` files;
    - a folder with a table named ``…train…`` and one named ``…test…``;
    - a folder with one folder of images for each class, optionally below ``train`` and ``test``.

    Tables that would not fit into memory are converted once and memory-mapped.

    Examples
    --------
    >>> from pathlib import Path
    >>> import handgrad as hg
    >>> hg.load_data("strokes:1000").train
    Dataset(1,000 examples of 1×28×28 uint8, 10 classes)
    >>> text = "area,year,rent\n54.5,1968,1200\n80.0,2003,1650\n"
    >>> count = Path("rents.csv").write_text(text)
    >>> data = hg.load_data("rents.csv", target="rent", task="regression")
    >>> data.train.features, data.train.labels
    (('area', 'year'), array([[1200.],
           [1650.]]))
    """
    name, path = str(source), Path(source)
    form = like or Form()
    if target is not None:
        form = replace(form, targets=target)
    if task is not None:
        form = replace(form, task=task)
    with _reading(path):
        if name in COLLECTIONS:
            _without_targets(form, name)
            return _published(name)
        if name.partition(":")[0] == STROKES:
            _without_targets(form, name)
            return _strokes(name)
        if path.is_dir():
            return _folder(path, form)
        if path.exists() and path.suffix.lower() in TABLES:
            return _tables(path, None, name, form)
        if path.exists() and path.suffix.lower() in ARRAYS:
            return _arrays(path, form)
        if path.exists():
            known = ", ".join((*TABLES, *ARRAYS))
            raise HandgradError(f"{path} is of an unknown kind; give a file in {known}, or a folder")
    advice = suggest(name, [*COLLECTIONS, STROKES])
    raise HandgradError(f"there is no file, folder or data set '{name}'{advice}")


def require_polars() -> None:
    """Raise HandgradError where Polars is not installed, without which `handgrad.data.tables` cannot be imported."""
    require("CSV and Parquet files need", "tables", "polars")


def _without_targets(form: Form, what: object, *, numbers: bool = False) -> None:
    """Raise HandgradError where target columns are named for data without, or another task than these can have."""
    if form.targets:
        raise HandgradError(f"{what} has no columns; a target can be named for a CSV or Parquet file")
    if form.task not in (None, "classification") and not numbers:
        raise HandgradError(
            f"{what} has one class per example; {form.task} needs a CSV, Parquet, .npz or .npy file"
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
        return _tables(train, test, name, Form())

    def read(split: Split) -> Dataset:
        images, labels = read_split(folder, name, split)
        return Dataset(images, labels, 10, (1, 28, 28), "digit" if name == "mnist" else "plain")

    return Splits(read("train"), test=partial(read, "test"), source=name)


def parse_strokes(name: str) -> tuple[int, int]:
    """Return number and seed of ``strokes:N:SEED``; HandgradError if that is not what the name is."""
    match = re.fullmatch(r"strokes(?::([1-9][0-9]{0,7})(?::([0-9]{1,18}))?)?", name)
    if not match:
        raise HandgradError(f"'{name:.80}' is not strokes, strokes:N or strokes:N:SEED")
    return int(match[1] or 60_000), int(match[2] or 0)


def _strokes(name: str) -> Splits:
    from handgrad.data.strokes import generate

    examples, seed = parse_strokes(name)

    def draw(count: int, stream: int) -> Dataset:
        check_memory(784 * count, name)
        images, labels = generate(count, seed, stream)
        return Dataset(images, labels, 10, (1, 28, 28))

    return Splits(draw(examples, 0), test=partial(draw, max(examples // 6, 1), 1), source=name)


def _folder(folder: Path, form: Form) -> Splits:
    from handgrad.data.images import class_folders

    if any(find_idx(folder, file) for files in FILES.values() for file in files):
        _without_targets(form, folder)
        return _idx(folder)
    tables = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in TABLES and not path.name.startswith(".")
    )
    named = [path for path in tables if "train" in path.stem.lower()]
    if not tables and any(folder.glob("*.npy")):
        return _arrays(folder, form)
    images = folder / "train" if (folder / "train").is_dir() else folder
    if not named and class_folders(images):
        _without_targets(form, folder)
        return _images(folder, images)
    tests = [path for path in tables if path not in named and TEST_NAME.search(path.stem)]
    trains = named or [path for path in tables if path not in tests]
    if not trains:
        held = "no IDX files under MNIST's names, no CSV or Parquet table, no folder of images for each class"
        raise HandgradError(f"{folder} holds no data to train on: {held}")
    for paths in (trains, tests):
        if len(paths) > 1:
            found = ", ".join(path.name for path in paths)
            raise HandgradError(f"{folder} holds several tables: {found:.100}; join or move them")
    return _tables(trains[0], tests[0] if tests else None, str(folder), form)


def _tables(path: Path, other: Path | None, source: str, form: Form) -> Splits:
    require_polars()
    from handgrad.data.tables import read_table

    train = read_table(path, form)
    like = Form.of(train, form.targets)  # without the examples, which may be freed
    test = _reading(other)(partial(read_table, other, like)) if other else None
    return Splits(train, test=test, source=source)


def _arrays(path: Path, form: Form) -> Splits:
    _without_targets(form, path, numbers=True)
    return read_npz(path, form.task)


def _images(folder: Path, trains: Path) -> Splits:
    """Read folders of one folder for each class: that of the training images and, if it is below `folder`, others."""
    from handgrad.data.images import read_class_folders

    train = read_class_folders(trains)
    if {*map(str.lower, train.classes)} <= {"train", "validation", "val", "test"}:
        raise HandgradError(
            f"{folder}: put the images of each class into a folder, e.g. train/cat, train/dog"
        )
    if trains == folder:
        return Splits(train, source=str(folder))
    read = partial(read_class_folders, classes=train.classes, shape=train.input_shape)
    others = [folder / name for name in ("validation", "val", "test")]
    validation = next((read(other) for other in others[:2] if other.is_dir()), None)
    test = _reading(others[2])(partial(read, others[2])) if others[2].is_dir() else None
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
    test = _reading(folder)(partial(read, "test", train.classes)) if held else None
    return Splits(train, test=test, source=str(folder))
