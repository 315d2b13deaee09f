"""The record in which the model of a run was validated."""

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

import handgrad as hg
from handgrad.model.files import read_tensors, serialize_tensors
from handgrad.recipes.loading import override
from handgrad.runs import Run
from handgrad.server.run_folders import validated
from handgrad.training.records import LOG_FILE

AVERAGE = {"type": "ExponentialAverage", "decay": 0.9}
LONG = {"epochs": 30, "batch_size": 20}
ROUGH: dict[str, Any] = {"training": {"epochs": 60, "batch_size": 20}, "optimizer": {"learning_rate": 0.05}}


def trained(folder: Path, stop_after: float = inf, validation: int = 100, **changes: Any) -> Run:
    data = {"source": "strokes:600:1", "validation": validation}
    given = {"data": data, "training": {"epochs": 6, "batch_size": 30}, **changes}
    run = Run.start(override(hg.load_recipe("mlp"), given, "test"), folder)
    with run.open():
        list(run.train(1, stop=lambda: run.state.step >= stop_after))
    return run


@pytest.mark.parametrize(
    "changes",
    [
        {"averaging": AVERAGE},
        {"early_stopping": {"patience": 2, "monitor": "validation_accuracy"}},
        {"early_stopping": {"patience": 3}, **ROUGH},  # it keeps an earlier one
        {"early_stopping": {"patience": 2}, "averaging": AVERAGE, "training": LONG},
        {"stop_after": 25},
    ],
)
def test_record_of_the_model(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = trained(tmp_path / "run", **changes)
    record = validated(tmp_path / "run")
    assert record is not None
    assert run.splits.validation is not None
    found = hg.evaluate(run.network, run.splits.validation)
    assert record.validation_accuracy == pytest.approx(found.accuracy)
    assert record.validation_loss == pytest.approx(found.loss, rel=1e-4)


@pytest.mark.parametrize("stopping", [{}, {"early_stopping": {"patience": 3}}])
def test_record_of_a_checkpoint_is_that_of_its_model(tmp_path: Path, stopping: dict[str, Any]) -> None:
    trained(tmp_path / "run", 130, **{**ROUGH, **stopping})
    (tmp_path / "run" / "model.safetensors").unlink()
    records = hg.load_records(tmp_path / "run")
    losses = [record.validation_loss or 0.0 for record in records]
    assert losses[-1] > min(losses)
    expected = records[losses.index(min(losses))] if stopping else records[-1]
    assert validated(tmp_path / "run") == expected
    with (tmp_path / "run" / LOG_FILE).open("a") as file:  # killed before the checkpoint of this record
        file.write(json.dumps(records[-1].as_dict() | {"step": 135, "validation_loss": 0.0}) + "\n")
    assert validated(tmp_path / "run") == expected


def test_record_of_a_model_without_its_checkpoint(tmp_path: Path) -> None:
    cases: dict[str, dict[str, Any]] = {"last": {}, "best": {"early_stopping": {"patience": 3}}}
    for name, changes in cases.items():
        folder = tmp_path / name
        trained(folder, **changes)
        (folder / "checkpoint.safetensors").unlink()
        assert validated(folder) == (hg.load_records(folder)[-1] if name == "last" else None)


def test_nothing_is_returned_where_it_is_unknown(tmp_path: Path) -> None:
    assert validated(tmp_path) is None
    trained(tmp_path / "run", validation=0)
    assert validated(tmp_path / "run") is None
    trained(tmp_path / "measured")
    checkpoint = tmp_path / "measured" / "checkpoint.safetensors"
    for state in ("3", "[" * 100_000):
        tensors, metadata = read_tensors(checkpoint)
        checkpoint.write_bytes(serialize_tensors(tensors, metadata | {"state": state}))
        assert validated(tmp_path / "measured") is None
