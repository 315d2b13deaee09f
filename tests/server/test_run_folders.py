"""Run folders as the server reads them: their states, records and latest models, without a process."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from fastapi import HTTPException

from handgrad.exports.formats import load_model
from handgrad.locks import lock_folder
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from handgrad.server.models import ServedModel, latest_model
from handgrad.server.run_folders import Log, Status, run_names, status, write_mark
from handgrad.server.runs import follow
from handgrad.server.trainings import Trainings
from handgrad.training.records import LOG_FILE
from served import client, refused

DATA = {"source": "strokes:300:1", "validation": 0}
AVERAGING = {"type": "ExponentialAverage", "decay": 0.9}
NORMALIZED = [{"type": "Dense", "units": 8}, {"type": "BatchNorm"}, {"type": "Dense", "units": "classes"}]


def line(step: int, **changes: Any) -> str:
    zeros = dict.fromkeys(("loss", "train_accuracy", "learning_rate", "seconds", "examples_per_second"), 0.5)
    record = {"step": step, "epoch": 1, "validation_loss": None, "validation_accuracy": None, **zeros}
    return json.dumps({**record, **changes}) + "\n"


def steps(log: Log) -> list[int]:
    return [record.step for record in log.read()]


def trained(folder: Path, stop_after: int | None = None, **changes: Any) -> Run:
    training = {"epochs": 3, "batch_size": 50}
    recipe = override(load_recipe("mlp"), {"data": DATA, "training": training} | changes, "test")
    run = Run.start(recipe, folder)
    with run.open():
        for number, _ in enumerate(run.train(1)):
            if number == stop_after:
                break
    return run


def same(model: ServedModel | None, path: Path) -> bool:
    """Whether a model has the parameters in a file."""
    assert model is not None
    return model.network.flat_parameters.tobytes() == load_model(path).flat_parameters.tobytes()


@pytest.fixture
def killed(tmp_path: Path) -> Run:
    """A run after its first epoch, as `kill -9` leaves it: with a checkpoint and without a model."""
    run = trained(tmp_path / "one", stop_after=0)
    shutil.rmtree(tmp_path / "one" / "final_config", ignore_errors=True)
    (tmp_path / "one" / "model.safetensors").unlink(missing_ok=True)
    return run


def test_records_of_a_growing_and_replaced_log_are_read_once(tmp_path: Path) -> None:
    log, path = Log(tmp_path, after=0), tmp_path / LOG_FILE
    assert steps(log) == []
    path.write_text(line(0) + line(1) + line(2)[:20])
    assert steps(log) == [1]  # the last is still being written
    with path.open("a") as file:
        file.write(line(2)[20:])
    assert steps(log) == [2]
    assert steps(log) == []
    for last, expected in ((2, []), (5, [3, 4, 5])):
        new = tmp_path / "new"
        new.write_text("".join(line(step, epoch=1000) for step in range(last + 1)))
        new.replace(path)
        assert steps(log) == expected


def test_invalid_lines_of_a_log_are_skipped(tmp_path: Path) -> None:
    bad = ["{}\n", "not JSON\n", line(1, loss="much"), line(-1), "[" * 5000 + "\n", "\xff\n"]
    (tmp_path / LOG_FILE).write_bytes("".join([line(0), *bad, line(2)]).encode("latin-1"))
    assert steps(Log(tmp_path)) == [0, 2]


def test_status_is_read_from_the_files_of_a_run(tmp_path: Path) -> None:
    done, broken = tmp_path / "done", tmp_path / "broken"
    trained(done)
    trained(broken, stop_after=0)
    assert status(done) == Status("finished")
    assert status(broken) == Status("interrupted")
    write_mark(broken, Status("failed", "why"))
    assert status(broken) == Status("failed", "why")
    mark = json.loads((broken / "serve.json").read_text())
    for change in ({"step": mark["step"] + 1}, {"state": "odd"}, {"state": None}):
        (broken / "serve.json").write_text(json.dumps(mark | change))
        assert status(broken) == Status("interrupted")
    (broken / "serve.json").write_text("[]")
    assert status(broken) == Status("interrupted")
    with lock_folder(broken):
        assert status(broken) == Status("running")


def test_run_with_a_model_before_its_last_step_was_interrupted(tmp_path: Path) -> None:
    """All steps are done, but the run was killed before it wrote its model; times of files do not count."""
    done, older = tmp_path / "done", tmp_path / "older"
    trained(done)
    trained(older, stop_after=0).save_model()
    (done / "model.safetensors").write_bytes((older / "model.safetensors").read_bytes())
    assert status(done) == Status("interrupted")
    assert same(latest_model(done), done / "checkpoint.safetensors")


def test_status_after_early_stopping(tmp_path: Path) -> None:
    changes: Any = {"training": {"epochs": 30, "batch_size": 50}, "optimizer": {"learning_rate": 1.0}}
    data = {"source": "strokes:300:1", "validation": 100}
    run = trained(tmp_path / "run", early_stopping={"patience": 1}, data=data, **changes)
    assert run.state.epoch < 30
    assert status(tmp_path / "run") == Status("finished")


def test_damaged_runs_are_listed_as_damaged_and_the_others_work(killed: Run, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    damage = {
        "text": ("recipe.toml", b"= not TOML"),
        "numbers": ("recipe.toml", b"training = 1\ndata = 2"),
        "bytes": ("checkpoint.safetensors", b"not a checkpoint"),
    }
    for name, (file, content) in damage.items():
        shutil.copytree(tmp_path / "one", runs / name)
        (runs / name / file).write_bytes(content)
    shutil.copytree(tmp_path / "one", runs / "good")
    (runs / "empty").mkdir()
    (runs / "file").write_text("")
    assert run_names(tmp_path / "none") == []
    with client(tmp_path) as api:
        listed = {run["name"]: run for run in api.get("/runs").json()}
        assert set(listed) == {"good", *damage}
        assert listed["good"]["state"] == "interrupted"
        for name, (file, _) in damage.items():
            assert listed[name]["state"] == "damaged"
            assert file in listed[name]["error"]
            assert api.get(f"/runs/{name}").json()["state"] == "damaged"
            assert "damaged" in api.get(f"/runs/{name}/events").text
            refused(api.post(f"/runs/{name}/resume"), 409)
            assert api.post("/model", json={"run": name}).status_code in (200, 422)


def test_latest_model_is_what_stopping_would_leave(tmp_path: Path) -> None:
    network = {"input": "flat", "layers": NORMALIZED}
    run = trained(tmp_path / "run", stop_after=1, averaging=AVERAGING, network=network)
    assert run.state.average is not None
    found = latest_model(tmp_path / "run")
    assert found is not None
    assert found.network.flat_parameters.tobytes() == run.state.average.tobytes()
    inputs = run.splits.train.inputs[:20]  # the statistics are those of the average, too
    np.testing.assert_allclose(
        found.network.predict_proba(inputs), run.network.predict_proba(inputs), rtol=1e-5
    )
    run.save_model()
    assert same(latest_model(tmp_path / "run"), tmp_path / "run" / "model.safetensors")
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    assert same(latest_model(tmp_path / "run"), tmp_path / "run" / "model.safetensors")


def test_before_the_first_step_there_is_no_model(tmp_path: Path) -> None:
    recipe = override(load_recipe("mlp"), {"data": DATA}, "test")
    with Run.start(recipe, tmp_path / "runs" / "new").open():
        assert latest_model(tmp_path / "runs" / "new") is None
        with client(tmp_path) as api:
            assert api.get("/runs/new/model").status_code == 204
            refused(api.post("/model", json={"run": "new"}), 422)


@pytest.mark.parametrize("running", [False, True])
def test_stopped_run_keeps_its_model(
    killed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    trainings = Trainings(tmp_path)
    if running:  # and does not end by itself
        program = tmp_path / "program"
        program.write_text("#!/bin/sh\nexec sleep 60\n")
        program.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(program))
        monkeypatch.setattr("handgrad.server.trainings.GRACE", 0.1)
        trainings.resume("one")
        assert trainings.status("one") == Status("running")
    else:
        with pytest.raises(HTTPException):
            trainings.interrupt("one", "paused")
    trainings.interrupt("one", "stopped")
    assert trainings.status("one") == Status("stopped")
    assert same(ServedModel("one", killed.network, None), tmp_path / "one" / "model.safetensors")


def test_training_whose_server_was_killed_ends_after_a_grace_period() -> None:
    code = "import time; from handgrad.cli import interrupts; interrupts.GRACE = 0.1\n"
    code += "with interrupts.interrupts(attached=True): time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, timeout=50)
    assert done.returncode == 130


def test_run_that_another_program_trains_is_left_alone(killed: Run, tmp_path: Path) -> None:
    with lock_folder(tmp_path / "one"), client(tmp_path.parent, runs=tmp_path) as api:
        assert api.get("/runs/one").json()["state"] == "running"
        for action in ("pause", "stop", "resume"):
            refused(api.post(f"/runs/one/{action}"), 409)


def test_stream_of_events_ends_if_the_folder_is_removed(killed: Run, tmp_path: Path) -> None:
    async def events() -> list[str | None]:
        received = []
        async for event in follow(Trainings(tmp_path), tmp_path / "one", -1, Event()):
            received.append(event.event)
            if event.event == "state":
                shutil.rmtree(tmp_path / "one")
        return received

    assert asyncio.run(asyncio.wait_for(events(), 60)) == ["record", "state"]
