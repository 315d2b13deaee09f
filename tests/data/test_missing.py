"""Missing numbers: the mean and an input stand for them, as training, other splits, models and rows have them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import handgrad as hg
from failing import refusal
from handgrad.data.arrays import is_mapped
from handgrad.data.columns import in_known_order, means_of
from handgrad.data.dataset import Dataset
from handgrad.data.form import Form
from handgrad.data.load import load_data
from handgrad.data.tables import read_rows
from handgrad.training.evaluation import as_known, form_of

FEATURES = ("age", "age=", "soil=", "soil=clay", "size")
TEXT = "age,soil,size,label\n1,clay,4,x\n,,5,y\n6,clay,6,x\n, clay ,7,y\n"
INPUTS = [[1, 0, 0, 1, 4], [3.5, 1, 1, 0, 5], [6, 0, 0, 1, 6], [3.5, 1, 0, 1, 7]]
OTHER = "size,age,label,soil\n5,,y,clay\n4,20,x,\n"
OTHER_INPUTS = [[3.5, 1, 0, 1, 5], [20, 0, 1, 0, 4]]


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def network(tmp_path: Path) -> hg.Network:
    splits = load_data(write(tmp_path, TEXT))
    network = hg.Network([hg.Dense(2)], 5, 0)
    hg.fit(network, splits, epochs=1)
    return network


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\n\n"), TEXT.replace(",", " , "), TEXT + "\n"])
def test_missing_numbers_have_their_mean_and_an_input(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handgrad.data.cells.CELLS", 8)  # rows of two batches
    train = load_data(write(tmp_path, text)).train
    assert (train.inputs.tolist(), train.features) == (INPUTS, FEATURES)
    assert (train.means, train.inputs.dtype) == ({"age": 3.5}, np.float32)
    bare = load_data(write(tmp_path, "\n".join(f"{k % 2},{k or ''},{k}" for k in range(3)))).train
    assert (bare.features, bare.inputs.tolist()) == (("2", "2=", "3"), [[1.5, 1, 0], [1, 0, 1], [2, 0, 2]])


@pytest.mark.parametrize("column", [[1, None, 6, None], [1.0, float("nan"), 6, None]])
def test_parquet(tmp_path: Path, column: list[float | None]) -> None:
    columns: dict[str, Any] = {"age": column, "soil": ["clay", None, "clay", "clay"], "size": [4, 5, 6, 7]}
    pl.DataFrame(columns | {"label": list("xyxy")}).write_parquet(tmp_path / "t.parquet")
    train = load_data(tmp_path / "t.parquet").train
    assert (train.inputs.tolist(), train.features, train.means) == (INPUTS, FEATURES, {"age": 3.5})


def test_other_splits_have_the_mean_of_training(tmp_path: Path) -> None:
    write(tmp_path, TEXT, "train.csv")
    test = write(tmp_path, OTHER, "test.csv")
    splits = load_data(tmp_path)
    assert splits.test is not None
    assert (splits.test.inputs.tolist(), splits.test.means) == (OTHER_INPUTS, {"age": 3.5})
    validation = splits.split_validation(2, np.random.default_rng(0)).validation
    assert validation is not None
    assert validation.means == {"age": 3.5}
    write(tmp_path, OTHER + ",7,x,\n", "test.csv")
    line = refusal(lambda: load_data(tmp_path).test)
    assert f"{test}, line 4, column 'size': no value; fill it in" in line


def test_a_model_has_the_mean_of_training(tmp_path: Path, network: hg.Network) -> None:
    assert network.scaling is not None
    assert network.features == FEATURES
    assert means_of(FEATURES, network.scaling.shift) == {"age": 3.5}
    hg.save_model(network, tmp_path / "m.safetensors")
    model = hg.load_model(tmp_path / "m.safetensors")
    path = write(tmp_path, OTHER)
    own = load_data(path).train
    assert own.means == {"age": 20}
    alike = load_data(path, like=form_of(model)).train
    assert alike.inputs.tolist() == as_known(model, own).inputs.tolist() == OTHER_INPUTS
    for text in (OTHER, "size,age,soil\n5,,clay\n4,20,\n\n , ,\n"):
        inputs, _, names = read_rows(write(tmp_path, text), form_of(model))
        assert (inputs.tolist(), names) == (OTHER_INPUTS, FEATURES)
    assert as_known(model, alike) is alike
    complete = load_data(write(tmp_path, "age,soil,size,label\n1,clay,2,x\n3,,4,y\n")).train
    assert as_known(model, complete).inputs.tolist() == [[1, 0, 0, 1, 2], [3, 0, 1, 0, 4]]


def test_further_training_keeps_the_mean_of_the_model(tmp_path: Path, network: hg.Network) -> None:
    shift = network.scaling and network.scaling.shift.tolist()
    data = load_data(write(tmp_path, TEXT.replace("6,clay", "600,clay")))
    assert data.train.means == {"age": 300.5}
    other = hg.Network([hg.Dense(2)], 5, 0, scaling=network.scaling, arrays=network.named_arrays())
    hg.fit(other, data, epochs=1, batch_size="all", seed=0)
    hg.fit(network, as_known(network, data.train), epochs=1, batch_size="all", seed=0)
    np.testing.assert_array_equal(other.flat_parameters, network.flat_parameters)
    assert other.scaling is not None
    assert other.scaling.shift.tolist() == shift


def test_data_beyond_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("handgrad.data.outofcore.available_memory", lambda: 10)
    path = write(tmp_path, TEXT.replace("label", "kind"))
    targets = write(tmp_path, "a,b,c\n1,,2.5\n2,4,-1\n", "y.csv")
    for _ in range(2):
        train = load_data(path, "kind").train
        assert is_mapped(train.inputs)
        assert (train.inputs.tolist(), train.means) == (INPUTS, {"age": 3.5})
        numbers = load_data(targets, ["c", "a"]).train
        assert (numbers.labels.tolist(), numbers.task) == ([[2.5, 1], [-1, 2]], "regression")
        assert numbers.inputs.tolist() == [[4, 1], [4, 0]]
    network = hg.Network([hg.Dense(2)], 5, 0)
    hg.fit(network, train, epochs=1)
    monkeypatch.setattr("handgrad.data.outofcore._convert", None)  # a model reads the same conversion
    assert load_data(path, "kind", like=form_of(network)).train.inputs.tolist() == INPUTS
    monkeypatch.undo()
    assert load_data(targets, "a", "classification").train.labels.tolist() == [0, 1]


def test_missing_numbers_where_the_model_knows_none(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    dataset = load_data(path).train
    features = ("age", "soil=", "soil=clay", "size")
    line = refusal(in_known_order, dataset, features, dataset.classes)
    assert "column 'age' lacks numbers" in line
    form = Form((), None, None, features, 4, np.float32)
    assert "t.csv, line 3, column 'age': no value" in refusal(load_data, path, like=form)
    assert "t.csv, line 3, column 'age': no value" in refusal(read_rows, path, form)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,a,b\n0,,1\n1,,2\n", "column 'a' holds no values; drop it"),
        ("label,a,b\n0,,1\n1,3,2\n1,x,2\n", "line 4, column 'a': 'x' is not a finite number"),
        ("label,a,b\n0,,1\n1,3,2\n1,nan,2\n", "line 4, column 'a': 'nan' is not a finite number"),
        ("label,a,b\n0,,1\n1,1e200,2\n", "line 3, column 'a': '1e200' is not a finite number"),
        ("label,a,b\n0,1,1\n1,2\n,,\n", "line 3: 2 columns where there should be 3"),
        ("label,pixel0\n0,1\n1,\n", "line 3, column 'pixel0': no value"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(load_data, write(tmp_path, text))


def test_all_inputs_of_an_example_may_be_missing(tmp_path: Path) -> None:
    train = load_data(write(tmp_path, "a,label\n,0\n2,1\n,1\n")).train
    assert train.inputs.tolist() == [[2, 1], [2, 0], [2, 1]]
    features: Sequence[str] = train.features
    data = Dataset(train.inputs, train.labels, features=features)
    assert in_known_order(data, features, ("0", "1"), {"a": 5}).inputs.tolist() == [[5, 1], [2, 0], [5, 1]]
