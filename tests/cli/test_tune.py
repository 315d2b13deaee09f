"""``handgrad tune``: the best run, its data, and bad input."""

import json
from pathlib import Path

import numpy as np

import handgrad as hg
from failing import fails, misused, prints
from fixture_types import Cli


def write_prices(path: Path) -> None:
    rng = np.random.default_rng(0)
    area, rooms = rng.uniform(20, 120, 60), rng.integers(1, 6, 60)
    prices = 1_000 + 12.5 * area + 80.25 * rooms
    lines = ("{:.1f},{},{:.2f}".format(*row) for row in zip(area, rooms, prices, strict=True))
    path.write_text("area,rooms,price\n" + "\n".join(lines) + "\n")


def test_the_best_trial_becomes_a_run(cli: Cli, tmp_path: Path) -> None:
    write_prices(tmp_path / "flats.csv")
    lines = prints(cli, "tune flats.csv --target price --time 2s --seed 3 --out BEST --json").splitlines()
    trials = [found for line in lines if "recipe" in (found := json.loads(line))]
    most = max(trial["repetitions"] for trial in trials)
    often = [trial for trial in trials if trial["complete"] and trial["repetitions"] == most]
    best = min(often, key=lambda trial: trial["loss"])
    run = hg.load_recipe("BEST/recipe.toml")
    assert run.tables()["optimizer"] == best["recipe"]["optimizer"]
    assert (run.seed, run.data.target, run.name) == (3, "price", "tuned")
    assert hg.load_model("BEST").task == "regression"
    printed = prints(cli, "tune flats.csv --target price --time 0.01s --out FIRST")
    assert "1 trial, 0 ended early" in printed
    assert (tmp_path / "FIRST" / "model.safetensors").exists()


def test_bad_input_is_one_line(cli: Cli, tmp_path: Path) -> None:
    write_prices(tmp_path / "flats.csv")
    misused(cli, "positive time", "tune", "flats.csv", "--time", "0")
    misused(cli, "data.validation", "tune", "flats.csv", "--validation", "1.5")
    fails(cli, "no column", "tune", "flats.csv", "--target", "prise")
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "model.safetensors").touch()
    fails(
        cli, "already holds a run", "tune", "flats.csv", "--target", "price", "--time", "1h", "--out", "FULL"
    )
    fails(
        cli, "cannot write", "tune", "flats.csv", "--target", "price", "--time", "1h", "--out", "flats.csv/x"
    )
    assert not (tmp_path / "runs").exists()
