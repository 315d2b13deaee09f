"""``evaluate``, ``predict``, ``check``, ``data`` and ``recipes``, and bad models and files."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from failing import fails, prints
from fixture_types import Cli

DATA = "strokes:600:1"


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> Path:
    """A run on digits."""
    prints(cli, f"train mlp --data {DATA} --batch-size 50 --epochs 8 --out RUN")
    return tmp_path / "RUN"


@pytest.fixture
def plants(cli: Cli, tmp_path: Path) -> Path:
    """A folder with a run on a table of numbers and names."""
    rows = "30,clay,sage\n51,sand,peony\n32,,sage\n53,clay,peony\n34,sand,sage\n50,,peony\n"
    (tmp_path / "plants.csv").write_text("height,soil,label\n" + 10 * rows)
    prints(cli, "train mlp --data plants.csv --validation 0 --epochs 3 --out PLANTS --no-test")
    return tmp_path


def objects(cli: Cli, command: str, *arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in prints(cli, command, *arguments, "--json").splitlines()]


def test_evaluate_measures_what_was_trained(cli: Cli, run: Path) -> None:
    (result,) = objects(cli, "evaluate RUN")
    test = hg.load_data(DATA).split("test")
    assert result["accuracy"] == (hg.load_model(run).predict(test.inputs) == test.labels).mean()
    assert (result["data"], result["split"], result["examples"]) == (DATA, "test", len(test))
    assert np.sum(result["confusion"]) == len(test)
    printed = prints(cli, f"evaluate RUN/final_config --data {DATA} --split train")
    assert "of 600" in printed
    _, matrix, parts = printed.split("\n\n")
    assert [len(part.splitlines()) for part in (matrix, parts)] == [11, 11]
    assert max(map(len, printed.splitlines())) <= 80


def test_without_a_test_split_evaluate_takes_another(cli: Cli, plants: Path) -> None:
    (result,) = objects(cli, "evaluate PLANTS")
    assert (result["split"], result["examples"]) == ("train", 60)
    fails(cli, "no test split", "evaluate", "PLANTS", "--split", "test")
    assert "handgrad evaluate TWO --data " in prints(cli, "train mlp --data plants.csv --epochs 1 --out TWO")
    for command in ("evaluate TWO", "explain TWO 0"):
        assert "plants.csv, validation" in prints(cli, command)


def test_the_matrix_of_more_than_a_thousand_classes_is_not_printed(cli: Cli, tmp_path: Path) -> None:
    hg.save_model(hg.Network([hg.Dense(1_001)], 3, 0), tmp_path / "m.safetensors")
    np.savez(tmp_path / "many.npz", x=np.eye(3), y=np.arange(3), classes=[str(k) for k in range(1_001)])
    (result,) = objects(cli, "evaluate m.safetensors --data many.npz")
    assert (result["examples"], result["confusion"]) == (3, None)


def test_predict_takes_images_of_any_size_and_polarity(cli: Cli, run: Path, tmp_path: Path) -> None:
    test = hg.load_data(DATA).split("test")
    example = test.inputs[np.flatnonzero(hg.load_model(run).predict(test.inputs) == 3)[0]]
    image = Image.fromarray(example.reshape(28, 28))
    image.save(tmp_path / "a.png")
    large = image.resize((280, 280), Image.Resampling.BICUBIC)
    Image.eval(large, lambda value: 255 - value).save(tmp_path / "large dark on light.jpg", quality=95)
    first, second = objects(cli, "predict RUN", "a.png", "large dark on light.jpg")
    assert list(first) == ["file", "row", "label", "class", "probability", "probabilities"]
    assert first["class"] == second["class"] == "3"
    assert first["probability"] == pytest.approx(second["probability"], abs=0.15)
    ranking = sorted(first["probabilities"].items(), key=lambda item: -item[1])
    cells = [cell for name, probability in ranking for cell in (name, f"{probability:.1%}")]
    _, line = prints(cli, "predict RUN a.png").splitlines()
    assert line.split() == ["a.png", *cells[:6]]
    header, line = prints(cli, "predict RUN a.png --all").splitlines()
    assert dict(ranking).keys() == {*header.split()[1:]}
    shown = dict(zip(header.split()[1:], line.split()[1:], strict=True))
    assert shown == {name: f"{probability:.1%}" for name, probability in ranking}


def test_predict_skips_bad_files(cli: Cli, plants: Path) -> None:
    (plants / "r.csv").write_text("height,soil\n31,clay\n32,peat\n")
    Image.new("L", (30, 30), 255).save(plants / "blank.png")
    fails(cli, "PLANTS is a folder", "predict", "PLANTS", "PLANTS", detail="name the files in it")
    fails(cli, "r.csv", "predict", "PLANTS", "r.csv", detail="line 3, column 'soil': 'peat'")
    done = cli("predict", "PLANTS", "r.csv", "plants.csv", "none.csv", "blank.png", "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 60
    for line, name in zip(done.stderr.splitlines(), ("r.csv", "none.csv", "blank.png"), strict=True):
        assert name in line


def test_predict_takes_rows_of_a_table(cli: Cli, plants: Path) -> None:
    found = objects(cli, "predict PLANTS plants.csv")
    data = hg.load_data(plants / "plants.csv").train
    expected = hg.load_model(plants / "PLANTS").predict_proba(data.inputs)
    np.testing.assert_allclose([list(row["probabilities"].values()) for row in found], expected, atol=1e-6)
    assert [row["row"] for row in found] == list(range(1, 61))
    assert [row["label"] for row in found] == [data.classes[label] for label in data.labels]
    (plants / "bare.csv").write_text("31,clay\n")
    (bare,) = objects(cli, "predict PLANTS bare.csv")
    assert (bare["file"], bare["label"]) == ("bare.csv", None)
    _, first, *_ = prints(cli, "predict PLANTS plants.csv").splitlines()
    assert first.split()[:4] == ["plants.csv,", "row", "1", found[0]["class"]]


def test_rows_of_pixels_are_images(cli: Cli, run: Path, tmp_path: Path) -> None:
    digits = hg.load_data(DATA).split("test")
    np.savetxt(tmp_path / "digits.csv", np.column_stack([digits.labels, digits.inputs]), "%d", delimiter=",")
    for model in ("RUN", "RUN/final_config"):
        found = objects(cli, f"predict {model} digits.csv")
        assert [row["class"] for row in found] == list(map(str, hg.load_model(run).predict(digits.inputs)))
        assert [row["label"] for row in found] == list(map(str, digits.labels))


def test_class_names_with_escape_sequences(cli: Cli, tmp_path: Path) -> None:
    names = ["\x1b]0;owned\x07", "\x1b[2J"]
    hg.save_model(hg.Network([hg.Dense(2)], 2, classes=names), tmp_path / "m.safetensors")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.csv").write_text("label,a,b\n\x1b[31m,1,2\n")
    for command, file in (("predict", "rows.csv"), ("explain", "rows.csv"), ("explain", "bad.csv")):
        done = cli(command, "m.safetensors", file)
        assert not set(done.stdout + done.stderr) & {"\x1b", "\x07"}
        assert done.stdout or done.stderr
    assert objects(cli, "predict m.safetensors rows.csv")[0]["class"] in names


def test_data_are_shown_listed_and_cleared(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv("HANDGRAD_CACHE", str(kept))
    assert f" 0 bytes in {kept}" in prints(cli, "data list")
    (kept / "mnist").mkdir(parents=True)
    (kept / "mnist" / "images").write_bytes(b"x" * 1000)
    others = {"mnist-fashion", "big.csv-old.csv-0123456789"}
    for name in others:
        (kept / name).mkdir()
    rows = np.column_stack([np.arange(60) % 3, np.full((60, 784), 9)])
    np.savetxt(tmp_path / "big.csv", rows, "%d", delimiter=",")
    monkeypatch.setattr("handgrad.data.outofcore.available_memory", lambda: 10_000)
    shown = dict(re.findall(r"(\S.*\S)  +(\S.*)\n", prints(cli, "data show big.csv")))
    assert (shown["inputs"], shown["example"], shown["range"]) == ("60×784", "1×28×28", "9 to 9")
    assert (shown["type"], shown["class 0"], shown["class 2"]) == ("uint8", "20", "20")
    fails(cli, "'mnits'", "data", "clear", "mnits")
    fails(cli, "'big'", "data", "clear", "big")
    assert re.search(r"1,000  mnist\n.*1,000 bytes freed", prints(cli, "data clear mnist"))
    (converted,) = {path.name for path in kept.iterdir() if path.is_dir()} - others
    assert converted in prints(cli, "data list")
    prints(cli, "data clear", tmp_path / "big.csv")
    assert {path.name for path in kept.iterdir() if path.is_dir()} == others
    assert prints(cli, "data clear --all").split()[-3:] == ["0", "bytes", "freed"]
    assert not any(path.is_dir() for path in kept.iterdir())


def test_recipes_are_listed_and_shown(cli: Cli, tmp_path: Path) -> None:
    listed = [line.split()[0] for line in prints(cli, "recipes list").splitlines()[1:]]
    assert " ".join(listed) == "classic mlp dropout elastic convnet best synthetic"  # as in README.md
    (tmp_path / "mine.toml").write_text(prints(cli, "recipes show classic"))
    prints(cli, "train mine.toml --data strokes:50 --steps 1")


def test_check_reports_every_gradient(cli: Cli) -> None:
    shown = prints(cli, "check classic --show")
    assert shown.count("analytic") > shown.count("correct") > 5
    assert "WRONG" not in shown
    checks = objects(cli, "check")
    assert [check["passed"] for check in checks] == [True] * shown.count("correct\n")


CUSTOM_LAYER = """
from dataclasses import dataclass
import handgrad as hg

@dataclass(frozen=True)
class Triple(hg.Layer):
    def forward(self, parameters, x, rng=None):
        return 3 * x, lambda dy, gradients: FACTOR * dy

network = hg.Network([hg.Dense(4), Triple(), hg.Dense(2)], input_shape=(3,))
"""


@pytest.mark.parametrize(("factor", "status"), [("3", 0), ("2", 1)])
def test_user_defined_code_is_checked(cli: Cli, tmp_path: Path, factor: str, status: int) -> None:
    (tmp_path / "mine.py").write_text(CUSTOM_LAYER.replace("FACTOR", factor))
    done = cli("check", "mine.py")
    assert done.returncode == status
    assert "1 Triple" in done.stdout
    wrong = re.search(r"1 Triple .*WRONG\n  entry \[\d,\d\]: analytic .*, numerical", done.stdout)
    assert bool(wrong) == ("WRONG" in done.stdout) == bool(status)
