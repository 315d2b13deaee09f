"""What bad input gets, through the real program: one line, a status, and nothing half-written."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from failing import fails
from fixture_types import Cli
from handgrad.model.files import save_model
from handgrad.model.layers import Dense
from handgrad.model.network import Network

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def change(folder: Path, name: str, edit: Callable[[bytes], bytes], *, zipped: bool = False) -> None:
    """Edit the uncompressed content of an IDX file, or the file itself."""
    path = next(folder.glob(f"{name}*"))
    content = path.read_bytes()
    if path.suffix == ".gz" and not zipped:
        content = gzip.decompress(content)
        path.unlink()
        path = path.with_suffix("")
    path.write_bytes(edit(content))


IDX: dict[str, tuple[str, Callable[[bytes], bytes], bool]] = {
    "truncated": (IMAGES, lambda c: c[:-100], False),
    "empty": (IMAGES, lambda c: b"", False),
    "header cut": (LABELS, lambda c: c[:6], False),
    "trailing garbage": (LABELS, lambda c: c + b"garbage", False),
    "wrong magic": (IMAGES, lambda c: b"\x12\x34" + c[2:], False),
    "web page": (IMAGES, lambda c: b"<!DOCTYPE html><html><body>404</body></html>", False),
    "gzip cut short": (IMAGES, lambda c: c[: len(c) // 2], True),
    "gzip garbage": (IMAGES, lambda c: c[:200] + b"\0\0\0\0" + c[204:], True),
    "counts differ": (LABELS, lambda c: c[:4] + struct.pack(">I", 299) + c[8:-1], False),
    "label out of range": (LABELS, lambda c: c[:-1] + b"\xc8", False),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", IDX)
def test_damaged_idx(cli: Cli, idx_folder: Path, case: str) -> None:
    name, edit, zipped = IDX[case]
    change(idx_folder, name, edit, zipped=zipped)
    fails(cli, idx_folder.name, "train", "--data", idx_folder, "--out", "RUN")
    assert not (idx_folder.parent / "RUN").exists()


HEADER = "label," + ",".join(f"pixel{index}" for index in range(784))
GOOD = [f"{index % 10}," + ",".join("7" for _ in range(784)) for index in range(20)]
CSV: dict[str, tuple[list[str], str]] = {
    "text": ([HEADER, *GOOD, GOOD[0].replace(",7", ",seven", 1)], "line 22, column 'pixel0'"),
    "missing value": ([HEADER, GOOD[0].replace(",7", ",", 1), *GOOD], "line 2, column 'pixel0'"),
    "too many columns": ([HEADER, *GOOD, GOOD[0] + ",7"], "line 22"),
    "too few columns": ([HEADER, *GOOD, GOOD[0][:-2]], "line 22"),
    "above 255": ([HEADER, *GOOD, GOOD[0].replace(",7", ",256", 1)], "line 22, column 'pixel0'"),
    "below 0": ([HEADER, *GOOD, GOOD[0].replace(",7", ",-1", 1)], "line 22, column 'pixel0'"),
    "fractional label": ([HEADER, *GOOD, "1.5" + GOOD[0][1:]], "1.5"),
    "negative label": ([HEADER, *GOOD, "-1" + GOOD[0][1:]], "-1"),
    "label out of range": ([HEADER, *GOOD, "77" + GOOD[0][1:]], "77"),
    "no label column": ([HEADER.replace("label", "digit"), *GOOD], "label"),
    "header only": ([HEADER], "no examples"),
    "nothing": ([], "empty"),
    "a web page": (["<!DOCTYPE html>", "<html>not found</html>"], "web page"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CSV)
def test_damaged_csv(cli: Cli, tmp_path: Path, case: str) -> None:
    rows, message = CSV[case]
    (tmp_path / "digits.csv").write_text("".join(f"{row}\n" for row in rows))
    fails(cli, "digits.csv", "train", "--data", "digits.csv", "--out", "RUN", telling=message)
    assert not (tmp_path / "RUN").exists()


def test_bad_picture_folders(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    fails(cli, "pictures", "train", "--data", "pictures")
    (folder / "cat").mkdir()
    Image.new("L", (8, 8), 200).save(folder / "cat" / "a.png")
    fails(cli, "pictures", "train", "--data", "pictures", telling="two or more")
    (folder / "dog").mkdir()
    (folder / "dog" / "b.png").write_bytes((folder / "cat" / "a.png").read_bytes()[:40])
    fails(cli, "b.png", "train", "--data", "pictures")


@pytest.mark.slow
def test_bad_models(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    network = Network([Dense(10)], (784,), np.random.default_rng(0))
    save_model(network, path)
    whole = path.read_bytes()
    arguments = ("evaluate", "model.safetensors", "--data", "strokes:60")
    assert cli(*arguments).returncode == 0
    path.write_bytes(whole[:-10])
    fails(cli, "model.safetensors", *arguments, telling="cut short")
    path.write_bytes(whole.replace(b"handgrad 1", b"handgrad 9"))
    fails(cli, "model.safetensors", *arguments, telling="upgrade handgrad")
    save_file(load_file_of(whole, tmp_path), path, {"format": "pt"})
    fails(cli, "model.safetensors", *arguments, telling="not a model of handgrad")
    save_model(Network([Dense(10)], (4,), np.random.default_rng(0)), path)
    fails(cli, "", *arguments, telling="takes 4 inputs, the data have 784")
    fails(cli, "nowhere", "evaluate", "nowhere", telling="does not exist")
    path.write_bytes(whole)
    fails(cli, "tset", *arguments, "--split", "tset", telling="choose from train, validation, test")


def load_file_of(content: bytes, folder: Path) -> dict[str, Any]:
    (folder / "copy.safetensors").write_bytes(content)
    return load_file(folder / "copy.safetensors")


def test_bad_pictures_to_predict(cli: Cli, tmp_path: Path) -> None:
    save_model(Network([Dense(10)], (784,), np.random.default_rng(0)), tmp_path / "m.safetensors")
    save_model(Network([Dense(2)], (4,), np.random.default_rng(0)), tmp_path / "table.safetensors")
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("not a picture")
    fails(cli, "blank.png", "predict", "m.safetensors", "blank.png", telling="blank")
    fails(cli, "text.png", "predict", "m.safetensors", "text.png")
    fails(cli, "none.png", "predict", "m.safetensors", "none.png", telling="does not exist")
    fails(cli, "", "predict", "table.safetensors", "blank.png", telling="not grey pictures")


HYPER: list[tuple[list[str], str]] = [
    (["--learning-rate", "0"], "learning_rate"),
    (["--learning-rate", "-0.1"], "learning_rate"),
    (["--learning-rate", "nan"], "learning_rate"),
    (["--learning-rate", "inf"], "learning_rate"),
    (["--learning-rate", "1e30"], "learning_rate"),
    (["--batch-size", "0"], "batch_size"),
    (["--batch-size", "many"], "batch_size"),
    (["--steps", "0"], "steps"),
    (["--epochs", "-3"], "epochs"),
    (["--epochs", "3", "--steps", "3"], "either steps or epochs"),
    (["--seed", "-1"], "seed"),
    (["--threads", "0"], "threads"),
    (["--hidden", "0"], "--hidden"),
    (["--hidden", "12,,3"], "--hidden"),
    (["--time-limit", "soon"], "--time-limit"),
    (["--time-limit", "0"], "--time-limit"),
]


@pytest.mark.parametrize(("options", "told"), HYPER, ids=[" ".join(options) for options, _ in HYPER])
def test_absurd_hyper_parameters(cli: Cli, tmp_path: Path, options: list[str], told: str) -> None:
    fails(cli, "", "train", "--data", "strokes:50", "--out", "RUN", *options, telling=told)
    assert not (tmp_path / "RUN").exists()


def test_wrong_names_suggest_the_nearest(cli: Cli, tmp_path: Path) -> None:
    fails(cli, "clasic", "train", "clasic", telling="did you mean 'classic'?")
    fails(cli, "mnits", "train", "--data", "mnits", telling="did you mean 'mnist'?")
    fails(cli, "strokes:x", "train", "--data", "strokes:x", telling="strokes:N:SEED")
    (tmp_path / "mine.toml").write_text('name = "mine"\n[training]\nbach_size = 1\n')
    fails(cli, "mine.toml", "train", "mine.toml", telling="did you mean 'batch_size'?")


@pytest.mark.slow
def test_places_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/RUN", "/dev/full", "/proc/RUN"):
        fails(cli, place.split("/")[-1], "train", "--data", "strokes:50", "--steps", "1", "--out", place)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["trian"], "did you mean 'train'?"),
        (["train", "--epoch", "3"], "--epoch"),
        (["train", "--epochs", "three"], "--epochs"),
        (["evaluate"], "MODEL"),
        (["predict", "RUN"], "FILE"),
    ],
)
def test_wrong_usage_is_status_two(cli: Cli, arguments: list[str], told: str) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert told in line
    assert "--help" in line


def test_debugging_shows_the_traceback(cli: Cli) -> None:
    done = cli("train", "clasic", HANDGRAD_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--data", "strokes:60", "--out"),
        ("train", "--data"),
        ("evaluate", "m.safetensors", "--data"),
        ("export", "m.safetensors", "--to", "onnx", "--out"),
        ("plot", "m.safetensors", "--out"),
        ("serve", "--runs"),
    ],
)
@pytest.mark.parametrize("place", ["", " "])
def test_no_place_is_not_the_current_folder(
    cli: Cli, tmp_path: Path, command: tuple[str, ...], place: str
) -> None:
    save_model(Network([Dense(10)], (784,), np.random.default_rng(0)), tmp_path / "m.safetensors")
    done = cli(*command, place)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"'{command[-1]}': it is empty; '.' is the current folder" in line
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
