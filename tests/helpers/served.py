"""A server for tests: in this process, or as a process of its own that can be killed."""

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
from threading import Event
from typing import Any

import httpx2
import numpy as np
from fastapi.testclient import TestClient

from fixture_types import CLOSED
from handgrad.model.layers import Dense, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.server.app import Settings, create_app
from handgrad.server.model_in_use import ModelInUse, Served

HOME = "http://127.0.0.1"
PATIENCE = 60.0
"""Seconds; long for a machine with other work, and never waited for where all is well."""


def small_network(classes: tuple[str, ...] = tuple("0123456789")) -> Network:
    """A network for digits that knows nothing yet."""
    layers = [Dense(8), ReLU(), Dense(len(classes))]
    return Network(layers, (784,), np.random.default_rng(1), scaling=Scaling.of_bytes(), classes=classes)


@contextmanager
def client(
    folder: Path, network: Network | None = None, *, token: str | None = None, raising: bool = True
) -> Iterator[TestClient]:
    """Ask an application in this process, with its runs and digits below `folder`."""
    in_use = ModelInUse(Served.of("small", network, None) if network else None)
    app = create_app(Settings(folder / "runs", folder, token=token), in_use, Event())
    with TestClient(app, HOME, raise_server_exceptions=raising) as asking:
        yield asking


class Asker:
    """Asks a server, and insists on an answer."""

    client: httpx2.Client

    def post(self, path: str, **body: Any) -> Any:
        """Ask for something to be done, and give the answer."""
        answer = self.client.post(path, json=body) if body else self.client.post(path)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        """Ask, and give the answer."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def await_state(self, name: str, *states: str) -> Any:
        """Wait until a run is in one of these states."""
        return eventually(lambda: self.get(f"/runs/{name}"), lambda run: run["state"] in states)

    def await_records(self, name: str, count: int) -> Any:
        """Wait until a run has told so much."""
        return eventually(lambda: self.get(f"/runs/{name}"), lambda run: run["records"] >= count)


@contextmanager
def here(folder: Path, network: Network | None = None) -> Iterator[Asker]:
    """Ask an application in this process, which trains in others."""
    with client(folder, network) as asking:
        asker = Asker()
        asker.client = asking
        yield asker


class Process(Asker):
    """``handgrad serve`` as a user runs it."""

    def __init__(self, folder: Path, *arguments: str, **places: str) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "HANDGRAD_DATA"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", "serve", "--port", "0", *arguments],
            cwd=folder,
            env={**environment, "HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(folder / "cache"), **places},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.told: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(line)
            found = re.search(r"http://\S+", line)
            if found:
                self.address = found[0]
                break
        else:
            raise AssertionError("".join(self.told))
        self.client = httpx2.Client(base_url=self.address.partition("?")[0], timeout=PATIENCE)

    def kill(self) -> None:
        """Kill it with -9."""
        self.process.kill()
        self._over()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        """Wait until it has ended, and give its exit status."""
        self._over()
        return self.process.returncode

    def end(self) -> int:
        """End it with Ctrl-C, and give its exit status."""
        self.interrupt()
        return self.wait()

    def _over(self) -> None:
        self.client.close()
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.told += rest.splitlines(keepends=True)


@contextmanager
def serving(folder: Path, *arguments: str, **places: str) -> Iterator[Process]:
    """Run a server, and end it if the test has not."""
    server = Process(folder, *arguments, **places)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def eventually(ask: Callable[[], Any], right: Callable[[Any], bool]) -> Any:
    """Ask again until the answer is right."""
    deadline = time.monotonic() + PATIENCE
    while not right(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def read_events(lines: Iterator[str]) -> Iterator[tuple[str, str | None, Any]]:
    """Read server-sent events: their kind, id and data."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
        elif "event" in fields:
            yield fields["event"], fields.get("id"), json.loads(fields["data"])
            fields = {}
        else:
            fields = {}
