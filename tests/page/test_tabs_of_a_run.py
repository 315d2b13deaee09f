"""A run in many tabs, and by its address."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from page_server_process import OpenWindow, windows
from served import Process, serving

DATA = "strokes:2000"
TABS = 8
"""More than the connections that a browser opens to one server."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(tmp_path_factory.mktemp("tabs")) as server:
        yield server


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    with windows(browser, server.address) as open_window:
        yield lambda *where, **settings: open_window(*where, expected="404 (Not Found)", **settings)
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/stop")


@pytest.mark.slow
def test_eight_tabs_follow_one_run_to_its_end(open_window: OpenWindow, server: Process) -> None:
    first = open_window()
    name = first.start("mlp", DATA, epochs=400)
    tabs = [first, *(open_window(beside=first) for _ in range(TABS - 1))]
    for tab in tabs:  # all hear of it while it goes on
        expect(tab.view.get_by_role("heading", name=name)).to_be_visible()
        expect(tab.readout).to_contain_text("training loss")
    server.post(f"/runs/{name}/stop")
    last = server.get(f"/runs/{name}")["last"]
    for tab in tabs:
        tab.is_("stopped")
        expect(tab.readout).to_contain_text(f"training loss {last['loss']:.3g}")


def test_the_address_names_the_run(open_window: OpenWindow, server: Process) -> None:
    older, newer = begun(server)
    window = open_window()
    heading = window.view.get_by_role("heading", level=2)
    expect(heading).to_have_text(newer)
    window.runs.get_by_role("button", name=older).click()
    expect(heading).to_have_text(older)
    assert window.page.url.endswith(f"#train/{older}")
    window.reload()
    expect(heading).to_have_text(older)
    window.page.go_back()
    expect(heading).to_have_text(newer)
    other = open_window(f"train/{older}")
    expect(other.view.get_by_role("heading", level=2)).to_have_text(older)
    lost = open_window("train/none-7")
    expect(lost.view).to_contain_text("There is no run none-7 here")


def begun(server: Process) -> tuple[str, str]:
    """Two finished runs, the older first."""
    names = []
    for _ in range(2):
        names.append(str(server.post("/runs", recipe="mlp", data=DATA, epochs=1)["name"]))
        server.await_state(names[-1], "finished")
    return names[0], names[1]
