"""What has come of a run, by what its files say."""

from pathlib import Path
from typing import Any

import pytest

from handgrad.learning.records import load_records
from handgrad.outcome import model_steps, validated, validated_in_words
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run


def trained(folder: Path, **changes: Any) -> Run:
    """Train a little on strokes."""
    usual = {
        "data": {"source": "strokes:300:1", "validation": 60},
        "training": {"epochs": 3, "batch_size": 50},
    }
    recipe = override(load_recipe("mlp"), {**usual, **changes}, "test")
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.opened():
        list(run.train(1))
    return run


def test_a_model_was_validated_in_its_last_record(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    found = validated(tmp_path / "run")
    assert found == load_records(tmp_path / "run")[-1]
    assert model_steps(tmp_path / "run") == found.step + 1 == run.state.step
    assert found.validation_accuracy is not None
    words = f"{100 * found.validation_accuracy:.1f} % of validation data of strokes:300:1 right"
    assert validated_in_words(tmp_path / "run") == words


def test_with_early_stopping_in_its_best_record(tmp_path: Path) -> None:
    training = {"epochs": 30, "batch_size": 50, "learning_rate": 0.3}
    trained(tmp_path / "run", training=training, early_stopping={"patience": 3})
    records = load_records(tmp_path / "run")
    best = min(records, key=lambda record: record.validation_loss or 0)
    assert best != records[-1]
    assert validated(tmp_path / "run") == best


def test_without_validation_or_where_files_do_not_say_nothing_is_told(tmp_path: Path) -> None:
    trained(tmp_path / "none", data={"source": "strokes:300:1", "validation": 0})
    assert validated_in_words(tmp_path / "none") is None
    assert validated_in_words(tmp_path / "nowhere") is None
    trained(tmp_path / "run")
    (tmp_path / "run" / "log.jsonl").unlink()
    assert validated_in_words(tmp_path / "run") is None


@pytest.mark.parametrize("other", ["mnist", "some/folder/mine.npz"])
def test_data_that_were_validated_on_are_named_without_their_folder(
    tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(tmp_path / "run")
    tables = load_recipe("mlp").tables() | {"data": {"source": "strokes:300:1", "validation": other}}
    monkeypatch.setattr("handgrad.outcome.restored_recipe", lambda *_: tables)
    words = validated_in_words(tmp_path / "run")
    assert words is not None
    assert words.endswith(f"of validation data of {Path(other).name} right")
