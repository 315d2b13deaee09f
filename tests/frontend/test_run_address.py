"""The address says which run is looked at: a reload, Back and a link that is shared lead there."""

import pytest
from playwright.sync_api import expect

from page_server_process import OpenWindow, Window
from served import Process
from training_fixtures import DATA

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(server: Process) -> list[str]:
    """Two runs, the older one first."""
    names = []
    for _ in range(2):
        names.append(str(server.post("/runs", recipe="mlp", data=DATA, epochs=1)["name"]))
        assert server.await_state(names[-1], "finished", "failed")["state"] == "finished"
    return names


def shows(window: Window, name: str) -> None:
    """Wait until the run is looked at, and the address says so."""
    expect(window.view.get_by_role("heading", level=2)).to_have_text(name)
    expect(window.page).to_have_url(f"{window.address}#train/{name}")
    expect(window.runs.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")


def test_reload_back_and_a_link(open_window: OpenWindow, runs: list[str]) -> None:
    older, newer = runs
    window = open_window()
    shows(window, newer)
    window.runs.get_by_role("button", name=older).click()
    shows(window, older)
    window.reload()
    shows(window, older)
    window.page.go_back()
    shows(window, newer)
    window.page.go_forward()
    shows(window, older)
    window.page.get_by_role("tab", name="Train").click()  # where one is already: no step of its own
    window.page.get_by_role("tab", name="Draw").click()
    expect(window.page).to_have_url(f"{window.address}#draw")
    window.page.go_back()
    shows(window, older)
    window.page.get_by_role("tab", name="Digits").click()
    window.page.get_by_role("tab", name="Train").click()  # the tab itself leads to the run of before
    shows(window, older)
    shows(open_window(f"train/{older}"), older)  # a link


def test_a_link_to_a_run_that_is_not_here(open_window: OpenWindow, runs: list[str]) -> None:
    window = open_window("train/gone-7")
    expect(window.view.locator(".view-line")).to_contain_text("There is no run gone-7 here")
    expect(window.page).to_have_url(f"{window.address}#train/gone-7")
    window.runs.get_by_role("button", name=runs[0]).click()
    shows(window, runs[0])
    odd = open_window("train/%3Cb%3E%22..%2F")
    expect(odd.view.locator(".view-line")).to_contain_text("There is no run")


def test_a_training_that_is_started_is_a_step_of_its_own(
    open_window: OpenWindow, runs: list[str], server: Process
) -> None:
    window = open_window(f"train/{runs[0]}")
    shows(window, runs[0])
    name = window.start("mlp", DATA, epochs=1)
    shows(window, name)
    window.is_("finished")
    window.page.go_back()
    shows(window, runs[0])
