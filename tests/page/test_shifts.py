"""Nothing jumps: not while records stream in, not while digits are collected and the network is tuned on them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from drawing_board import Board, strokes_of
from page_checks import WATCH_SHIFTS
from page_server_process import OpenWindow, Window, windows
from served import serving

WIDTHS = (360, 1200)
TALL = 4200
"""Pixels: shifts count where they are seen, so all of the page is."""
LEAST = 0.005
"""Of the cumulative layout shift, as in test_shell; 0.1 is called good."""


def screen(width: int) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": TALL}}


def still(window: Window) -> None:
    """Check that nothing has jumped, but for what followed a click or a key at once."""
    window.settle()
    shifts = [shift for shift in window.page.evaluate("window.shifts") if not shift[1]]
    assert sum(value for value, _, _ in shifts) < LEAST, shifts


@pytest.mark.parametrize("width", WIDTHS)
def test_while_a_training_streams(open_window: OpenWindow, trained: str, width: int) -> None:
    window = open_window(**screen(width))
    expect(window.wall.locator(".wall-told")).to_contain_text("read wrongly", timeout=60_000)
    window.page.evaluate(WATCH_SHIFTS)
    window.start("mlp", "strokes:2000", epochs=6)
    window.is_("finished")
    expect(window.wall.locator(".wall-told")).to_contain_text("read wrongly", timeout=60_000)
    still(window)


@pytest.mark.parametrize("width", WIDTHS)
def test_while_the_page_opens(open_window: OpenWindow, trained: str, width: int) -> None:
    for section in ("train", "digits"):
        window = open_window(section, **screen(width))
        window.page.evaluate(WATCH_SHIFTS)
        if section == "train":
            expect(window.wall.locator(".wall-told")).to_contain_text("read wrongly", timeout=60_000)
        still(window)


@pytest.mark.slow
def test_while_digits_are_collected_and_tuned_on(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        name = str(server.post("/runs", recipe="mlp", data="strokes:2000", epochs=2)["name"])
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
