"""The readers of files: how to write a few valid files, and how to read them."""

import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from gzip import compress
from io import StringIO
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from PIL import Image

import handgrad as hg
from handgrad.cli.main import main
from handgrad.data.collection import add_to_collection
from handgrad.data.idx import FILES, idx_header
from handgrad.data.images import read_example
from handgrad.data.strokes import generate
from handgrad.exports.csv import write_csv
from handgrad.exports.formats import load_model_recipe
from handgrad.recipes.loading import load_recipe, recipe_text
from handgrad.runs import Run
from handgrad.server.run_folders import find_runs, read_records, status, validated

IMAGES, LABELS = generate(12, 7)
NAMES = np.array(list("0123456789"))
ARRAYS: dict[str, Any] = {
    "x_train": IMAGES.reshape(-1, 28, 28),
    "y_train": NAMES[LABELS],
    "x_test": IMAGES / 255,
    "y_test": LABELS,
    "classes": NAMES,
}
ROWS = [f"{('no', 'yes')[k % 2]},{k / 3},{('clay', 'sand')[k % 2]}\n" for k in range(12)]
TABLE = "label,a,soil\n" + "".join(ROWS)
RECIPE = """\
name = "small"
[data]
source = "{folder}/data.csv"
validation = 0.25
[network]
layers = [{{type = "Dense", units = 4}}, {{type = "ReLU"}}, {{type = "Dense", units = "classes"}}]
[optimizer]
type = "Adam"
learning_rate = 0.01
[early_stopping]
patience = 3
[training]
batch_size = 4
epochs = 2
"""


class Reader(NamedTuple):
    """How to write valid files into a folder, and how to read one of them, with others of its folder if need be."""

    write: Callable[[Path], object]
    read: Callable[[Path], object]
    share: float = 1.0
    """Of the seeds of other readers, where one takes long."""


def write_idx(folder: Path) -> None:
    for names, end, pack in ((FILES["train"], "", bytes), (FILES["test"], ".gz", compress)):
        for name, array in zip(names, (IMAGES.reshape(-1, 28, 28), LABELS), strict=True):
            (folder / f"{name}{end}").write_bytes(pack(idx_header(array) + array.tobytes()))


def write_npz(folder: Path) -> None:
    np.savez(folder / "a.npz", **ARRAYS)
    np.savez_compressed(folder / "b.npz", **ARRAYS)


def write_npy(folder: Path) -> None:
    for name, array in ARRAYS.items():
        np.save(folder / name, array)


def write_collection(folder: Path) -> None:
    add_to_collection(folder / "a.csv", IMAGES, NAMES[LABELS].tolist())


def write_tables(folder: Path) -> None:
    (folder / "a.csv").write_text(TABLE)
    (folder / "b.csv").write_text("".join(ROWS))
    rows = np.c_[LABELS, IMAGES[:, :49]].tolist()
    (folder / "c.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))


def write_targets(folder: Path) -> None:
    rows = [f"{k / 3},{k % 2},{k % 3 % 2},{k * k if k % 5 else ''},{k}\n" for k in range(12)]
    (folder / "a.csv").write_text("price,tall,red,a,b\n" + "".join(rows))


def read_targets(path: Path) -> None:
    for target in ("price", ["tall", "red"], ["price", "red"]):
        assert np.isfinite(hg.load_data(path, target).train.labels).all()


def write_parquet(folder: Path) -> None:
    table = pl.read_csv(StringIO(TABLE)).with_columns(pl.Series("b", range(12), pl.UInt8))
    table.write_parquet(folder / "a.parquet", row_group_size=5)


def write_images(folder: Path) -> None:
    for number, name in enumerate(("a.png", "b.png", "c.jpg", "d.gif", "e.bmp", "f.jpg", "g.webp", "h.png")):
        image = Image.fromarray(IMAGES[number].reshape(28, 28)).resize((40, 20 + number // 4))
        path = folder / str(number % 2) / name
        path.parent.mkdir(exist_ok=True)
        image.convert("RGBA" if number == 1 else "L").save(path)


def write_recipes(folder: Path) -> None:
    for name in ("classic", "best"):
        (folder / f"{name}.toml").write_text(recipe_text(name))


def write_models(folder: Path, *suffixes: str) -> None:
    layers = [hg.Conv2D(2, 5), hg.BatchNorm(), hg.ReLU(), hg.MaxPool2D(4), hg.Flatten(), hg.Dense(10)]
    images = hg.Network(layers, (1, 28, 28), 0, scaling=hg.Scaling.of_bytes(), framing="digit")
    scaling = hg.Scaling(np.arange(2.0), np.ones(2))
    table = hg.Network([hg.Dense(3)], 2, 0, scaling=scaling, features=("a", "b"), classes=("x", "y", "z"))
    for name, network in (("images", images), ("table", table)):
        for suffix in suffixes:
            write = hg.export if suffix == ".onnx" else hg.save_model
            write(network, folder / f"{name}{suffix}", recipe={"name": "small"})


def write_final_config(folder: Path) -> None:
    write_csv(hg.Network([hg.Dense(3), hg.ReLU(), hg.Dense(2)], 4, 0, scaling=hg.Scaling.of_bytes()), folder)


def write_run(folder: Path) -> None:
    path = folder / "run"
    path.mkdir()
    (path / "data.csv").write_text(TABLE)
    (path / "recipe.toml").write_text(RECIPE.format(folder=path))
    recipe = load_recipe(str(path / "recipe.toml"))
    (path / "recipe.toml").unlink()  # a run folder is new
    run = Run.start(recipe, path)
    with run.open():
        list(run.train(threads=1))
    rmtree(path / "final_config")


def read_run(path: Path) -> None:
    for run in find_runs(path.parents[1]):  # a list of runs shows damaged ones, too
        status(run)
        read_records(run)
        validated(run)
    hg.load_records(path.parent)
    hg.load_model(path.parent)
    Run.resume(path.parent)


def write_questions(folder: Path) -> None:
    write_models(folder, ".onnx", ".safetensors")
    Image.fromarray(IMAGES[0].reshape(28, 28)).save(folder / "images.png")
    (folder / "table.csv").write_text("a,b\n0.5,1\n2,1e30\n")


def predict(path: Path) -> None:
    model = path if path.suffix in (".onnx", ".safetensors") else path.with_suffix(".onnx")
    file = path.with_suffix(".png" if path.stem == "images" else ".csv")
    with redirect_stdout(StringIO()) as printed, redirect_stderr(StringIO()) as errors:
        failed = main(["predict", str(model), str(file), "--json"])
    for line in printed.getvalue().splitlines():
        json.loads(line, parse_constant=lambda constant: json.loads(f"{constant} is not JSON"))
    if failed:
        raise hg.HandgradError(errors.getvalue().removesuffix("\n"))


def load_all(path: Path) -> None:
    splits = hg.load_data(path)
    for split in (splits.train, splits.test or splits.train):
        assert np.isfinite(split.inputs).all()


def load_model(path: Path) -> None:
    hg.load_model(path)
    load_model_recipe(path)


def read_collection(path: Path) -> None:
    table = path.with_suffix(".csv")
    try:
        add_to_collection(table, IMAGES[:0], ())
    finally:
        load_all(table)


def in_its_folder(read: Callable[[Path], object]) -> Callable[[Path], object]:
    """Return a function that reads the folder of a file."""
    return lambda path: read(path.parent)


READERS = {
    "idx": Reader(write_idx, in_its_folder(load_all)),
    "npz": Reader(write_npz, load_all),
    "npy": Reader(write_npy, in_its_folder(load_all)),
    "csv": Reader(write_tables, load_all),
    "targets": Reader(write_targets, read_targets),
    "parquet": Reader(write_parquet, load_all, 0.03),  # a child process reads it first
    "images": Reader(write_images, in_its_folder(in_its_folder(load_all))),
    "image": Reader(write_images, lambda path: read_example(path, (1, 28, 28), "digit")),
    "collection": Reader(write_collection, read_collection),
    "recipe": Reader(write_recipes, lambda path: load_recipe(str(path))),
    "model": Reader(lambda folder: write_models(folder, ".safetensors"), load_model),
    "onnx": Reader(lambda folder: write_models(folder, ".onnx"), load_model),
    "run": Reader(write_run, read_run, 0.5),
    "final_config": Reader(write_final_config, in_its_folder(load_model)),
    "predict": Reader(write_questions, predict, 0.5),
}
