"""Trainings over HTTP, with a real server and real processes: paused, resumed, stopped, killed."""

import os
import signal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from handgrad.cli.main import main
from handgrad.data.strokes import generate
from handgrad.exports.formats import load_model
from handgrad.locks import is_held
from served import Process, client, eventually, here, read_events, serving, small_network

LONG = {"recipe": "classic", "data": "strokes:1000:1", "batch_size": 50, "epochs": 1500}
SHORT = {"recipe": "classic", "data": "strokes:300:1", "steps": 60}


def child(server: Process) -> int:
    """Find the process that the server trains in."""
    pid = server.process.pid
    (found,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [
        number
        for task in Path(f"/proc/{pid}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]
    return int(found)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the long one comes to without a break, on a terminal."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    arguments = ["train", str(LONG["recipe"]), "--data", str(LONG["data"])]
    arguments += ["--batch-size", str(LONG["batch_size"]), "--epochs", str(LONG["epochs"])]
    assert main([*arguments, "--quiet", "--no-test", "--out", str(folder)]) == 0
    return load_model(folder).flat_parameters.tobytes()


def test_a_run_is_started_followed_by_two_readers_and_finished(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert "no model yet" in server.told[0]
        assert server.get("/runs") == []
        name = server.post("/runs", **SHORT)["name"]
        assert name == "classic-1"
        told = []
        for after in ({}, {"Last-Event-ID": "0"}):
            with server.client.stream("GET", f"/runs/{name}/events", headers=after) as stream:
                assert stream.headers["Content-Type"].startswith("text/event-stream")
                told.append(list(read_events(stream.iter_lines())))
        first, second = told
        assert [kind for kind, _, _ in first if kind == "record"] == ["record"] * 3
        assert [number for kind, number, _ in first if kind == "record"] == ["0", "50", "59"]
        assert [number for kind, number, _ in second if kind == "record"] == ["50", "59"]
        assert first[-1] == second[-1] == ("state", None, {"state": "finished"})
        run = server.get(f"/runs/{name}")
        assert (run["state"], run["recipe"], run["data"]) == ("finished", "classic", "strokes:300:1")
        assert run["records_so_far"] == [data for kind, _, data in first if kind == "record"]
        assert run["last"] == run["records_so_far"][-1]
        (listed,) = server.get("/runs")
        more = {"validated": None, "records_so_far": run["records_so_far"]}
        assert run == listed | more  # nothing was set aside to validate on
        answer = server.client.get(f"/runs/{name}/model")
        assert answer.content == (tmp_path / "runs" / name / "model.safetensors").read_bytes()
        known = {"If-None-Match": answer.headers["ETag"]}
        assert server.client.get(f"/runs/{name}/model", headers=known).status_code == 304
        assert server.post("/model", run=name)["name"] == name
        assert server.client.get("/model/file").content == answer.content
        for wish in ("pause", "resume", "stop"):
            assert server.client.post(f"/runs/{name}/{wish}").status_code == 409
        assert server.end() == 0
    with serving(tmp_path) as server:  # the newest finished run is drawn for
        assert server.get("/model")["name"] == name


@pytest.mark.slow
def test_paused_and_resumed_equals_never_paused_and_its_readers_stay(straight: bytes, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        with server.client.stream("GET", f"/runs/{name}/events") as stream:
            events = read_events(stream.iter_lines())
            list(islice((event for event in events if event[0] == "record"), 2))
            answer = server.client.get(f"/runs/{name}/model")
            tensors = load(answer.content)
            assert tensors["layers.0.weights"].shape == (10, 784)
            busy = server.client.post("/runs", json=SHORT)
            assert (busy.status_code, name in busy.json()["detail"]) == (409, True)
            assert server.client.post(f"/runs/{name}/resume").status_code == 409
            assert server.post(f"/runs/{name}/pause")["state"] == "paused"
            assert not is_held(tmp_path / "runs" / name)
            assert server.client.post(f"/runs/{name}/pause").status_code == 409
            assert next(event for event in events if event[0] == "state")[2] == {"state": "paused"}
            assert server.post(f"/runs/{name}/resume")["state"] == "running"
            *_, last = events
            assert last == ("state", None, {"state": "finished"})
        steps = [record["step"] for record in server.get(f"/runs/{name}")["records_so_far"]]
        assert steps == sorted(set(steps))
        assert steps[-1] == 1500 * 20 - 1
    assert load_model(tmp_path / "runs" / name).flat_parameters.tobytes() == straight


@pytest.mark.slow
def test_stopped_is_for_good_and_ctrl_c_pauses(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        server.await_records(name, 1)
        assert server.post(f"/runs/{name}/stop")["state"] == "stopped"
        assert server.client.post(f"/runs/{name}/resume").status_code == 409
        assert load_model(tmp_path / "runs" / name / "model.safetensors").flat_parameters.size == 7960
        with server.client.stream("GET", f"/runs/{name}/events") as stream:
            *_, last = read_events(stream.iter_lines())
        assert last[2] == {"state": "stopped"}
        other = server.post("/runs", **LONG)["name"]
        with server.client.stream("GET", f"/runs/{other}/events") as stream:
            events = read_events(stream.iter_lines())
            next(event for event in events if event[0] == "record")
            server.interrupt()
            list(events)  # the stream ends, it does not hang
        assert server.wait() == 0
        assert f"handgrad resume {tmp_path / 'runs' / other}" in server.told[-1]
    with here(tmp_path) as server:  # and so it is after a restart
        assert {run["name"]: run["state"] for run in server.get("/runs")} == {
            name: "stopped",
            other: "paused",
        }
        third = server.post("/runs", **LONG)["name"]
        busy = server.client.post(f"/runs/{other}/resume")
        assert (busy.status_code, third in busy.json()["detail"]) == (409, True)
        server.post(f"/runs/{third}/stop")
        assert server.post(f"/runs/{other}/stop")["state"] == "stopped"


def test_what_fails_is_told(tmp_path: Path) -> None:
    with here(tmp_path, small_network()) as server:
        wild = server.post("/runs", **{**SHORT, "hidden": [30, 30, 30], "steps": 501, "learning_rate": 1e6})[
            "name"
        ]
        run = server.await_state(wild, "failed", "finished")
        assert run["state"] == "failed"
        assert "diverged" in run["error"]
        with server.client.stream("GET", f"/runs/{wild}/events") as stream:
            *_, last = read_events(stream.iter_lines())
        assert last[2] == {"state": "failed", "error": run["error"]}
        # One that never begins leaves nothing but its line.
        one = {"name": "one", "inputs": generate(1, 1)[0].tolist(), "labels": ["0"]}
        server.post("/digits", **one)
        name = server.post(
            "/runs", **{"recipe": "mlp", "hidden": [8], "data": "digits/one", "epochs": 1, "from": "model"}
        )["name"]
        never = server.await_state(name, "failed", "finished")
        assert never["state"] == "failed"
        assert "validation" in never["error"]
        assert not (tmp_path / "runs" / name).exists()
        assert server.client.post(f"/runs/{name}/resume").status_code == 409
        assert server.client.get(f"/runs/{name}/model").status_code == 404
        assert [listed["name"] for listed in server.get("/runs")] == [name, wild]
    with here(tmp_path) as server:
        assert server.get(f"/runs/{wild}")["error"] == run["error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "killed",
    [
        "both",
        pytest.param("server", marks=pytest.mark.slow),
        pytest.param("training", marks=pytest.mark.slow),
    ],
)
def test_killed_it_is_offered_to_resume_and_ends_the_same(
    straight: bytes, tmp_path: Path, killed: str
) -> None:
    with serving(tmp_path) as server:
        name = server.post("/runs", **LONG)["name"]
        server.await_records(name, 3)
        pid = child(server)
        if killed in ("training", "both"):
            os.kill(pid, signal.SIGKILL)
        if killed in ("server", "both"):
            server.kill()
            # no orphan is left behind: it saves what it has, and ends
            eventually(lambda: is_held(tmp_path / "runs" / name), lambda held: not held)
        else:
            assert server.await_state(name, "interrupted", "failed")["state"] == "interrupted"
    with serving(tmp_path) as server:
        (run,) = server.get("/runs")
        assert (run["name"], run["state"]) == (name, "interrupted")
        assert run["records"] >= 3
        assert server.post(f"/runs/{name}/resume")["state"] == "running"
        run = server.await_state(name, "finished", "failed", "interrupted")
        assert run["state"] == "finished"
        assert len(run["records_so_far"]) == len({record["step"] for record in run["records_so_far"]})
    assert load_model(tmp_path / "runs" / name).flat_parameters.tobytes() == straight


@pytest.mark.slow
def test_a_model_of_ten_classes_goes_on_with_three_digits_of_ones_own(tmp_path: Path) -> None:
    images, labels = generate(60, 4)
    three = np.flatnonzero(labels < 3)[:12]
    with here(tmp_path) as server:
        first = server.post("/runs", **SHORT)["name"]
        server.await_state(first, "finished")
        own = {"name": "mine", "inputs": images[three].tolist(), "labels": [str(n) for n in labels[three]]}
        server.post("/digits", **own)
        server.post("/model", run=first)
        for start in ("model", {"run": first}):
            tuned = server.post("/runs", data="digits/mine", steps=1, learning_rate=1e-6, **{"from": start})[
                "name"
            ]
            run = server.await_state(tuned, "finished", "failed")
            assert run["state"] == "finished", run["error"]
            before, after = (load_model(tmp_path / "runs" / name) for name in (first, tuned))
            assert after.classes == tuple("0123456789")
            np.testing.assert_allclose(after.flat_parameters, before.flat_parameters, atol=1e-5)
        assert run["data"] == "digits/mine"
        refused = server.client.post(
            "/runs", json={"recipe": "mlp", "data": "digits/mine", "epochs": 1, "from": "model"}
        )
        assert (refused.status_code, "layer 0" in refused.json()["detail"]) == (422, True)


def test_a_training_on_a_terminal_is_seen_and_left_alone(tmp_path: Path) -> None:
    with here(tmp_path) as one, here(tmp_path) as other:
        name = one.post("/runs", **LONG)["name"]
        one.await_records(name, 1)
        assert other.get(f"/runs/{name}")["state"] == "running"
        for wish in ("pause", "stop", "resume"):
            assert other.client.post(f"/runs/{name}/{wish}").status_code == 409
        assert one.post(f"/runs/{name}/stop")["state"] == "stopped"
        assert other.get(f"/runs/{name}")["state"] == "stopped"


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": "mlpp"},
        {"recipe": "../../recipe.toml"},
        {"recipe": "/etc/passwd"},
        {"recipe": None},
        {"recipe": "--help"},
        {"data": "nope"},
        {"data": "../secret"},
        {"data": "--out"},
        {"epochs": 0, "steps": None},
        {"epochs": 1},
        {"steps": -1},
        {"steps": 1.5},
        {"steps": "60"},
        {"batch_size": 0},
        {"batch_size": "most"},
        {"learning_rate": 0},
        {"learning_rate": -1.0},
        {"learning_rate": 1e7},
        {"hidden": []},
        {"hidden": [0]},
        {"hidden": [10**6]},
        {"recipe": "convnet", "hidden": [3]},
        {"seed": -1},
        {"seed": 2**63},
        {"from": "nothing"},
        {"from": {"run": "../x"}},
        {"from": "model"},
        {"more": 1},
    ],
)
def test_wishes_that_are_none_start_nothing(tmp_path: Path, change: dict[str, Any], offline: None) -> None:
    with client(tmp_path) as asking:
        answer = asking.post("/runs", json={**SHORT, **change})
        assert answer.status_code in (404, 422), answer.text
        assert len(answer.json()["detail"].splitlines()) == 1
        assert asking.get("/runs").json() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none", "%2e%2e", "..%2F..%2Fx", "%00", ".hidden", "a%20b", "x" * 300])
def test_names_that_are_none_are_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "runs" / ".hidden").mkdir(parents=True)
    (tmp_path / "runs" / ".hidden" / "model.safetensors").write_bytes(b"")
    with client(tmp_path) as asking:
        for path in ("", "/events", "/model"):
            assert asking.get(f"/runs/{name}{path}").status_code == 404
        for wish in ("pause", "resume", "stop"):
            assert asking.post(f"/runs/{name}/{wish}").status_code in (404, 405)
