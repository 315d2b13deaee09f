"""What the tests of the sections that train share: a server that trains, a finished run, and windows onto them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from page_server_process import OpenWindow, windows
from served import Process, serving

LONG = {"steps": 200_000, "batch_size": 50}
"""Of `classic`: a training that no test awaits the end of."""
DATA = "strokes:2000"


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its runs."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def server(runs_folder: Path) -> Iterator[Process]:
    with serving(runs_folder) as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Process) -> str:
    """A run that is finished."""
    name = str(server.post("/runs", recipe="mlp", data=DATA, epochs=3)["name"])
    assert server.await_state(name, "finished", "failed")["state"] == "finished"
    return name


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    """Open windows; what a failed test left running is stopped."""
    with windows(browser, server.address) as open_window:
        # a fresh server has no model to give, which browsers note
        yield lambda *section, **settings: open_window(
            *section, **{"expected": "404 (Not Found)", **settings}
        )
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/stop")
