"""Columns of names in a stream: the inputs that they are without one, found in one pass and written in the next."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from handgrad.data.columns import in_known_order
from handgrad.data.dataset import Splits
from handgrad.data.load import load_data
from handgrad.data.streams import conversion, progress
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.data.streams.progress import Progress, tell_of_conversion
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.training.metrics import evaluate

SMALL = Memory(PROGRAM + 8 * 20_000)
"""Pieces of 20,000 bytes."""
ROWS = 900
SOILS = np.array(["clay", "sand", "loam", "peat, wet"])


@pytest.fixture(autouse=True)
def small_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches of this test alone, of blocks of 1,000 bytes."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "caches"))
    monkeypatch.setattr(progress, "BLOCK_BYTES", 1_000)


def frame() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    kinds = rng.integers(3, size=ROWS)
    kinds[-5:] = 3  # a name that comes last
    return pl.DataFrame(
        {
            "wet": rng.normal(size=ROWS).astype(np.float32),
            "soil": SOILS[kinds],
            "label": np.array(["no", "yes"])[rng.integers(2, size=ROWS)],
            "crop": np.array(["rye", "oat"])[rng.integers(2, size=ROWS)],
            "days": rng.integers(100, size=ROWS),
        }
    )


def write(table: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        table.write_csv(path)
    else:
        table.write_parquet(path, row_group_size=100)
    return path


def folder(tmp_path: Path, suffix: str) -> Path:
    place = tmp_path / "fields"
    place.mkdir()
    for name, first, last in (("train-0", 0, 400), ("train-1", 400, 900), ("test", 100, 400)):
        write(frame()[first:last], place / f"{name}.{suffix}")
    return place


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_stream_has_the_inputs_of_a_table_in_memory(tmp_path: Path, suffix: str) -> None:
    whole = load_data(write(frame(), tmp_path / f"fields.{suffix}")).train
    train = load_data(tmp_path / f"fields.{suffix}", SMALL).train
    assert isinstance(train, StreamedDataset)
    assert train.features == whole.features
    assert len(train.features) == 8
    assert train.class_names == whole.class_names
    np.testing.assert_array_equal(train.inputs[:], whole.inputs)
    np.testing.assert_array_equal(train.labels, whole.labels)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_test_split_has_the_inputs_of_train(tmp_path: Path, suffix: str) -> None:
    splits: Splits = load_data(folder(tmp_path, suffix), SMALL)
    assert splits.test is not None
    assert splits.test.features == splits.train.features
    assert "soil=peat, wet" in splits.test.features
    np.testing.assert_array_equal(splits.test.inputs[:], splits.train.inputs[100:400])


def test_other_training_files_make_other_test_caches(tmp_path: Path) -> None:
    place = folder(tmp_path, "csv")
    first = load_data(place, SMALL).test
    write(frame()[400:600], place / "train-1.csv")  # without the last name
    splits = load_data(place, SMALL)
    assert first is not None
    assert splits.test is not None
    assert (len(first.features), len(splits.test.features)) == (8, 7)
    assert splits.test.features == splits.train.features


def test_what_was_interrupted_goes_on_only_with_the_same_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder(tmp_path, "csv")
    monkeypatch.setattr(conversion, "SAVED_EVERY", 1_000)

    def interrupt(now: Progress) -> None:
        if now.examples > 200:  # within the first shard
            raise KeyboardInterrupt

    tell_of_conversion(interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_data(place, SMALL)
    tell_of_conversion(None)
    write(frame()[400:600], place / "train-1.csv")  # without the last name: examples have an input less
    train = load_data(place, SMALL).train
    whole = load_data(write(frame()[:600], tmp_path / "whole.csv")).train
    assert train.features == whole.features
    np.testing.assert_array_equal(train.inputs[:], whole.inputs)


def test_a_name_that_train_does_not_have_is_told_with_its_row(tmp_path: Path) -> None:
    place = folder(tmp_path, "csv")
    lines = (place / "test.csv").read_text().splitlines()
    lines[290] = "1.0,gravel,no,rye,3"
    (place / "test.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(
        HandgradError, match=r"test\.csv: row 290, column 'soil': 'gravel' is none of 'clay', 'loam'"
    ):
        _ = load_data(place, SMALL).test


def test_a_number_among_names_is_told(tmp_path: Path) -> None:
    table = write(frame(), tmp_path / "fields.csv")
    table.write_text(table.read_text() + "1.0,7,no,rye,3\n")
    with pytest.raises(
        HandgradError, match=r"fields\.csv: column 'soil' begins with names, and holds '7', too"
    ):
        load_data(table, SMALL)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("NA,clay,no,rye,3", "column 'wet': 'NA' is not a finite number"),
        ("1.0,clay,no,rye", "4 columns where the first line has 5; mend or drop it"),
    ],
)
def test_a_bad_row_far_down_is_told_as_one_at_the_beginning(tmp_path: Path, cells: str, told: str) -> None:
    for line in (3, 880):
        path = write(frame(), tmp_path / f"fields-{line}.csv")
        lines = path.read_text().splitlines()
        lines[line - 1] = cells
        path.write_text("\n".join(lines) + "\n")
        with pytest.raises(HandgradError) as caught:
            load_data(path, SMALL)
        assert str(caught.value) == f"{path}, line {line}{', ' if 'wet' in told else ': '}{told}"


def test_too_many_names_are_told(tmp_path: Path) -> None:
    notes = frame().with_columns(pl.Series("crop", [f"note {n}" for n in range(ROWS)]))
    with pytest.raises(HandgradError, match=r"column 'crop' holds \d+ different names, more than 100"):
        load_data(write(notes, tmp_path / "fields.csv"), SMALL)


def test_a_stream_in_another_order_is_measured_by_parts_and_not_validated_on(tmp_path: Path) -> None:
    whole = load_data(write(frame(), tmp_path / "fields.csv")).train
    turned = load_data(
        write(frame().select("crop", "label", "days", "wet", "soil"), tmp_path / "turned.csv"), SMALL
    )
    network = Network([Dense(2)], (8,), np.random.default_rng(0), classes=whole.class_names)
    network.features = tuple(whole.features)
    assert len(list(turned.train.parts())) > 3
    ours, theirs = evaluate(network, turned.train), evaluate(network, whole)
    np.testing.assert_array_equal(ours.confusion, theirs.confusion)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-6)
    with pytest.raises(HandgradError, match="a stream keeps its columns as they are, and these are others"):
        in_known_order(turned.train, whole.features, whole.class_names)
    same = in_known_order(
        load_data(tmp_path / "fields.csv", SMALL).train, whole.features, whole.class_names[::-1]
    )
    np.testing.assert_array_equal(same.labels, 1 - whole.labels)
    assert same.labels.dtype == np.uint8
    assert same.class_names == whole.class_names[::-1]


def test_a_name_that_a_network_does_not_know_is_told_with_its_row_in_the_whole(tmp_path: Path) -> None:
    whole = load_data(write(frame(), tmp_path / "fields.csv")).train
    network = Network([Dense(2)], (8,), np.random.default_rng(0), classes=whole.class_names)
    network.features = tuple(whole.features)
    table = frame()
    table[790, "soil"] = "gravel"
    path = write(table, tmp_path / "other.csv")
    for dataset in (load_data(path, SMALL).train, load_data(path).train):
        with pytest.raises(HandgradError, match="row 791, column 'soil': 'gravel' is none of"):
            evaluate(network, dataset)
