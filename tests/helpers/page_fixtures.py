"""What the tests of the page share: a browser, a network that reads drawings, and the page that shows it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

import handgrad as hg
from browser import open_browser
from drawing_board import Board
from handgrad.data.dataset import Splits
from handgrad.model.files import model_tensors, serialize_tensors
from page_server import Site, serving

Open = Callable[..., Board]


@pytest.fixture(scope="session")
def written() -> Splits:
    """Digits that the library writes itself: enough to learn to read drawings."""
    return hg.load_data("strokes:12000:3")


@pytest.fixture(scope="session")
def reader(written: Splits) -> bytes:
    """The model file of a small network that reads drawings."""
    layers = [hg.Dense(64), hg.ReLU(), hg.Dense(10)]
    network = hg.Network(layers, input_shape=(784,), rng=np.random.default_rng(0))
    for _ in hg.train(network, written, optimizer=hg.AdamW(0.005), batch_size=64, epochs=4):
        pass
    return serialize_tensors(*model_tensors(network))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(reader: bytes, written: Splits) -> Iterator[Site]:
    assert written.test
    with serving(reader, written.test) as site:
        yield site


@pytest.fixture
def open_board(browser: Browser, site: Site) -> Iterator[Open]:
    """Open the page in a window of one's choice; in the end no page may have had an error."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_board(path: str = "", expected: str | None = None, **window: Any) -> Board:
        settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **window}
        context = browser.new_context(**settings)
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(20_000)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (expected and expected in message.text):
                problems.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        board = Board(page)
        board.go(site.url + path)
        return board

    yield open_board
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def board(open_board: Open) -> Board:
    """The page in an ordinary window."""
    return open_board()
