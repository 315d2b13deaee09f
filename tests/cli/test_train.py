"""``handgrad train`` and ``handgrad resume``: options, output, and what a run contains."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import fails, prints
from fixture_types import Cli
from handgrad.data.collection import add_to_collection
from handgrad.data.strokes import generate
from networks import parameters

FIELDS = [*hg.Record.__dataclass_fields__]
SMALL = "train --data strokes:300:1"
MLP = "train mlp --data strokes:300:1"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_contains_recipe_log_checkpoint_model_and_parameters(cli: Cli, tmp_path: Path) -> None:
    *records, result = lines(prints(cli, f"{SMALL} --steps 60 --out RUN --json"))
    assert [list(record) for record in records] == [FIELDS] * 3
    assert [record["step"] for record in records] == [0, 50, 59]
    assert list(result) == [
        "run",
        "interrupted",
        "test_examples",
        "test_loss",
        "test_accuracy",
        "test_macro_f1",
    ]
    run = tmp_path / "RUN"
    names = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    parts = {f"final_config/{name}.csv" for name in ("b1", "b2", "w1", "w2")}
    assert names == parts | {"checkpoint.safetensors", "log.jsonl", "model.safetensors", "recipe.toml"}
    assert lines((run / "log.jsonl").read_text()) == records
    assert parameters(run) == parameters(run / "final_config")


def test_the_saved_recipe_repeats_the_run_bit_for_bit(cli: Cli, tmp_path: Path) -> None:
    options = "--seed 5 --batch-size 64 --epochs 2 --hidden 12,8 --learning-rate 0.2 --threads 2"
    prints(cli, f"{SMALL} {options} --out first")
    prints(cli, "train first/recipe.toml --threads 2 --out second")
    assert hg.load_model(tmp_path / "first").parameters[0].weights.shape == (12, 784)
    assert parameters(tmp_path / "first") == parameters(tmp_path / "second")


def test_output_in_a_pipe_is_plain_lines(cli: Cli) -> None:
    printed = prints(cli, f"{SMALL} --time-limit 0.1s")
    assert "\x1b" not in printed
    assert "7,960 parameters" in printed
    assert "every step sees every example" in printed
    assert printed.splitlines()[-1].split() == ["saved", "runs/classic-1"]
    again = prints(cli, f"{SMALL} --steps 1 --batch-size 50")
    assert again.splitlines()[-1].endswith("runs/classic-2")
    assert "every step" not in again
    assert not prints(cli, f"{SMALL} --steps 2 --quiet")


def test_without_data_it_trains_on_strokes(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.recipes.data.STROKES", "strokes:50")  # not 60,000
    done = cli("train", "--steps", "1", "--out", "RUN", "--json")
    assert done.returncode == 0
    (notice,) = done.stderr.splitlines()
    assert "strokes" in notice
    assert hg.load_recipe(str(tmp_path / "RUN" / "recipe.toml")).data.source == "strokes:50"
    fails(cli, "127.0.0.1", "train", "--data", "mnist", "--out", "NAMED")
    assert not (tmp_path / "NAMED").exists()


def test_a_time_limit_ends_it_and_resume_continues(cli: Cli, tmp_path: Path) -> None:
    printed = prints(cli, f"{SMALL} --steps 100000 --time-limit 0.2s --out RUN")
    assert "handgrad resume RUN" in printed
    log = tmp_path / "RUN" / "log.jsonl"
    log.write_bytes(b'[3]\n{"step": 7, \xff\n{}\n' + log.read_bytes() + b'{"step": 7, "epo')
    assert lines(prints(cli, "resume RUN --time-limit 0.2s --json"))[-1]["interrupted"] is True
    assert all(list(record) == FIELDS for record in lines(log.read_text()))


def test_divergence_keeps_the_last_good_model(cli: Cli, tmp_path: Path) -> None:
    diverging = f"{SMALL} --learning-rate 1e6 --hidden 30,30,30 --out RUN"
    fails(cli, "diverged at step", *diverging.split(), detail="RUN", printed=True)
    assert np.isfinite(hg.load_model(tmp_path / "RUN").flat_parameters).all()


def test_a_finished_run_is_not_trained_again(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    printed = prints(cli, f"{MLP} --validation 0.3 --set early_stopping.patience=2 --epochs 60 --out RUN")
    assert "no better validation" in printed
    assert re.search(r"\nnetwork  784 → Dense → … → 10: \S+ parameters\n", printed)
    before = (tmp_path / "RUN" / "model.safetensors").read_bytes()
    resumed = prints(cli, "resume RUN")
    assert "already finished" in resumed
    assert resumed.splitlines()[-3:] == printed.splitlines()[-3:]  # the same test accuracy
    fails(cli, "already holds a run", *SMALL.split(), "--steps", "1", "--seed", "1", "--out", "RUN")
    assert (tmp_path / "RUN" / "model.safetensors").read_bytes() == before


def test_resume_refuses_another_recipe_or_data_and_no_run(cli: Cli, tmp_path: Path, idx_folder: Path) -> None:
    for folder in ("nowhere", tmp_path):
        fails(cli, "checkpoint.safetensors", "resume", folder)
    prints(cli, f"train --data {idx_folder} --steps 1000 --time-limit 0.1s --out RUN")
    recipe = tmp_path / "RUN" / "recipe.toml"
    whole = recipe.read_text()
    recipe.write_text(whole.replace("seed = 0", "seed = 2"))
    fails(cli, "recipe.toml", "resume", "RUN")
    recipe.write_text(whole)
    labels = idx_folder / "train-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.write_bytes(content[:-1] + bytes([(content[-1] + 1) % 10]))
    fails(cli, str(idx_folder), "resume", "RUN", detail="the data differ")


def test_validation_data(cli: Cli, tmp_path: Path, idx_folder: Path) -> None:
    printed = prints(cli, f"{MLP} --epochs 1 --validation {idx_folder} --out RUN")
    assert "300 examples, 300 for validation" in printed
    assert hg.load_recipe(str(tmp_path / "RUN" / "recipe.toml")).data.validation == str(idx_folder)
    assert "240 examples, 60 for validation" in prints(cli, f"{MLP} --epochs 1 --validation 0.2")


def test_anything_in_the_recipe_can_be_set(cli: Cli, tmp_path: Path) -> None:
    averaging = "--set averaging={type='LastEpochs',epochs=2}"
    optimizer = "--set optimizer.type=RMSProp --set optimizer.clip_norm=2"
    prints(cli, f"{MLP} --epochs 2 {optimizer} {averaging} --set training.epochs=3 --tensorboard --out RUN")
    assert len(list((tmp_path / "RUN").glob("events.*"))) == 1
    recipe = hg.load_recipe(str(tmp_path / "RUN" / "recipe.toml"))
    assert recipe.optimizer == hg.RMSProp(clip_norm=2)
    assert recipe.averaging == hg.LastEpochs(2)
    assert recipe.training.epochs == 2  # an option takes precedence over a setting


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("did you mean 'mnist'?", "--data mnits"),
        ("did you mean 'training.epochs'?", "mine.toml"),
        ("bad.csv, line 4, column 'a'", "--data bad.csv"),
        ("none.csv", "mlp --data strokes:300 --validation none.csv"),
        ("300", "mlp --data strokes:300 --validation 300"),
        ("validation split", "mlp --data strokes:300 --validation 0 --set early_stopping.patience=2"),
        ("layer 0", "--from FIRST --data strokes:300 --hidden 13"),
        ("nowhere does not exist", "--from nowhere --data strokes:300"),
        ("bare.safetensors", "--from bare.safetensors --data strokes:300"),
        ("augmentation", "mlp --data t.csv --set augmentation.shift=2 --epochs 1 --tensorboard"),
    ],
)
def test_bad_recipes_data_and_models_leave_no_run(cli: Cli, tmp_path: Path, word: str, command: str) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\n[training]\nepoch = 1\n')
    (tmp_path / "t.csv").write_text("label,a,b\n" + "x,1,2\ny,1,2\n" * 9)
    (tmp_path / "bad.csv").write_text("label,a,b\nx,1,2\ny,1,2\nx,one,2\n")
    hg.save_model(hg.Network([hg.Dense(10)], 784), tmp_path / "bare.safetensors")
    if "FIRST" in command:
        prints(cli, f"{SMALL} --hidden 12 --steps 1 --out FIRST")
    fails(cli, word, "train", *command.split(), "--out", "RUN", printed=True)
    assert not (tmp_path / "RUN").exists()


def test_the_test_split_need_not_be_opened(cli: Cli, idx_folder: Path) -> None:
    for path in idx_folder.glob("t10k-images*"):
        path.write_bytes(b"not to be read")
    command = f"train mlp --data {idx_folder} --epochs 1"
    assert "handgrad evaluate RUN" in prints(cli, f"{command} --no-test --out RUN")
    prints(cli, "resume RUN --no-test")
    assert "test_accuracy" not in prints(cli, f"{command} --no-test --json")
    fails(cli, "t10k-images", *command.split(), printed=True)


def test_training_starts_from_a_model_and_keeps_all_classes(cli: Cli, tmp_path: Path) -> None:
    prints(cli, f"{SMALL} --hidden 12 --steps 60 --out FIRST")
    images, labels = generate(40, 4)
    few = np.flatnonzero(labels < 3)[:6]
    add_to_collection(tmp_path / "digits" / "mine.csv", images[few], [str(n) for n in labels[few]])
    prints(cli, "train --from FIRST --data digits/mine.csv --steps 1 --learning-rate 1e-6 --out tuned")
    before, after = hg.load_model(tmp_path / "FIRST"), hg.load_model(tmp_path / "tuned")
    assert after.classes == before.classes
    np.testing.assert_allclose(after.flat_parameters, before.flat_parameters, atol=1e-5)
    prints(cli, "train tuned/recipe.toml --out again")
    assert parameters(tmp_path / "again") == parameters(tmp_path / "tuned")
