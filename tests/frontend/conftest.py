"""Fixtures for the page: its modules alone, the Draw section from memory, all sections on the real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from drawing_board import Board
from handgrad.data.dataset import Splits
from page_fixtures import browser, reader, written
from page_site import HOME, Models, Site, draw_site, open_models
from page_window import OpenWindow, finished_run, pages, windows
from served import Process, serving

__all__ = ["browser", "reader", "written"]


@pytest.fixture(scope="module")
def models(browser: Browser) -> Iterator[Models]:
    with open_models(browser) as models:
        yield models


@pytest.fixture
def site(reader: bytes, written: Splits) -> Site:
    """What the Draw section is answered with."""
    return draw_site(reader, written.split("test"))


@pytest.fixture
def open_board(browser: Browser, site: Site) -> Iterator[Callable[..., Board]]:
    """Open the Draw section."""
    with pages(browser) as open_page:

        def open_board(**settings: Any) -> Board:
            board = Board(open_page(**settings))
            board.page.route("**/*", site.answer)
            board.go(HOME)
            return board

        yield open_board


@pytest.fixture
def board(open_board: Callable[..., Board]) -> Board:
    return open_board()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its runs and digits."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Process]:
    """The real server, which trains."""
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Process) -> str:
    """A finished run."""
    return finished_run(server, epochs=3)


@pytest.fixture
def used(server: Process, trained: str) -> str:
    """The network in use, so that every section has content."""
    server.post("/model", run=trained)
    return trained


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    """Open windows of the real server; runs that a failed test left are stopped."""
    with windows(browser, server.address) as open_window:
        yield open_window
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/stop")
