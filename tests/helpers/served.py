"""Servers for tests: in this process, or as a child process that can be killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient

import handgrad as hg
from fixture_types import CLOSED
from handgrad.server.app import Settings, create_app
from handgrad.server.models import ModelInUse, ServedModel
from networks import DIGITS

TIMEOUT = 120.0  # seconds; long for a busy machine, and never reached where all is well


def small_network() -> hg.Network:
    """Return an untrained network for digits."""
    layers = [hg.Dense(8), hg.ReLU(), hg.Dense(10)]
    return hg.Network(layers, 784, 1, scaling=hg.Scaling.of_bytes(), **DIGITS)


@contextmanager
def client(folder: Path, network: hg.Network | None = None, **settings: Any) -> Iterator[TestClient]:
    """Return a client of an application in this process, with its runs and digits in `folder`."""
    in_use = ModelInUse(ServedModel("small", network, None) if network else None)
    app = create_app(Settings(folder / "runs", folder, **settings), in_use)
    with TestClient(app, "http://127.0.0.1") as found:
        yield found


def refused(answer: Any, *statuses: int) -> str:
    """Return the line with which a request was refused."""
    assert answer.status_code in statuses, answer.text
    (line,) = answer.json().values()
    assert len(line.splitlines()) == 1
    assert len(line) <= 300
    return str(line)


class Api:
    """Requests that must succeed."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(path, json=body) if body else self.client.post(path)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def await_state(self, name: str, *states: str) -> Any:
        """Wait until a run is in one of these states."""
        return eventually(lambda: self.get(f"/runs/{name}"), lambda run: run["state"] in states)

    def await_records(self, name: str, count: int) -> Any:
        """Wait until a run has this number of records."""
        return eventually(lambda: self.get(f"/runs/{name}"), lambda run: run["records"] >= count)

    def events(self, name: str, **headers: str) -> list[tuple[str, str | None, Any]]:
        """Return all events of a run until its stream ends."""
        with self.client.stream("GET", f"/runs/{name}/events", headers=headers) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            return list(read_events(stream.iter_lines()))


class Process(Api):
    """``handgrad serve`` in a child process."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "HANDGRAD_DATA"}
        environment |= {"HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(folder / "cache"), **variables}
        command = [sys.executable, "-m", "handgrad", "serve", "--port", "0", *arguments]
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, **pipes)
        self.output: list[str] = []
        assert self.process.stdout
        while not (found := re.search(r"http://\S+", "".join(self.output))):
            self.output.append(self.process.stdout.readline())
            assert self.output[-1], self.output
        self.address = found[0]
        super().__init__(httpx2.Client(base_url=self.address.partition("?")[0], timeout=TIMEOUT))

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def interrupt(self) -> None:
        """Send Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        """Wait for the end of the process, and return its exit status."""
        self.client.close()
        rest, _ = self.process.communicate(timeout=TIMEOUT)
        self.output += rest.splitlines(keepends=True)
        return self.process.returncode

    def end(self) -> int:
        """Send Ctrl-C, and return the exit status."""
        self.interrupt()
        return self.wait()


@contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[Process]:
    """Run a server, and end it if the test has not."""
    server = Process(folder, *arguments, **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def eventually(ask: Callable[[], Any], accept: Callable[[Any], bool]) -> Any:
    """Repeat a question until its answer is accepted."""
    deadline = time.monotonic() + TIMEOUT
    while not accept(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def read_events(lines: Iterator[str]) -> Iterator[tuple[str, str | None, Any]]:
    """Parse server-sent events: their type, id and data."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
            continue
        if "event" in fields:
            yield fields["event"], fields.get("id"), json.loads(fields["data"])
        fields = {}
