"""The other commands: what they print, and their JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixture_types import Cli
from handgrad.data.load import load_data
from handgrad.exports.formats import load_model


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> Path:
    arguments = ("--data", "strokes:2000:1", "--batch-size", "50", "--epochs", "8", "--out", "RUN", "--quiet")
    assert cli("train", *arguments).returncode == 0
    return tmp_path / "RUN"


def test_evaluate_measures_what_was_trained(cli: Cli, run: Path) -> None:
    done = cli("evaluate", "RUN", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    test = load_data("strokes:2000:1").split("test")
    assert result["accuracy"] == (load_model(run).predict(test.inputs) == test.labels).mean()
    assert (result["data"], result["split"], result["examples"]) == ("strokes:2000:1", "test", len(test))
    assert np.sum(result["confusion"]) == len(test)


@pytest.mark.slow
def test_evaluate_prints_a_confusion_matrix(cli: Cli, run: Path) -> None:
    done = cli("evaluate", run / "final_config", "--data", "strokes:2000:1", "--split", "train")
    assert done.returncode == 0
    assert "% of 2,000" in done.stdout
    assert len(done.stdout.splitlines()) == 15


@pytest.mark.slow
def test_predict_takes_any_size_and_polarity(cli: Cli, run: Path, tmp_path: Path) -> None:
    test = load_data("strokes:2000:1").split("test")
    place = int(np.flatnonzero(test.labels == 3)[0])
    image = Image.fromarray(test.inputs[place].reshape(28, 28))
    image.save(tmp_path / "small.png")
    large = image.resize((280, 280), Image.Resampling.BICUBIC)
    Image.eval(large, lambda value: 255 - value).save(tmp_path / "large dark on light.jpg", quality=95)
    done = cli("predict", "RUN", "small.png", "large dark on light.jpg", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == ["file", "class", "probability", "probabilities"]
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert first["probabilities"][first["class"]] == first["probability"]
    assert first["class"] == second["class"] == "3"
    assert first["probability"] == pytest.approx(second["probability"], abs=0.1)
    shown = cli("predict", "RUN", "small.png").stdout.splitlines()
    assert shown[0].split()[:2] == ["file", "class"]
    assert shown[1].split()[:2] == ["small.png", "3"]


def test_one_bad_picture_does_not_cost_the_others_their_answers(cli: Cli, run: Path, tmp_path: Path) -> None:
    digit = load_data("strokes:2000:1").train.inputs[0].reshape(28, 28)
    Image.fromarray(digit).save(tmp_path / "good.png")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    done = cli("predict", "RUN", "blank.png", "good.png", "none.png", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["good.png"]
    blank, none = done.stderr.splitlines()
    assert "blank.png" in blank
    assert "none.png" in none


@pytest.mark.slow
def test_check_passes_and_says_so(cli: Cli) -> None:
    done = cli("check", "classic")
    assert done.returncode == 0
    assert "WRONG" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("every gradient is right")
    checks = [json.loads(line) for line in cli("check", "--json").stdout.splitlines()]
    assert {check["passed"] for check in checks} == {True}
    assert {"layer", "parameter", "shape", "entries", "error"} < set(checks[0])


def test_data_tells_shapes_classes_counts_and_range(cli: Cli, idx_folder: Path) -> None:
    done = cli("data", idx_folder)
    assert done.returncode == 0
    assert "(300, 784)" in done.stdout
    assert "0 to 255" in done.stdout
    facts = json.loads(cli("data", idx_folder, "--json").stdout)
    assert facts["splits"]["test"]["inputs"] == [50, 784]
    assert sum(facts["splits"]["train"]["counts"]) == 300


def test_recipes_lists_and_prints(cli: Cli, tmp_path: Path) -> None:
    assert cli("recipes").stdout.startswith("classic ")
    (tmp_path / "mine.toml").write_text(cli("recipes", "classic").stdout)
    assert cli("train", "mine.toml", "--data", "strokes:50", "--steps", "1").returncode == 0
    assert json.loads(cli("recipes", "--json").stdout.splitlines()[0])["name"] == "classic"


def test_ctrl_c_before_a_command_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from handgrad.cli.main import main

    def init_distributed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("handgrad.cli.main.init_distributed", init_distributed)
    assert main(["recipes"]) == 130
    assert capsys.readouterr() == ("", "handgrad: interrupted; nothing was left half-written\n")


def test_help_and_version(cli: Cli) -> None:
    from handgrad.cli.main import COMMANDS

    for command in (command.__name__ for command in COMMANDS):
        assert command in cli("--help").stdout
        assert cli(command, "--help").returncode == 0
    assert cli("--version").stdout.startswith("handgrad 0.")
    assert cli().stdout == cli("--help").stdout
