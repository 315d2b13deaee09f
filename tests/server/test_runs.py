"""Trainings over HTTP, in child processes: started, followed, paused, resumed and killed."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from safetensors.numpy import load, load_file

import handgrad as hg
from handgrad.cli.main import main
from handgrad.data import memory
from handgrad.data.collection import add_to_collection
from handgrad.data.strokes import generate
from handgrad.locks import is_locked
from handgrad.server import runs as server_runs
from handgrad.server import trainings as server_trainings
from handgrad.server.datasets import Datasets
from handgrad.server.models import latest_model
from handgrad.server.requests import NewRun
from handgrad.server.trainings import Trainings, plan
from networks import parameters
from served import Api, Process, client, eventually, read_events, refused, serving

LONG: dict[str, Any] = {"recipe": "classic", "data": "strokes:1000:1", "batch_size": 10, "epochs": 400}
SHORT: dict[str, Any] = {"recipe": "classic", "data": "strokes:300:1", "steps": 60}
FINISHED = {"state": "finished", "error": None}


def child(server: Process) -> int:
    """Return the process id of the training of a server."""
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    (found,) = {number for task in tasks for number in (task / "children").read_text().split()}
    return int(found)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The parameters after the long training in one piece, on the command line."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    options = [f"--{key.replace('_', '-')}={value}" for key, value in LONG.items() if key != "recipe"]
    assert main(["train", LONG["recipe"], *options, "--quiet", "--no-test", "--out", str(folder)]) == 0
    return parameters(folder)


def cannot(server: Api, name: str, *actions: str) -> None:
    for action in actions:
        refused(server.client.post(f"/runs/{name}/{action}"), 409)


def test_run_is_started_followed_and_finished(api: TestClient, tmp_path: Path) -> None:
    server = Api(api)
    name = server.post("/runs", **SHORT)["name"]
    assert name == "classic-1"
    first = server.events(name)
    second, whole = (server.events(name, **{"Last-Event-ID": sent}) for sent in ("0", "abc"))
    assert [number for kind, number, _ in first if kind == "record"] == ["0", "50", "59"]
    assert [number for kind, number, _ in second if kind == "record"] == ["50", "59"]
    assert [number for kind, number, _ in whole if kind == "record"] == ["0", "50", "59"]
    assert first[-1] == second[-1] == ("state", None, FINISHED)
    run = server.get(f"/runs/{name}")
    assert (run["state"], run["recipe"], run["data"]) == ("finished", "classic", "strokes:300:1")
    assert run["records_so_far"] == [data for kind, _, data in first if kind == "record"]
    (listed,) = server.get("/runs")
    assert run == listed | {"validated": None, "records_so_far": run["records_so_far"]}
    content = server.client.get(f"/runs/{name}/model").content
    assert load(content).keys() == load_file(tmp_path / "runs" / name / "model.safetensors").keys()
    assert server.post("/model", run=name)["name"] == name
    assert server.client.get("/model/file").content == content
    cannot(server, name, "pause", "resume")


@pytest.mark.slow
def test_paused_and_resumed_equals_uninterrupted(uninterrupted: bytes, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        with server.client.stream("GET", f"/runs/{name}/events") as stream:
            events = read_events(stream.iter_lines())
            list(islice((event for event in events if event[0] == "record"), 2))
            tensors = load(server.client.get(f"/runs/{name}/model").content)
            assert tensors["layers.0.weights"].shape == (10, 784)
            assert name in refused(server.client.post("/runs", json=SHORT), 409)
            cannot(server, name, "resume")
            assert server.post(f"/runs/{name}/pause")["state"] == "paused"
            assert not is_locked(tmp_path / "runs" / name)
            assert server.post(f"/runs/{name}/pause")["state"] == "paused"  # as another client asked before
            assert next(event for event in events if event[0] == "state")[2]["state"] == "paused"
            assert server.post(f"/runs/{name}/resume")["state"] == "running"
            *_, last = events
            assert last == ("state", None, FINISHED)
        steps = [record["step"] for record in server.get(f"/runs/{name}")["records_so_far"]]
        assert steps == sorted(set(steps))
        assert steps[-1] == 400 * 100 - 1
    assert parameters(tmp_path / "runs" / name) == uninterrupted


@pytest.mark.slow
def test_ctrl_c_pauses(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        with server.client.stream("GET", f"/runs/{name}/events") as stream:
            events = read_events(stream.iter_lines())
            next(event for event in events if event[0] == "record")
            server.interrupt()
            list(events)  # the stream ends
        assert server.wait() == 0
        assert f"handgrad resume {tmp_path / 'runs' / name}" in server.output[-1]
    with serving(tmp_path) as server:
        assert [run["state"] for run in server.get("/runs")] == ["paused"]
        other = server.post("/runs", **LONG)["name"]
        assert other in refused(server.client.post(f"/runs/{name}/resume"), 409)


@pytest.mark.slow
def test_runs_that_fail_can_be_resumed(api: TestClient, tmp_path: Path) -> None:
    server = Api(api)
    server.post("/digits", name="one", inputs=generate(1, 1)[0].tolist(), labels=["0"])
    body = {"recipe": "mlp", "hidden": [8], "data": "digits/one", "epochs": 1, "from": "model"}
    name = server.post("/runs", **body)["name"]
    failed = server.await_state(name, "failed", "finished")
    assert (failed["state"], failed["data"]) == ("failed", "digits/one")
    assert "validation" in failed["error"]
    assert server.client.get(f"/runs/{name}/model").status_code == 204  # before its first step
    refused(server.client.post("/model", json={"run": name}), 422)
    assert hg.load_model(tmp_path / "runs" / name / "start.safetensors").classes == tuple("0123456789")
    assert server.post(f"/runs/{name}/resume")["state"] == "running"
    assert server.await_state(name, "failed")["error"] == failed["error"]
    wild = {**SHORT, "hidden": [30, 30, 30], "steps": 501, "learning_rate": 1e6}
    name = server.post("/runs", **wild)["name"]
    error = server.await_state(name, "failed", "finished")["error"]
    assert "diverged" in error
    assert server.events(name)[-1][2] == {"state": "failed", "error": error}
    with client(tmp_path) as other:
        assert other.get(f"/runs/{name}").json()["state"] == "paused"


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["both", "server", "training"])
def test_killed_training_resumes_and_ends_the_same(uninterrupted: bytes, tmp_path: Path, killed: str) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        server.await_records(name, 3)
        pid = child(server)
        if killed in ("training", "both"):
            os.kill(pid, signal.SIGKILL)
        if killed in ("server", "both"):
            server.kill()  # the training saves and ends
            eventually(lambda: is_locked(tmp_path / "runs" / name), lambda held: not held)
        else:
            assert server.await_state(name, "paused", "failed")["state"] == "paused"
    with serving(tmp_path) as server:
        (run,) = server.get("/runs")
        assert (run["name"], run["state"]) == (name, "paused")
        assert run["records"] >= 3
        assert server.post(f"/runs/{name}/resume")["state"] == "running"
        run = server.await_state(name, "finished", "failed", "paused")
        assert run["state"] == "finished"
        assert len(run["records_so_far"]) == len({record["step"] for record in run["records_so_far"]})
    assert parameters(tmp_path / "runs" / name) == uninterrupted


def test_training_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server_trainings, "GRACE", 0.5)
    trainings = Trainings(tmp_path / "runs")
    folder = trainings.start(*plan(NewRun.model_validate(LONG), Datasets(tmp_path), None), None)
    eventually(lambda: latest_model(folder) or trainings.status(folder).state != "running", bool)
    training = trainings.current()
    assert training is not None
    training.process.send_signal(signal.SIGSTOP)
    trainings.pause(folder)
    assert training.process.returncode == -signal.SIGKILL
    assert trainings.status(folder).state == "paused"


@pytest.mark.parametrize(
    "change",
    [
        *({"recipe": recipe} for recipe in ("mlpp", "../../recipe.toml", "/etc/passwd", None, "--help")),
        *({"data": data} for data in ("nope", "../secret", "--out")),
        *({"epochs": 0, "steps": None}, {"epochs": 1}),
        *({"steps": steps} for steps in (-1, 1.5, "60")),
        *({"batch_size": size} for size in (0, "most")),
        *({"learning_rate": rate} for rate in (0, -1.0, 1e7)),
        *({"hidden": hidden} for hidden in ([], [0], [10**6], [800])),
        *({"recipe": "convnet", "hidden": [3]}, {"seed": -1}, {"seed": 2**63}),
        *({"from": "nothing"}, {"from": {"run": "../x"}}, {"more": 1}),
    ],
)
def test_invalid_values_start_nothing(api: TestClient, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)  # too little for 800 hidden units
    assert "body" not in refused(api.post("/runs", json={**SHORT, **change}), 422)
    assert api.get("/runs").json() == []


def test_one_training_is_prepared_at_a_time(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    active, counts = list[object](), list[int]()

    def plan(*_: Any) -> Any:
        active.append(None)
        time.sleep(0.02)
        counts.append(len(active))
        active.pop()
        raise hg.HandgradError("too large")

    monkeypatch.setattr(server_runs, "plan", plan)
    with ThreadPoolExecutor(8) as pool:
        for answer in [pool.submit(api.post, "/runs", json=SHORT) for _ in range(8)]:
            refused(answer.result(), 422)
    assert counts == [1] * 8


def test_model_to_start_from_must_fit_the_recipe(api: TestClient) -> None:
    for recipe, words in ((None, "contains its recipe"), ("mlp", "cannot start from small")):
        wanted = {"recipe": recipe, "data": "strokes", "from": "model"}
        assert words in refused(api.post("/runs", json=wanted), 422)


def test_unknown_names(api: TestClient, tmp_path: Path) -> None:
    (tmp_path / "runs" / ".hidden").mkdir(parents=True)
    (tmp_path / "runs" / ".hidden" / "model.safetensors").write_bytes(b"")
    for name in ("none", "%2e%2e", "..%2F..%2Fx", "%00", ".hidden", "a%20b", "x" * 300):
        for path in ("", "/events", "/model"):
            assert api.get(f"/runs/{name}{path}").status_code == 404
        for action in ("pause", "resume"):
            assert api.post(f"/runs/{name}/{action}").status_code in (404, 405)


def test_every_value_changes_the_recipe(tmp_path: Path) -> None:
    add_to_collection(tmp_path / "mine.csv", generate(9, 1)[0], [*"012345678"])
    values = {"epochs": 3, "batch_size": 7, "learning_rate": 0.25, "hidden": [40, 30], "seed": 7}
    wanted = NewRun.model_validate({"recipe": "classic", "data": "digits/mine", **values})
    recipe, _ = plan(wanted, Datasets(tmp_path), None)
    training = {"epochs": 3, "batch_size": 7, "record_every": 1}
    assert recipe.training.to_config() == training
    assert recipe.data.source == str(tmp_path / "mine.csv")
    assert (recipe.optimizer.learning_rate, recipe.seed) == (0.25, 7)
    assert [layer.get("units") for layer in recipe.network.layers[::2]] == [40, 30, "classes"]
    for data, expected in (("strokes:10000", 2000), ("strokes:9999", 0.2)):  # at most a fifth validates
        wanted = NewRun.model_validate({"recipe": "convnet", "data": data})
        assert plan(wanted, Datasets(tmp_path), None)[0].data.validation == expected
    wanted = NewRun.model_validate({"recipe": "mlp", "data": "strokes", "hidden": [2048] * 8})
    with pytest.raises(hg.HandgradError, match="31,002,634 weights are more than 25,000,000"):
        plan(wanted, Datasets(tmp_path), None)
