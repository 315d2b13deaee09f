"""Fixtures for the page on the real server, whose model recognizes drawings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from page_fixtures import browser, reader
from page_models import Models
from page_window import OpenWindow, Window, finished_run, windows
from served import Process, serving

__all__ = ["browser", "reader"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its runs and digits."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path, reader: bytes) -> Iterator[Process]:
    (folder / "pen.safetensors").write_bytes(reader)
    with serving(folder, "pen.safetensors") as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Process) -> str:
    """A finished run, whose network is in use."""
    name = finished_run(server, epochs=3)
    server.post("/model", run=name)
    return name


@pytest.fixture(scope="module")
def models(browser: Browser, server: Process) -> Iterator[Models]:
    with browser.new_page() as page:
        yield Models(page, server.address)


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    """Open windows of the server; runs that a failed test left are paused."""
    with windows(browser, server.address) as open_window:
        yield open_window
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/pause")


@pytest.fixture
def board(open_window: OpenWindow) -> Window:
    """The Draw section."""
    return open_window("draw")
