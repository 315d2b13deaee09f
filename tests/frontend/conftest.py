"""Fixtures for the page: its modules alone, the Draw section on a small server, all sections on the real one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from drawing_board import Board
from handgrad.data.dataset import Splits
from page_fixtures import browser, reader, written
from page_models import Models, open_models
from page_server import Site, serving_page
from page_window import OpenWindow, finished_run, pages, windows
from served import Process, serving

__all__ = ["browser", "reader", "written"]


@pytest.fixture(scope="module")
def models(browser: Browser) -> Iterator[Models]:
    with open_models(browser) as models:
        yield models


@pytest.fixture(scope="module")
def shared_site(reader: bytes, written: Splits) -> Iterator[Site]:
    assert written.test
    with serving_page(reader, written.test) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    """The small server; its model is reset after each test."""
    model, name = shared_site.model, shared_site.name
    yield shared_site
    shared_site.model, shared_site.name = model, name


@pytest.fixture
def open_board(browser: Browser, site: Site) -> Iterator[Callable[..., Board]]:
    """Open the Draw section."""
    with pages(browser) as open_page:

        def open_board(path: str = "", **settings: Any) -> Board:
            board = Board(open_page(**settings))
            board.go(site.url + path)
            return board

        yield open_board


@pytest.fixture
def board(open_board: Callable[..., Board]) -> Board:
    return open_board()


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its runs."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def server(runs_folder: Path) -> Iterator[Process]:
    """The real server, which trains."""
    with serving(runs_folder) as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Process) -> str:
    """A finished run."""
    return finished_run(server, epochs=3)


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    """Open windows of the real server; runs that a failed test left are stopped."""
    with windows(browser, server.address) as open_window:
        # without a model, /model/file answers 404, which browsers log
        yield lambda *section, **settings: open_window(
            *section, **{"expected": "404 (Not Found)", **settings}
        )
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/stop")
