"""What else a training can be asked for: validation data of one's own, changed recipes, early stopping, and all of it
exactly resumed."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from fixture_types import Cli
from handgrad.cli.options import parse_settings
from handgrad.errors import HandgradError
from handgrad.exports.formats import load_model
from handgrad.recipes.loading import load_recipe, override

SMALL = ("mlp", "--data", "strokes:300:1")

EVERYTHING = """
name = "everything"
seed = 3
data = { source = "strokes:1500:1", validation = 0.2 }
optimizer = { type = "Muon", learning_rate = 0.005, weight_decay = 0.01, clip_norm = 1.0, max_norm = 3.0 }
schedule = { type = "ReduceOnPlateau", drop = 0.7, patience = 2, warmup = 0.1 }
loss = { type = "CrossEntropy", label_smoothing = 0.1, class_weights = "balanced" }
augmentation = { shift = 1, rotate = 10, scale = 0.1, shear = 5, elastic = 20 }
averaging = { type = "ExponentialAverage", decay = 0.98 }
early_stopping = { patience = 40, monitor = "validation_loss" }
training = { batch_size = 64, epochs = 60 }

[network]
input = "image"
layers = [
    { type = "Conv2D", filters = 4, kernel_size = 5, stride = 2 },
    { type = "BatchNorm" },
    { type = "Maxout" },
    { type = "MaxPool2D" },
    { type = "Flatten" },
    { type = "Dropout", rate = 0.1 },
    { type = "Dense", units = 16 },
    { type = "GELU" },
    { type = "Dense", units = "classes" },
]
"""


@pytest.mark.slow
def test_validation_data_of_ones_own(cli: Cli, tmp_path: Path, idx_folder: Path) -> None:
    done = cli("train", *SMALL, "--epochs", "1", "--validation", idx_folder, "--out", "RUN")
    assert done.returncode == 0, done.stderr
    assert "300 examples, 300 to validate" in done.stdout
    assert load_recipe(str(tmp_path / "RUN" / "recipe.toml")).data.validation == str(idx_folder)
    assert "30 to validate" in cli("train", *SMALL, "--epochs", "1", "--validation", "30").stdout
    assert "60 to validate" in cli("train", *SMALL, "--epochs", "1", "--validation", "0.2").stdout


@pytest.mark.slow
def test_validation_data_that_do_not_fit(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("label,a\n" + "0,1\n1,2\n" * 3)
    sizes = "other.csv: strokes:300:1: examples to train on have 784 values, validation examples have 1"
    for source, told in (("other.csv", sizes), ("none.csv", "none.csv"), ("300", "cannot cut 300")):
        done = cli("train", *SMALL, "--validation", source, "--out", "RUN")
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "RUN").exists()


def test_anything_in_the_recipe_can_be_set(cli: Cli, tmp_path: Path) -> None:
    settings = ("optimizer.type=RMSProp", "optimizer.clip_norm=2", "averaging={type='LastEpochs', epochs=2}")
    options = [part for setting in settings for part in ("--set", setting)]
    # AdamW's own decay stays where the type changes, since every optimizer has one
    done = cli("train", *SMALL, "--epochs", "2", *options, "--set", "training.epochs=3", "--out", "RUN")
    assert done.returncode == 0, done.stderr
    recipe = load_recipe(str(tmp_path / "RUN" / "recipe.toml"))
    assert recipe.optimizer == {
        "type": "RMSProp",
        "learning_rate": 0.01,
        "clip_norm": 2,
        "weight_decay": 0.1,
    }
    assert recipe.averaging == {"type": "LastEpochs", "epochs": 2}
    assert recipe.training.epochs == 2  # an option says more than a setting


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("training.epoch=3", "unknown key 'training.epoch'; did you mean 'epochs'?"),
        ("optimizer.bta1=0.8", "AdamW has no field 'bta1'; did you mean 'beta1'?"),
        ("optimizer.type=Adan", "unknown optimizer 'Adan'; did you mean 'Adam'?"),
        ("augmentation.turn=3", "Augmentation has no field 'turn'"),
        ("augmentation.rotate=-3", "Augmentation rotate must be from 0 to 180; got -3"),
        ("averaging.decay=0.9", "averaging: a table with a type is needed"),
        ("loss.label_smoothing=2", "CrossEntropy label_smoothing must be"),
        ("early_stopping.patience=0", "EarlyStopping patience must be"),
        ("training", "--set takes KEY=VALUE, as training.epochs=3; got 'training'"),
        ("a.b.c=3", "--set takes KEY=VALUE"),
    ],
)
def test_a_wrong_setting_gets_one_clear_line(setting: str, told: str) -> None:
    with pytest.raises(HandgradError) as error:
        override(load_recipe("mlp"), parse_settings([setting]), "command line")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_early_stopping_says_so_and_a_resume_finds_nothing_to_do(cli: Cli, tmp_path: Path) -> None:
    options = ("--set", "early_stopping.patience=2", "--epochs", "60", "--out", "RUN")
    done = cli("train", *SMALL, "--validation", "0.3", *options)
    assert done.returncode == 0, done.stderr
    assert "no better validation for 2 epochs; the best parameters are kept" in done.stdout
    model = (tmp_path / "RUN" / "model.safetensors").read_bytes()
    again = cli("resume", "RUN")
    assert "already finished" in again.stdout
    assert (tmp_path / "RUN" / "model.safetensors").read_bytes() == model


def test_early_stopping_without_validation_data_is_refused(cli: Cli, tmp_path: Path) -> None:
    options = ("--set", "early_stopping.patience=2", "--validation", "0", "--out", "RUN")
    done = cli("train", *SMALL, *options)
    assert done.returncode == 1
    assert "early stopping watches the validation split, and there is none" in done.stderr
    assert not (tmp_path / "RUN").exists()


@pytest.mark.slow
def test_extremes_of_batches_and_classes(cli: Cli, tmp_path: Path) -> None:
    """A batch larger than the data and a last batch of one are trained on all the same; one class alone is not."""
    for data, size in (("strokes:60", "100000"), ("strokes:61", "20")):
        done = cli("train", "mlp", "--data", data, "--batch-size", size, "--epochs", "2", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[0])["loss"] >= 0
    (tmp_path / "one.csv").write_text("label,a,b\n" + "".join(f"x,{i},{-i}\n" for i in range(9)))
    done = cli("train", "mlp", "--data", "one.csv", "--out", "RUN")
    assert done.returncode == 1
    assert "every label is 'x'; a classifier needs two classes or more" in done.stderr
    assert not (tmp_path / "RUN").exists()


def test_tensorboard_files_lie_in_the_run(cli: Cli, tmp_path: Path) -> None:
    assert cli("train", *SMALL, "--epochs", "2", "--tensorboard", "--out", "RUN").returncode == 0
    assert len(list((tmp_path / "RUN").glob("events.*"))) == 1


@pytest.mark.slow
def test_code_of_ones_own_is_checked(cli: Cli, tmp_path: Path) -> None:
    text = (
        "from dataclasses import dataclass\nimport handgrad as hg\n\n"
        "@dataclass(frozen=True)\nclass Triple(hg.Layer):\n    def forward(self, parameters, x, rng=None):\n"
        "        return 3 * x, lambda dy, gradients: FACTOR * dy\n\n"
        "network = hg.Network([hg.Dense(4), Triple(), hg.Dense(2)], input_shape=(3,))\n"
    )
    for factor, status, told in (("3", 0, "every gradient is right"), ("2", 1, "WRONG")):
        (tmp_path / "mine.py").write_text(text.replace("FACTOR", factor))
        done = cli("check", "mine.py")
        assert done.returncode == status
        assert "1 Triple" in done.stdout
        assert told in done.stdout
    (tmp_path / "mine.py").write_text("network = 1 / 0")
    done = cli("check", "mine.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "mine.py, line 1: ZeroDivisionError" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_several_times_at_random_and_resumed_equals_never_killed(
    cli: Cli, tmp_path: Path, seed: int
) -> None:
    (tmp_path / "everything.toml").write_text(EVERYTHING)
    arguments = ("everything.toml", "--threads", "2")
    assert cli("train", *arguments, "--out", "straight", "--quiet").returncode == 0
    chance, kills = random.Random(seed), 0
    command = ["train", *arguments, "--out", "killed"]
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-m", "handgrad", *command, "--json"], cwd=tmp_path, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                process.wait(chance.uniform(0, 0.6))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
        command = ["resume", "killed", "--threads", "2"]
    assert kills >= 3
    done = cli("resume", "killed", "--threads", "2", "--quiet")
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "recipe.toml"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()
    assert load_model(tmp_path / "killed").layers
    logs = [(tmp_path / run / "log.jsonl").read_text().splitlines() for run in ("straight", "killed")]
    timed = ("seconds", "examples_per_second")
    straight, killed = (
        [{key: value for key, value in json.loads(line).items() if key not in timed} for line in log]
        for log in logs
    )
    assert straight == killed


@pytest.mark.slow
def test_the_test_split_can_be_left_unopened(cli: Cli, idx_folder: Path) -> None:
    for path in idx_folder.glob("t10k-images*"):
        path.write_bytes(b"not to be read")
    arguments = ("mlp", "--data", idx_folder, "--epochs", "1")
    done = cli("train", *arguments, "--no-test", "--out", "RUN")
    assert done.returncode == 0, done.stderr
    assert "test     left unopened; measure with: handgrad evaluate RUN" in done.stdout
    assert cli("resume", "RUN", "--no-test", "--quiet").returncode == 0
    assert "test_accuracy" not in cli("train", *arguments, "--no-test", "--json").stdout
    assert cli("train", *arguments).returncode == 1
