"""Sources: names, files and folders, and when the test split is read."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from failing import refusal
from handgrad.data.dataset import Dataset
from handgrad.data.form import Form
from handgrad.data.load import load_data
from handgrad.data.mnist import find
from handgrad.data.strokes import generate
from idx_files import write_idx

IMAGES, LABELS = generate(40, 3)


def complaint(source: Path | str, split: str = "train") -> str:
    """Return the line with which a source is refused."""
    return refusal(lambda: load_data(source).split(split))


def holds(dataset: Dataset, part: slice) -> bool:
    return np.array_equal(dataset.inputs, IMAGES[part]) and np.array_equal(dataset.labels, LABELS[part])


def table(part: slice = slice(None)) -> pl.DataFrame:
    pixels = pl.DataFrame(IMAGES[part], schema=[f"pixel{k}" for k in range(784)])
    return pixels.insert_column(0, pl.Series("label", LABELS[part]))


def write_images(folder: Path, part: slice, end: str = ".png") -> None:
    for number, (image, label) in enumerate(zip(IMAGES[part], LABELS[part], strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.reshape(28, 28)).save(folder / str(label) / f"{number:03}{end}")


def test_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES.reshape(-1, 28, 28), labels=LABELS)
    table().write_parquet(tmp_path / "a.parquet")
    table().write_csv(tmp_path / "a.csv")
    table().write_csv(tmp_path / "b.CSV")
    for source in tmp_path.iterdir():
        assert load_data(str(source)).source == str(source)
        splits = load_data(source)
        assert holds(splits.train, slice(None))
        assert splits.train.inputs.dtype == np.uint8
        assert splits.train.input_shape == (1, 28, 28)
        assert splits.source == str(source)
        assert "has no test split" in complaint(source, "test")


def test_a_folder_of_idx_files(idx_folder: Path) -> None:
    splits = load_data(idx_folder)
    assert (splits.train.inputs.shape, splits.train.input_shape) == ((300, 784), (1, 28, 28))
    assert splits.train.inputs.dtype == np.uint8
    assert splits.split("test").inputs.shape == (50, 784)
    assert splits.split("test").classes == splits.train.classes == tuple("0123456789")
    (idx_folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"<html>")
    assert len(load_data(idx_folder).train) == 300, "a damaged test split does not matter to training"
    assert "t10k-images" in complaint(idx_folder, "test")
    (idx_folder / "t10k-images-idx3-ubyte.gz").unlink()
    assert "t10k-images" in complaint(idx_folder, "test")  # half a split is a mistake, not no split
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    assert load_data(idx_folder).test is None
    write_idx(idx_folder / "train-labels-idx1-ubyte", np.full(300, 7, np.uint8))
    assert "train-labels-idx1-ubyte: label '7' (example 1) is the only one" in complaint(idx_folder)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("mnist_train.csv", "mnist_test.csv"),
        ("Train.parquet", "Test.parquet"),
        ("train.csv", "test.parquet"),
        ("latest_train.csv", "contest.csv"),  # which only look like test
        ("digits.csv", None),
    ],
)
def test_a_folder_of_tables(tmp_path: Path, train: str, test: str | None) -> None:
    for name, part in ((train, slice(30)), (test or "x.txt", slice(30, 40))):
        path = tmp_path / name
        (table(part).write_parquet if path.suffix == ".parquet" else table(part).write_csv)(path)
    (tmp_path / f"._{train}").write_text("what macOS leaves behind")
    write_images(tmp_path, slice(3 if "rain" in train else 0))
    splits = load_data(tmp_path)
    assert holds(splits.train, slice(30))
    if test in (None, "contest.csv"):
        assert splits.test is None
    else:
        assert holds(splits.split("test"), slice(30, 40))
        assert splits.split("test").classes == splits.train.classes
    table().write_csv(tmp_path / "train_2.csv")
    table().write_csv(tmp_path / "train_3.csv")
    assert "holds several tables: " in complaint(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>not found</html>", "is a web page"),
        ("label,a\nx,1\n", "no column 'b'"),
        ("label,a,b,c\nx,1,2,3\n", "an unknown column 'c'; expected a, b"),
        ("y,1,2,3\n", "2 inputs are expected, optionally with a label before them"),
        ("label,a,b\nz,1,2\n", "'z' (example 1) is not one of the 2 classes"),
    ],
)
def test_a_broken_test_table_does_not_matter_to_training(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "train.csv").write_text("label,a,b\nx,1,2\ny,3,4\n")
    (tmp_path / "test.csv").write_text("b,a,label\n1,2,y\n")
    splits = load_data(tmp_path)
    test = splits.split("test")
    assert (test.labels.tolist(), test.inputs.tolist()) == ([1], [[2, 1]])
    (tmp_path / "test.csv").write_text(text)
    message = complaint(tmp_path, "test")
    assert "test.csv" in message
    assert reason in message
    splits = load_data(tmp_path)
    (tmp_path / "test.csv").unlink()
    assert "test.csv" in refusal(splits.split, "test")


@pytest.mark.parametrize(("validation", "end"), [("validation", ".png"), ("val", ".jpg")])
def test_folders_of_images(tmp_path: Path, validation: str, end: str) -> None:
    parts = {"train": slice(40), "validation": slice(30, 35), "test": slice(35, 40)}
    for name, part in parts.items():
        write_images(tmp_path / (validation if name == "validation" else name), part, end)
    splits = load_data(tmp_path)
    for name, part in parts.items():
        assert sorted(splits.split(name).labels) == sorted(LABELS[part])
        assert splits.split(name).classes == splits.train.classes
    train = load_data(tmp_path / "train").train
    assert train.input_shape == (1, 28, 28)
    assert np.array_equal(train.inputs, splits.train.inputs)
    assert end == ".jpg" or np.array_equal(train.inputs, IMAGES[np.argsort(LABELS, kind="stable")])


def test_broken_test_images_do_not_matter_to_training(tmp_path: Path) -> None:
    write_images(tmp_path / "train", slice(30))
    (tmp_path / "test" / "3").mkdir(parents=True)
    splits = load_data(tmp_path)
    assert "test holds no folders" in refusal(splits.split, "test")
    (tmp_path / "test" / "3" / "a.png").write_bytes(b"")
    assert "a.png cannot be read" in refusal(splits.split, "test")
    shutil.rmtree(tmp_path / "test")
    assert "cannot read" in refusal(splits.split, "test")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("minst", "did you mean 'mnist'?"),
        ("none.csv", "there is no file, folder or data set"),
        ("a\0b", "there is no file"),
        ("x" * 5000, ""),
        (".", "no data to train on"),
        ("flat", "no folder of images for each class"),
        ("splits", "put the images of each class into a folder"),
        *((folder, "no folders of images of two or more classes") for folder in ("one", "split")),
        ("digits.xlsx", "digits.xlsx is of an unknown kind; give a file in .csv, .parquet, .npz"),
        *((f"strokes:{n}", "strokes") for n in f"0 -5 x 5:x 5:6:7 5.0 ² 100000000000 {'9' * 99}".split()),
    ],
)
def test_unknown_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits.xlsx").write_bytes(b"PK")
    (tmp_path / "flat" / "train").mkdir(parents=True)
    (tmp_path / "flat" / "train" / "a.png").touch()
    for folder in ("one", "split/train"):
        write_images(tmp_path / folder, slice(1))
    for folder in ("Train", "Test"):
        write_images(tmp_path / "splits", slice(1))
        (tmp_path / "splits" / str(LABELS[0])).rename(tmp_path / "splits" / folder)
    assert reason in complaint(source)


def test_what_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(path: Path, form: Form) -> Dataset:
        raise MemoryError

    (tmp_path / "a.csv").write_text("label,a\n0,1\n1,2\n")
    monkeypatch.setattr("handgrad.data.tables.read_table", greedy)
    assert "a.csv does not fit into memory" in complaint(tmp_path / "a.csv")


def test_strokes(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = load_data("strokes:60:5")
    assert np.array_equal(splits.train.inputs, generate(60, 5)[0])
    assert np.array_equal(splits.split("test").inputs, generate(10, 5, 1)[0])
    assert len(load_data("strokes:1").split("test")) == 1
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 47_000)
    assert "strokes:60:5 need 47,040 bytes of memory" in complaint("strokes:60:5")


@pytest.mark.usefixtures("offline")
def test_the_rust_programs_tables_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnistdata").mkdir()
    table(slice(30)).write_csv("mnistdata/mnist_train.csv")
    assert find("mnist") is None
    table(slice(30, 40)).write_csv("mnistdata/mnist_test.csv")
    assert find("mnist") == Path("mnistdata")
    assert find("fashion-mnist") is None
    splits = load_data("mnist")
    assert holds(splits.train, slice(30))
    assert holds(splits.split("test"), slice(30, 40))
    assert splits.source == "mnist"


def test_polars_is_imported_only_for_tables(idx_folder: Path) -> None:
    code = (
        "import sys, handgrad as hg; hg.load_data('strokes:60').test; hg.load_data(sys.argv[1]).test; "
        "import handgrad.cli.models, handgrad.exports.csv; sys.exit('polars' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, idx_folder], timeout=60).returncode == 0
