"""Streams through the real program: what is shown, refused, killed, and taken up again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from failing import fails
from fixture_types import Cli
from handgrad.model.files import save_model
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe, override
from shards import write_shards


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A folder of three shards to train with and one to test with, 4,000 examples in all."""
    rng = np.random.default_rng(2)
    labels = rng.integers(2, size=4000)
    inputs = rng.normal(size=(4000, 6)) + labels[:, None]
    columns = {f"x{k}": inputs[:, k] for k in range(6)}
    frame = pl.DataFrame({"label": np.array(["no", "yes"])[labels], **columns})
    ends = {"train-a": 1500, "train-b": 1501, "train-c": 3500, "test": 4000}
    return write_shards(tmp_path / "shards", frame, ends)


TRAIN = ("train", "mlp", "--memory", "500MB", "--epochs", "2", "--threads", "2")


@pytest.mark.slow
def test_a_folder_of_shards_is_trained_on_resumed_measured_listed_and_cleared(
    cli: Cli, table: Path, tmp_path: Path
) -> None:
    fails(cli, "shards", "train", "mlp", "--data", "shards", telling="by --memory 1GB")
    done = cli(*TRAIN, "--data", "shards", "--out", "RUN", "--validation", "100")
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert told[0].startswith(f"converting {table} for streaming, once, into {tmp_path / 'cache'}")
    assert told[1] == "converted  3,500 examples, 84 kB"
    assert "stream   in one window, within memory of 500 MB" in done.stdout
    assert "of 500 examples right" in done.stdout
    assert "at the most, of 500MB" in done.stdout
    assert 'memory = "500MB"' in (tmp_path / "RUN" / "recipe.toml").read_text()

    again = cli("evaluate", "RUN", "--json")
    assert again.stderr == "", "nothing is converted twice"
    measured = json.loads(again.stdout)
    assert measured["examples"] == 500
    assert f"{measured['accuracy']:.2%} of 500" in done.stdout
    assert cli(
        "evaluate", "RUN", "--data", "shards", "--memory", "450MB", "--json"
    ).stdout == again.stdout.replace(str(table), "shards")

    cli(*TRAIN, "--data", "shards", "--out", "SHORT", "--validation", "100", "--set", "training.epochs=1")
    listed = cli("data", "--caches").stdout.splitlines()
    assert len(listed) == 3
    assert f"{table}, test" in listed[0]
    facts = [json.loads(line) for line in cli("data", "shards", "--caches", "--json").stdout.splitlines()]
    assert [fact["split"] for fact in facts] == ["test", "train"]
    assert all(fact["finished"] for fact in facts)
    shown = cli("data", "shards", "--memory", "500MB").stdout
    assert "(3500, 6)" in shown
    assert cli("data", "shards", "--clear").stdout.splitlines()[-1].endswith("removed")
    assert not list((tmp_path / "cache").rglob("*.bin"))
    fails(cli, "shards", "data", "shards", "--clear", telling="nothing was converted of shards")


@pytest.mark.slow
def test_stopped_and_resumed_on_a_stream_equals_never_stopped(cli: Cli, table: Path, tmp_path: Path) -> None:
    arguments = ("--data", "strokes:3000", "--batch-size", "50", "--quiet", "--no-test")
    assert cli(*TRAIN, *arguments, "--out", "whole").returncode == 0
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-m", "handgrad", *TRAIN, *arguments[:-2], "--json", "--no-test", "--out", "killed"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline(), "the first epoch is over"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    checkpoint = tmp_path / "killed" / "checkpoint.safetensors"
    assert cli("resume", "killed", "--quiet", "--no-test", "--threads", "2").returncode == 0
    whole, killed = (load_file(tmp_path / run / "model.safetensors") for run in ("whole", "killed"))
    for name, values in whole.items():
        np.testing.assert_array_equal(values, killed[name])
    assert load_file(checkpoint)["state.order"].shape == (1,)


@pytest.mark.slow
def test_bad_memory_and_bad_streams(cli: Cli, table: Path, tmp_path: Path) -> None:
    for amount in ("much", "1XB", "-1GB", ""):
        fails(cli, "memory must be an amount", "train", "--data", "shards", "--memory", amount)
    fails(cli, "100 MB is too little", "train", "--data", "shards", "--memory", "100MB")
    fails(cli, "memory", "train", "--data", "strokes:50", "--set", "data.memory=3")
    told = "too much within memory of 400 MB; give"
    fails(cli, "takes", "train", "dropout", "--data", "strokes:6000", "--memory", "400MB", telling=told)
    assert not (tmp_path / "runs").exists()
    np.savez(tmp_path / "d.npz", x=np.zeros((4, 4)), y=np.arange(4))
    fails(cli, "d.npz", "train", "--data", "d.npz", "--memory", "1GB", telling="cannot be read in a stream")
    fails(cli, "nothing.parquet", "train", "--data", "nothing.parquet", "--memory", "1GB")
    (table / "train-b.csv").write_text("label,x0,x1,x2,x3,x4,x5\nno,1,2,3,4,5,six\n")
    fails(cli, "train-b.csv, line 2, column 'x5'", *TRAIN, "--data", "shards", "--out", "RUN", "--quiet")
    (table / "train-b.csv").unlink()
    (table / "train-00001-of-00003.csv").write_text((table / "train-a.csv").read_text())
    fails(cli, "shards lacks train-00", *TRAIN, "--data", "shards", "--out", "RUN")
    assert not (tmp_path / "RUN").exists()


def test_evaluate_keeps_the_bound_of_the_run_for_other_data(cli: Cli, table: Path, tmp_path: Path) -> None:
    recipe = override(load_recipe("mlp"), {"data": {"source": "gone.csv", "memory": "450MB"}}, "test")
    network = Network([Dense(2)], (6,), np.random.default_rng(0), classes=("no", "yes"))
    save_model(network, tmp_path / "m.safetensors", recipe.tables())
    done = cli("evaluate", "m.safetensors", "--data", "shards")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("converting shards for streaming, once, into ")
    assert "of 500 right" in done.stdout
    network.features = ("x0", "x1", "x2", "x3", "soil=clay", "soil=sand")
    save_model(network, tmp_path / "m.safetensors", recipe.tables())
    (tmp_path / "soils.csv").write_text("label,x0,x1,x2,x3,soil\nno,1,2,3,4,clay\nyes,1,2,3,4,peat\n")
    named = "soils.csv: row 2, column 'soil': 'peat' is none of 'clay', 'sand'"
    for more in (("evaluate", "--memory", "400MB"), ("explain", "0"), ("plot",)):
        command = (more[0], "m.safetensors", *more[1:], "--data", "soils.csv", "--split", "train")
        done = cli(*command)
        assert done.returncode == 1, done.stderr
        assert done.stderr.splitlines()[-1].startswith(f"handgrad: {named}")
