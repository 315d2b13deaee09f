"""Many tabs on one run: none starves the others, and what a hidden tab has not seen it hears afterwards."""

import re

import pytest
from playwright.sync_api import expect

from page_server_process import OpenWindow, Window
from served import Process
from training_fixtures import DATA, LONG

pytestmark = pytest.mark.slow

TABS = 8  # a browser opens six connections to a server
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
WITHOUT_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"


def seen(window: Window) -> int:
    """Count the records that a window has."""
    plot = window.page.get_by_role("slider", name="Loss")
    return int(plot.get_attribute("aria-valuemax") or 0)


def sees(window: Window, count: int) -> None:
    """Wait until a window has exactly so many."""
    plot = window.page.get_by_role("slider", name="Loss")
    expect(plot).to_have_attribute("aria-valuemax", str(count))


def test_eight_tabs_follow_one_run(open_window: OpenWindow, server: Process) -> None:
    first = open_window()
    name = first.start("classic", DATA, **LONG)
    tabs = [first, *(open_window(beside=first) for _ in range(TABS - 1))]
    told = server.get(f"/runs/{name}")["records"]
    for tab in tabs:
        expect(tab.readout).to_contain_text("Newest: Step")
    server.await_records(name, told + 2)
    tabs[-1].press("Pause")
    for tab in tabs:
        tab.is_("paused")
        sees(tab, server.get(f"/runs/{name}")["records"])
    tabs[-2].press("Stop")
    for tab in tabs:
        tab.is_("stopped")
    tabs[3].page.close()  # and those that are left go on
    again = tabs[4].start("mlp", DATA, epochs=1)
    tabs[4].is_("finished")
    expect(tabs[5].runs.get_by_role("button", name=again)).to_contain_text("finished")


@pytest.mark.parametrize("locks", [True, False])
def test_a_hidden_tab_hangs_up_and_misses_nothing(
    open_window: OpenWindow, server: Process, locks: bool
) -> None:
    window = open_window()
    if not locks:  # as on a page that came from another machine without HTTPS
        window.page.add_init_script(WITHOUT_LOCKS)
        window.reload()
    name = window.start("classic", DATA, **LONG)
    expect(window.readout).to_contain_text("Newest: Step")
    window.page.evaluate(HIDE, True)
    hidden = seen(window)
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    server.await_records(name, hidden + 5)
    window.settle()
    assert seen(window) <= hidden + 1  # what was on its way
    assert asked == [] or not [url for url in asked if "/events" in url]
    asked.clear()
    window.page.evaluate(HIDE, False)
    server.post(f"/runs/{name}/stop")
    window.is_("stopped")
    sees(window, server.get(f"/runs/{name}")["records"])
    follows = [int(found[1]) for url in asked if (found := re.search(r"events\?after=(-?\d+)", url))]
    assert follows
    assert min(follows) >= hidden - 1  # it asked for what came after what it had
