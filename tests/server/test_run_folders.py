"""Run folders as the server reads them: their states, records and latest models, without a process."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from handgrad.exports.formats import load_model
from handgrad.locks import lock_folder
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from handgrad.server.errors import Conflict
from handgrad.server.models import latest_model, latest_tag
from handgrad.server.run_folders import LogReader, Status, is_run, run_names, status, write_mark
from handgrad.server.runs import follow
from handgrad.server.trainings import Trainings
from handgrad.training.records import LOG_FILE
from served import client

DATA = {"source": "strokes:300:1", "validation": 0}
AVERAGING = {"type": "ExponentialAverage", "decay": 0.9}


def line(step: int, **changes: Any) -> str:
    zeros = dict.fromkeys(("loss", "train_accuracy", "learning_rate", "seconds", "examples_per_second"), 0.5)
    record = {"step": step, "epoch": 1, "validation_loss": None, "validation_accuracy": None, **zeros}
    return json.dumps({**record, **changes}) + "\n"


def steps(reader: LogReader) -> list[int]:
    return [record.step for record in reader.read()]


def replace(log: Path, text: str) -> None:
    new = log.with_name("new")
    new.write_text(text)
    new.replace(log)


def trained(folder: Path, stop_after: int | None = None, **changes: Any) -> Run:
    training = {"epochs": 3, "batch_size": 50}
    recipe = override(load_recipe("mlp"), {"data": DATA, "training": training} | changes, "test")
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.open():
        for number, _ in enumerate(run.train(1)):
            if number == stop_after:
                break
    return run


@pytest.fixture
def killed(tmp_path: Path) -> Run:
    """A run after its first epoch, as `kill -9` leaves it: with a checkpoint and without a model."""
    run = trained(tmp_path / "one", stop_after=0)
    shutil.rmtree(tmp_path / "one" / "final_config", ignore_errors=True)
    (tmp_path / "one" / "model.safetensors").unlink(missing_ok=True)
    return run


def test_records_are_read_once(tmp_path: Path) -> None:
    reader, log = LogReader(tmp_path), tmp_path / LOG_FILE
    assert steps(reader) == []
    log.write_text(line(0) + line(1)[:20])
    assert steps(reader) == [0]  # the second is still being written
    log.write_text(line(0) + line(1))
    assert steps(reader) == [1]
    assert steps(reader) == []
    with log.open("a") as file:
        file.write(line(2))
    assert steps(reader) == [2]


def test_records_of_a_replaced_log_are_not_repeated(tmp_path: Path) -> None:
    reader, log = LogReader(tmp_path, after=0), tmp_path / LOG_FILE
    log.write_text("".join(map(line, range(4))))
    assert steps(reader) == [1, 2, 3]
    replace(log, "".join(map(line, range(2))))
    assert steps(reader) == []
    with log.open("a") as file:
        file.write("".join(map(line, range(2, 6))))
    assert steps(reader) == [4, 5]
    replace(log, "".join(line(step, epoch=1000) for step in range(9)))  # longer
    assert steps(reader) == [6, 7, 8]


def test_invalid_lines_of_a_log_are_skipped(tmp_path: Path) -> None:
    odd = [line(1, loss="much"), line(1, loss=float("nan")), line(-1)]
    bad = ["{}\n", "not JSON\n", *odd, "[" * 5000 + "\n", "\xff\n"]
    (tmp_path / LOG_FILE).write_bytes("".join([line(0), *bad, line(2)]).encode("latin-1"))
    assert steps(LogReader(tmp_path)) == [0, 2]


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
        (broken / "serve.json").write_text(json.dumps({**mark, **change}))
        assert status(broken) == Status("interrupted")
    (broken / "serve.json").write_text("[]")
    assert status(broken) == Status("interrupted")


def test_status_does_not_depend_on_the_times_of_files(tmp_path: Path) -> None:
    done, older = tmp_path / "done", tmp_path / "older"
    trained(done)
    for first, second in (("model", "checkpoint"), ("checkpoint", "model")):
        copy = tmp_path / f"{first}-first"
        shutil.copytree(done, copy)
        os.utime(copy / f"{first}.safetensors", ns=(0, 0))
        os.utime(copy / f"{second}.safetensors", ns=(10**9, 10**9))
        assert status(copy) == Status("finished")
        assert latest_model(copy).content == (done / "model.safetensors").read_bytes()
    # All steps are done, but the model is older: the run was killed before it wrote its model.
    trained(older, stop_after=0).save_model()
    (done / "model.safetensors").write_bytes((older / "model.safetensors").read_bytes())
    assert status(done) == Status("interrupted")
    checkpoint = load_model(done / "checkpoint.safetensors")
    assert latest_model(done).network.flat_parameters.tobytes() == checkpoint.flat_parameters.tobytes()


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
    (runs / "link").symlink_to(tmp_path / "one")
    assert not is_run(runs / "link")
    assert run_names(tmp_path / "none") == []
    with client(tmp_path) as api:
        listed = {run["name"]: run for run in api.get("/runs").json()}
        assert set(listed) == {"good", *damage}
        assert listed["good"]["state"] == "interrupted"
        for name, (file, _) in damage.items():
            assert listed[name]["state"] == "damaged"
            assert file in listed[name]["error"]
            assert api.get(f"/runs/{name}").json()["state"] == "damaged"
            assert api.get(f"/runs/{name}/events").text.endswith("\n\n")
            assert api.post(f"/runs/{name}/resume").status_code == 409
            assert api.post("/model", json={"run": name}).status_code in (200, 422)


def test_latest_model_is_what_stopping_would_leave(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", stop_after=1, averaging=AVERAGING)
    assert run.state.average is not None
    found = latest_model(tmp_path / "run")
    assert found.network.flat_parameters.tobytes() == run.state.average.tobytes()
    tag = latest_tag(tmp_path / "run")
    assert found.etag == tag
    (tmp_path / "model.safetensors").write_bytes(found.content)
    loaded = load_model(tmp_path / "model.safetensors")
    assert loaded.flat_parameters.tobytes() == found.network.flat_parameters.tobytes()
    run.save_model()
    assert latest_tag(tmp_path / "run") != tag
    assert latest_model(tmp_path / "run").content == (tmp_path / "run" / "model.safetensors").read_bytes()
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    assert latest_model(tmp_path / "run").content == (tmp_path / "run" / "model.safetensors").read_bytes()


def test_latest_model_has_the_statistics_of_the_average(tmp_path: Path) -> None:
    layers = [{"type": "Dense", "units": 8}, {"type": "BatchNorm"}, {"type": "Dense", "units": "classes"}]
    network = {"input": "flat", "layers": layers}
    run = trained(tmp_path / "run", stop_after=1, averaging=AVERAGING, network=network)
    inputs, found = run.splits.train.inputs[:20], latest_model(tmp_path / "run").network
    np.testing.assert_allclose(found.predict_proba(inputs), run.network.predict_proba(inputs), rtol=1e-5)


@pytest.mark.parametrize("present", [True, False])
def test_before_the_first_checkpoint_there_is_no_model(tmp_path: Path, present: bool) -> None:
    if present:
        (tmp_path / "run").mkdir()
    assert latest_tag(tmp_path / "run") is None
    with pytest.raises(ValueError, match="no parameters yet"):
        latest_model(tmp_path / "run")


def test_run_that_was_killed_and_is_stopped_keeps_its_model(killed: Run, tmp_path: Path) -> None:
    trainings = Trainings(tmp_path)
    assert trainings.status("one").state == "interrupted"
    with pytest.raises(Conflict, match="pause"):
        trainings.interrupt("one", "paused")
    trainings.interrupt("one", "stopped")
    assert trainings.status("one").state == "stopped"
    model = load_model(tmp_path / "one" / "model.safetensors")
    assert model.flat_parameters.tobytes() == killed.network.flat_parameters.tobytes()


def test_training_that_does_not_end_is_killed_after_a_grace_period(
    killed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    monkeypatch.setattr("handgrad.server.trainings.GRACE", 0.1)
    trainings = Trainings(tmp_path)
    trainings.resume("one")
    assert trainings.status("one") == Status("running")
    trainings.interrupt("one", "stopped")
    assert trainings.status("one") == Status("stopped")
    model = load_model(tmp_path / "one" / "model.safetensors")
    assert model.flat_parameters.tobytes() == killed.network.flat_parameters.tobytes()


def test_training_ends_after_its_server_was_killed() -> None:
    code = "import time; from handgrad.cli import interrupts; interrupts.GRACE = 0.1\n"
    code += "with interrupts.interrupts(attached=True): time.sleep(60)"
    assert (
        subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, timeout=50).returncode == 130
    )


def test_run_that_another_program_trains_is_left_alone(killed: Run, tmp_path: Path) -> None:
    with lock_folder(tmp_path / "one"), client(tmp_path.parent, runs=tmp_path) as api:
        assert api.get("/runs/one").json()["state"] == "running"
        for action in ("pause", "stop", "resume"):
            assert api.post(f"/runs/one/{action}").status_code == 409
    assert status(tmp_path / "one") == Status("interrupted")


def test_stream_of_events_ends_if_the_folder_is_removed(killed: Run, tmp_path: Path) -> None:
    async def events() -> bytes:
        received = b""
        async for text in follow(Trainings(tmp_path), tmp_path / "one", -1, Event()):
            received += text
            if b"interrupted" in text:
                shutil.rmtree(tmp_path / "one")
        return received

    assert b"event: record" in asyncio.run(asyncio.wait_for(events(), 60))
