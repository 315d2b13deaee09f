"""Nothing jumps: not while records stream in, not while digits are collected and the network is tuned on them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from drawing_board import Board, strokes_of
from page_checks import WATCH_SHIFTS
from page_server_process import OpenWindow, Window, windows
from served import serving
from training_fixtures import DATA

pytestmark = pytest.mark.slow

WIDTHS = (360, 1200)
TALL = 4200
"""Pixels: shifts count where they are seen, so all of the page is."""
LEAST = 0.005
"""Of the cumulative layout shift, as in test_shell; 0.1 is called good."""


def screen(width: int) -> dict[str, Any]:
    phone = width < 840
    return {"viewport": {"width": width, "height": TALL}, "is_mobile": phone, "has_touch": phone}


def shifts(window: Window) -> list[Any]:
    """Tell what has jumped, but for what followed a click or a key at once."""
    window.settle()
    return [shift for shift in window.page.evaluate("window.shifts") if not shift[1]]


def still(window: Window) -> None:
    """Check that next to nothing has jumped anywhere on the page."""
    found = shifts(window)
    assert sum(value for value, _, _ in found) < LEAST, found


@pytest.mark.parametrize("width", WIDTHS)
def test_while_a_training_streams(open_window: OpenWindow, trained: str, width: int) -> None:
    window = open_window(**screen(width))
    window.mistakes()
    window.page.evaluate(WATCH_SHIFTS)
    window.start("mlp", DATA, epochs=6)
    window.is_("finished")
    window.mistakes()
    still(window)


def test_on_the_screen_of_a_phone_nothing_jumps_at_all(open_window: OpenWindow, trained: str) -> None:
    window = open_window(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    window.start("mlp", DATA, epochs=3)
    window.page.evaluate(WATCH_SHIFTS)
    window.is_("finished")
    window.mistakes()
    window.page.get_by_role("tab", name="Digits").click()
    assert shifts(window) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_while_the_page_opens(open_window: OpenWindow, trained: str, width: int) -> None:
    for section in ("train", "digits"):
        window = open_window(section, **screen(width))
        window.page.evaluate(WATCH_SHIFTS)
        if section == "train":
            window.mistakes()
        still(window)


def test_while_digits_are_collected_and_tuned_on(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        name = str(server.post("/runs", recipe="mlp", data=DATA, epochs=2)["name"])
        server.await_state(name, "finished")
        server.post("/model", run=name)
        for width in WIDTHS:
            window = open_window("digits", **screen(width))
            window.page.evaluate(WATCH_SHIFTS)
            board = Board(window.page)
            for label in "358":
                board.draw(strokes_of(label))
                board.pad.press(label)
            window.page.get_by_role("button", name="Fine-tune").click()
            expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2, timeout=60_000)
            still(window)
