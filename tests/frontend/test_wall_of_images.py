"""The wall of test images, and what it says where a run's data are not here, or it has none."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from handgrad.data.load import load_data
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from page_server_process import OpenWindow
from served import Process
from training_fixtures import DATA

pytestmark = pytest.mark.slow

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
    digits = load_data("strokes:200").train
    (runs_folder / "private").mkdir(exist_ok=True)
    source = runs_folder / "private" / "mine.npz"
    np.savez(source, images=digits.inputs, labels=digits.labels)
    if not (runs_folder / "runs" / "elsewhere").exists():
        train_on(str(source), runs_folder / "runs" / "elsewhere")
    return "elsewhere"


def test_the_wall_by_class_and_into_the_canvas(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.runs.get_by_role("button", name=trained).click()
    window.mistakes()
    test = hg.load_data(DATA).test
    assert test is not None
    window.wall.get_by_label("Class").select_option("7")
    first = window.wall.locator(".wall-image").first
    place = int(np.flatnonzero(test.labels == 7)[0])
    expect(first).to_have_attribute("aria-label", re.compile(f"^Image {place + 1}, labelled 7"))
    first.focus()
    window.page.keyboard.press("ArrowRight")
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("ArrowUp")
    place = int(np.flatnonzero(test.labels == 7)[1])
    expect(window.wall.locator(f'[aria-label^="Image {place + 1},"]')).to_be_focused()
    stop = window.wall.locator(".wall-image[tabindex='0']")
    window.page.keyboard.press("End")
    window.wall.get_by_role("button", name="Mistakes").click()
    expect(stop).to_be_enabled()  # though fewer images stand on the wall
    window.wall.get_by_role("button", name="All", exact=True).click()
    window.wall.locator(f'[aria-label^="Image {place + 1},"]').focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#draw")).to_be_visible()
    window.settle()
    shown = window.page.evaluate("Array.from(window.handgrad.currentPixels())")
    assert np.array_equal(shown, test.inputs[place].ravel())


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
    window.mistakes()
    window.runs.get_by_role("button", name=name).click()
    window.is_("failed")
    expect(window.wall.locator(".wall-told")).to_have_text(
        "The test images are read when there is a network."
    )
    expect(window.wall.locator(".wall-image:visible")).to_have_count(0)


def test_digits_of_ones_own_borrow_test_images_and_say_so(
    open_window: OpenWindow, trained: str, server: Process
) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (40, 784), np.uint8), [str(k % 10) for k in range(40)]
    server.post("/digits", name="few", inputs=images.tolist(), labels=labels)
    own = str(server.post("/runs", data="digits/few", epochs=1, **{"from": {"run": trained}})["name"])
    assert server.await_state(own, "finished", "failed")["state"] == "finished"
    window = open_window(f"train/{own}")
    window.mistakes()
    line = window.wall.locator(".wall-told")
    expect(line).to_contain_text("of strokes:5000 read wrongly")
    expect(line).to_contain_text("digits/few has no test images of its own: these are of strokes:5000")
