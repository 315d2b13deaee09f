"""What the wall says where a run's data are not here, or it has none, and that the line stands still then."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from handgrad.data.sources import load
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from page_server_process import OpenWindow
from served import Process

NOTES = """() => {
    window.notes = [];
    const line = document.querySelector(".wall-told");
    new MutationObserver(() => window.notes.push(line.textContent)).observe(line, { childList: true });
}"""


def train_on(source: str, folder: Path) -> None:
    changes = {"data": {"source": source, "validation": 0}, "training": {"epochs": 1}}
    recipe = override(load_recipe("mlp"), changes, "test")
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.opened():
        for _ in run.train(1):
            pass


@pytest.fixture
def elsewhere(runs_folder: Path, server: Process) -> str:
    """A run on data that the server does not list."""
    digits = load("strokes:200").train
    (runs_folder / "private").mkdir(exist_ok=True)
    source = runs_folder / "private" / "mine.npz"
    np.savez(source, images=digits.inputs, labels=digits.labels)
    if not (runs_folder / "runs" / "elsewhere").exists():
        train_on(str(source), runs_folder / "runs" / "elsewhere")
    return "elsewhere"


def test_no_other_images_are_shown_as_the_runs_own(
    open_window: OpenWindow, trained: str, elsewhere: str
) -> None:
    window = open_window(f"train/{trained}")
    told = window.wall.locator(".wall-told")
    expect(told).to_contain_text("of strokes:2000 read wrongly", timeout=60_000)
    window.page.evaluate(NOTES)
    window.runs.get_by_role("button", name=elsewhere).click()
    reason = "No test images: the data of this run, private/mine.npz, are not here"
    expect(told).to_have_text(reason)
    expect(window.wall.locator(".wall-image:visible")).to_have_count(0)
    expect(window.wall.locator(".wall-places")).to_have_text("none")
    window.page.evaluate("window.notes.length = 0")
    with window.page.expect_response("**/data"):  # it is looked for again: perhaps it was put there meanwhile
        pass
    window.settle()
    assert set(window.page.evaluate("window.notes")) <= {reason}  # and the line stands still
    window.runs.get_by_role("button", name=trained).click()
    expect(told).to_contain_text("of strokes:2000 read wrongly", timeout=60_000)
    expect(window.wall.locator(".wall-image:visible").first).to_be_visible()


def test_a_run_that_never_began_shows_no_images(
    open_window: OpenWindow, server: Process, trained: str
) -> None:
    server.post("/digits", name="one", inputs=[[255] * 784], labels=["1"])  # too few to set some aside
    name = str(server.post("/runs", recipe="mlp", data="digits/one")["name"])
    assert server.await_state(name, "failed")["data"] == ""  # its folder is gone
    window = open_window(f"train/{trained}")
    expect(window.wall.locator(".wall-told")).to_contain_text("read wrongly", timeout=60_000)
    window.runs.get_by_role("button", name=name).click()
    window.is_("failed")
    expect(window.wall.locator(".wall-told")).to_have_text(
        "The test images are read when there is a network."
    )
    expect(window.wall.locator(".wall-image:visible")).to_have_count(0)
