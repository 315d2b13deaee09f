"""What has come of a run: the record in which its model was measured, wherever its files are."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixture_types import Cli
from handgrad.model.files import save_model
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.run_status import validated, validation_summary
from handgrad.runs import Run
from handgrad.training.metrics import evaluate
from handgrad.training.records import load_records

DATA = "strokes:600:1"
AVERAGE = {"type": "ExponentialAverage", "decay": 0.9}


def trained(folder: Path, stop_after: int | None = None, **changes: Any) -> Run:
    training = {"epochs": 6, "batch_size": 50}
    given = {"data": {"source": DATA, "validation": 100}, "training": training, **changes}
    recipe = override(load_recipe("mlp"), given, "test")
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.open():
        for _ in run.train(1, stop=lambda: run.state.step == stop_after):
            pass
    return run


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"averaging": AVERAGE},
        {"early_stopping": {"patience": 2, "monitor": "validation_accuracy"}},
        {
            "early_stopping": {"patience": 2},
            "averaging": AVERAGE,
            "training": {"epochs": 30, "batch_size": 20},
        },
        {"stop_after": 7},
    ],
)
def test_the_record_of_the_model(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = trained(tmp_path / "run", **changes)
    record = validated(tmp_path / "run")
    assert record is not None
    assert run.splits.validation is not None
    found = evaluate(run.network, run.splits.validation)
    assert record.validation_accuracy == pytest.approx(found.accuracy)
    assert record.validation_loss == pytest.approx(found.loss, rel=1e-4)


def test_early_stopping_kept_an_earlier_one(tmp_path: Path) -> None:
    stopping = {"patience": 3, "monitor": "validation_loss"}
    trained(
        tmp_path / "run",
        early_stopping=stopping,
        optimizer={"learning_rate": 0.05},
        training={"epochs": 60, "batch_size": 20},
    )
    records = load_records(tmp_path / "run")
    best = min(records, key=lambda record: record.validation_loss or 0.0)
    assert validated(tmp_path / "run") == best != records[-1]


@pytest.mark.parametrize("stopping", [None, {"patience": 3, "monitor": "validation_loss"}])
def test_of_a_checkpoint_it_is_what_that_would_leave(tmp_path: Path, stopping: dict[str, Any] | None) -> None:
    rough = {"epochs": 60, "batch_size": 20}
    changes = {"early_stopping": stopping} if stopping else {}
    trained(tmp_path / "run", training=rough, optimizer={"learning_rate": 0.05}, stop_after=130, **changes)
    (tmp_path / "run" / "model.safetensors").unlink()
    records = load_records(tmp_path / "run")
    losses = [record.validation_loss or 0.0 for record in records]
    assert losses[-1] > min(losses)
    expected = records[losses.index(min(losses))] if stopping else records[-1]
    assert validated(tmp_path / "run", "checkpoint.safetensors") == expected
    assert validated(tmp_path / "run") is None


def test_nothing_is_shown_where_it_is_unknown(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", data={"source": DATA, "validation": 0})
    assert validation_summary(tmp_path / "run") is None  # nothing to validate on
    measured = trained(tmp_path / "measured")
    assert validation_summary(tmp_path / "measured") is not None
    model = tmp_path / "measured" / "model.safetensors"
    save_model(measured.network, model, measured.recipe.tables())  # it does not contain its steps
    assert validation_summary(tmp_path / "measured") is None
    save_model(
        measured.network, model, measured.recipe.tables(), steps=run.state.step + 1
    )  # the log has no such step
    assert validation_summary(tmp_path / "measured") is None
    assert validation_summary(tmp_path) is None


@pytest.mark.slow
def test_the_exported_page_shows_it(cli: Cli, tmp_path: Path) -> None:
    done = cli(
        "train", "mlp", "--data", "strokes:600", "--epochs", "2", "--out", "run", "--quiet", "--no-test"
    )
    assert done.returncode == 0, done.stderr
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    expected = f"accuracy {100 * last['validation_accuracy']:.1f} % on validation data of strokes:600"
    for model, known in (("run", True), ("run/model.safetensors", True), ("run/final_config", False)):
        done = cli("export", model, "page.html")
        if not known and done.returncode:  # a folder of parameters does not contain the shape of images
            continue
        assert done.returncode == 0, done.stderr
        assert (f'data-accuracy="{expected}"' in (tmp_path / "page.html").read_text("utf-8")) is known


@pytest.mark.parametrize("other", ["mnist", "some/folder/mine.npz"])
def test_data_that_were_validated_on_are_named_without_their_folder(
    tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path / "run")
    tables = load_recipe("mlp").tables() | {"data": {"source": "strokes:300:1", "validation": other}}
    monkeypatch.setattr("handgrad.run_status.recipe_from_metadata", lambda *_: tables)
    words = validation_summary(tmp_path / "run")
    assert words is not None
    assert words.endswith(f" on validation data of {Path(other).name}")
