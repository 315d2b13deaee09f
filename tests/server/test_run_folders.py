"""Run folders as the server reads them: their states, records and latest models, without a process."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from fastapi.testclient import TestClient

from handgrad.locks import lock_folder
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from handgrad.server import following
from handgrad.server.following import Followed
from handgrad.server.models import latest_model
from handgrad.server.run_folders import Status, read_records, status
from handgrad.server.trainings import Trainings
from handgrad.training.records import LOG_FILE, Record
from networks import parameters
from served import read_events, refused

DATA = {"source": "strokes:300:1", "validation": 0}
AVERAGING = {"type": "ExponentialAverage", "decay": 0.9}
NORMALIZED = [{"type": "Dense", "units": 8}, {"type": "BatchNorm"}, {"type": "Dense", "units": "classes"}]


def line(step: int, **changes: Any) -> str:
    zeros = dict.fromkeys(("loss", "train_accuracy", "learning_rate", "seconds", "examples_per_second"), 0.5)
    record = {"step": step, "epoch": 1, "validation_loss": None, "validation_accuracy": None, **zeros}
    return json.dumps({**record, **changes}) + "\n"


def trained(folder: Path, stop_after: int | None = None, **changes: Any) -> Run:
    training = {"epochs": 3, "batch_size": 50}
    recipe = override(load_recipe("mlp"), {"data": DATA, "training": training} | changes, "test")
    run = Run.start(recipe, folder)
    with run.open():
        for number, _ in enumerate(run.train(1)):
            if number == stop_after:
                break
    return run


def latest_parameters(folder: Path) -> bytes:
    model = latest_model(folder)
    assert model is not None
    return model.network.flat_parameters.tobytes()


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run after its first epoch, as `kill -9` leaves it: with a checkpoint and without a model."""
    trained(tmp_path / "runs" / "one", stop_after=0)
    return tmp_path / "runs" / "one"


def test_records_after_a_step_without_invalid_lines(tmp_path: Path) -> None:
    assert read_records(tmp_path) == []
    bad = ["{}\n", "not JSON\n", line(1, loss="much"), "[" * 5000 + "\n", "\xff\n"]
    content = "".join([line(0), *bad, line(2), line(3), line(4)[:20]])  # the last is still being written
    (tmp_path / LOG_FILE).write_bytes(content.encode("latin-1"))
    for after, expected in ((-1, [0, 2, 3]), (0, [2, 3]), (2, [3]), (3, [])):
        assert [record.step for record in read_records(tmp_path, after)] == expected
    (tmp_path / LOG_FILE).write_text(
        line(1) + line(1, validation_loss=2.0)
    )  # within an epoch, then stopped there
    assert [record.validation_loss for record in read_records(tmp_path)] == [2.0]


def test_a_run_is_read_once_for_all_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents, readings = iter([line(0), line(0) + line(5)]), list[int]()

    def read(folder: Path, after: int) -> list[Record]:
        readings.append(after)
        (folder / LOG_FILE).write_text(next(contents))
        return read_records(folder, after)

    async def follow(run: Followed) -> None:
        await asyncio.gather(*(run.look(0.0) for _ in range(20)))

    monkeypatch.setattr(following, "read_records", read)
    run = Followed(tmp_path, Trainings(tmp_path))
    for poll in (60.0, 60.0, 0.0):
        monkeypatch.setattr(following, "POLL", poll)
        asyncio.run(follow(run))
    assert run.steps == [0, 5]
    assert readings == [-1, 0]


def test_streams_take_no_status_from_before_they_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, go_on = iter(["paused", "running", "finished"]), Event()

    def read_status(_: Path) -> Status:
        found = Status(next(states))
        go_on.wait(60)
        return found

    async def follow(run: Followed) -> list[Status]:
        first = asyncio.ensure_future(run.look(monotonic()))
        await asyncio.sleep(0)  # it reads
        others = [asyncio.ensure_future(run.look(monotonic())) for _ in range(3)]
        await asyncio.sleep(0)
        go_on.set()
        return [await first, *[await other for other in others], await run.look(monotonic())]

    monkeypatch.setattr(following, "POLL", 60.0)
    trainings = Trainings(tmp_path)
    monkeypatch.setattr(trainings, "status", read_status)
    found = asyncio.run(follow(Followed(tmp_path, trainings)))
    assert [status.state for status in found] == ["paused", "running", "running", "running", "finished"]


def test_status_is_read_from_the_files_of_a_run(tmp_path: Path) -> None:
    done, broken = tmp_path / "done", tmp_path / "broken"
    trained(done)
    trained(broken, stop_after=0).save_model()
    assert status(done) == Status("finished")
    assert status(broken) == Status("paused")
    with lock_folder(broken):
        assert status(broken) == Status("running")
    # killed after the last step and before the model was written; times of files do not count
    (done / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes())
    assert status(done) == Status("paused")
    assert latest_parameters(done) == parameters(done / "checkpoint.safetensors")
    changes: Any = {"training": {"epochs": 30, "batch_size": 50}, "optimizer": {"learning_rate": 1.0}}
    data = {"source": "strokes:300:1", "validation": 100}
    run = trained(tmp_path / "early", early_stopping={"patience": 1}, data=data, **changes)
    assert run.state.epoch < 30
    assert status(run.folder) == Status("finished")


def test_damaged_runs_are_listed_as_damaged_and_the_others_work(api: TestClient, killed: Path) -> None:
    damage = {
        "text": ("recipe.toml", b"= not TOML"),
        "numbers": ("recipe.toml", b"training = 1\ndata = 2"),
        "bytes": ("checkpoint.safetensors", b"not a checkpoint"),
    }
    for name, (file, content) in damage.items():
        shutil.copytree(killed, killed.with_name(name))
        (killed.with_name(name) / file).write_bytes(content)
    killed.with_name("empty").mkdir()
    killed.with_name("file").write_text("")
    listed = {run["name"]: run for run in api.get("/runs").json()}
    assert set(listed) == {"one", *damage}
    assert listed["one"]["state"] == "paused"
    for name, (file, _) in damage.items():
        assert listed[name]["state"] == "damaged"
        assert file in listed[name]["error"]
        assert api.get(f"/runs/{name}").json()["state"] == "damaged"
        assert "damaged" in api.get(f"/runs/{name}/events").text
        refused(api.post(f"/runs/{name}/resume"), 409)
        assert api.post("/model", json={"run": name}).status_code in (200, 422)


def test_latest_model_is_what_the_run_would_leave(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = trained(folder, stop_after=1, averaging=AVERAGING)
    assert run.state.average is not None
    assert latest_parameters(folder) == run.state.average.tobytes()
    run.save_model(is_result=True)
    for _ in range(2):
        assert latest_parameters(folder) == parameters(folder / "model.safetensors")
        (folder / "checkpoint.safetensors").unlink(missing_ok=True)
    other, network = tmp_path / "other", {"input": "flat", "layers": NORMALIZED}
    trained(other, stop_after=1, averaging=AVERAGING, network=network)  # the average has no statistics
    assert latest_parameters(other) == parameters(other / "checkpoint.safetensors")
    run = Run.resume(other)
    with run.open():
        list(
            run.train(1, stop=lambda: run.state.step >= 15)
        )  # paused: the statistics of the average are measured
        model = (other / "model.safetensors").read_bytes()
        assert latest_parameters(other) == parameters(other / "model.safetensors")
        assert latest_parameters(other) != parameters(other / "checkpoint.safetensors")
        next(run.train(1))
    assert (other / "model.safetensors").read_bytes() == model
    assert latest_parameters(other) == parameters(other / "checkpoint.safetensors")


def test_runs_are_renamed_and_removed_unless_they_are_in_use(api: TestClient, killed: Path) -> None:
    runs = killed.parent
    (runs / "taken").mkdir()
    with lock_folder(killed):
        refused(api.post("/runs/one/rename", json={"name": "two"}), 409)
        refused(api.delete("/runs/one"), 409)
    for name in ("taken", "../two", ".two", "a/b", "", 1):
        line = refused(api.post("/runs/one/rename", json={"name": name}), 409 if name == "taken" else 422)
        assert ("taken" if name == "taken" else "valid string" if name == 1 else "at most 120") in line
    log = (killed / LOG_FILE).read_bytes()
    renamed = api.post("/runs/one/rename", json={"name": "two.1"}).json()
    assert (renamed["name"], renamed["state"]) == ("two.1", "paused")
    assert (renamed["training"]["hidden"], renamed["training"]["seed"]) == ([128], 0)
    assert [run["name"] for run in api.get("/runs").json()] == ["two.1"]
    assert (runs / "two.1" / LOG_FILE).read_bytes() == log
    assert api.post("/runs/two.1/resume").json()["state"] == "running"
    assert "pause it" in refused(api.delete("/runs/two.1"), 409)
    api.post("/runs/two.1/pause")
    assert api.delete("/runs/two.1").status_code == 204
    assert [path.name for path in runs.iterdir()] == ["taken"]
    refused(api.delete("/runs/two.1"), 404)


def test_only_files_of_a_run_are_removed(api: TestClient, killed: Path, tmp_path: Path) -> None:
    runs, mine = killed.parent, tmp_path / "mine"
    mine.mkdir()
    (mine / "w1.csv").write_text("0")
    shutil.copytree(killed, tmp_path / "elsewhere")
    (runs / "link").symlink_to(tmp_path / "elsewhere")
    (runs / "model").mkdir()
    (runs / "model" / "model.safetensors").write_bytes(b"")
    (killed / "notes.txt").write_text("mine")
    (killed / "final_config").symlink_to(mine)
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(killed)}
    for name in ("link", "model"):
        assert "delete it yourself" in refused(api.delete(f"/runs/{name}"), 422)
    for name in ("..", "%2e%2e", "..%2Fmine", "link%2Fx", ".", "%00"):
        refused(api.delete(f"/runs/{name}"), 404, 405)
    assert api.delete("/runs/one").status_code == 204
    assert {path.name for path in killed.iterdir()} == {"notes.txt", "final_config"}
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(killed)} == before
    assert (mine / "w1.csv").exists()


def test_training_whose_server_was_killed_ends_after_a_grace_period() -> None:
    code = "import time; from handgrad.cli import interrupts; interrupts.GRACE = 0.1\n"
    code += "with interrupts.interrupts(attached=True): time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, timeout=50)
    assert done.returncode == 130


def test_runs_that_another_program_trains_or_removes(api: TestClient, killed: Path) -> None:
    with lock_folder(killed):
        assert api.get("/runs/one").json()["state"] == "running"
        for action in ("pause", "resume"):
            refused(api.post(f"/runs/one/{action}"), 409)
    assert api.post("/runs/one/pause").json()["state"] == "paused"  # as another request asked before
    with api.stream("GET", "/runs/one/events") as stream:
        events = read_events(stream.iter_lines())
        assert [next(events)[0] for _ in range(2)] == ["record", "state"]
        shutil.rmtree(killed)
        assert list(events) == []
