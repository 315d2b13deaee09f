"""The gallery of test images: by class, into the Draw section, and for runs whose test images are not available."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from page_models import Models
from page_window import DATA, OpenWindow
from served import Process

slow = pytest.mark.slow

IMAGES = """
const { testDataFor, digitsFor } = await import("handgrad/train/test_images.js");
const sets = available.map((name) => ({ name }));
const app = { api: async (path) => { if (path !== "/data") throw new Error(path); return sets; } };
return { testDataFor, digitsFor }[which](app, source).catch((error) => error.message);
"""
HERE = ["mnist", "strokes:5000", "strokes", "digits/mine"]


@pytest.mark.parametrize(
    ("which", "source", "available", "expected"),
    [
        ("testDataFor", "mnist", HERE, {"name": "mnist", "instead": None}),
        ("testDataFor", "strokes:300:7", [], {"name": "strokes:300:7", "instead": None}),
        ("testDataFor", "digits/mine", HERE, {"name": "mnist", "instead": "digits/mine"}),
        ("testDataFor", "digits/mine", ["strokes:5000"], {"name": "strokes:5000", "instead": "digits/mine"}),
        ("testDataFor", "digits/mine", [], "the server has no digits"),
        ("testDataFor", "/far/away.csv", HERE, "the data of this run, far/away.csv, are not available"),
        ("digitsFor", "/far/away.csv", HERE, {"name": "mnist", "instead": "/far/away.csv"}),
    ],
)
def test_which_test_images(
    models: Models, which: str, source: str, available: list[str], expected: Any
) -> None:
    inputs = f"const which = {which!r}, source = {source!r}, available = {available!r};"
    assert models.run(inputs + IMAGES) == expected


NOTES = """() => {
    window.notes = [];
    const line = document.querySelector(".gallery-status");
    new MutationObserver(() => window.notes.push(line.textContent)).observe(line, { childList: true });
}"""


@pytest.fixture
def elsewhere(runs_folder: Path, server: Process) -> str:
    """A run on data that the server does not list."""
    digits = hg.load_data("strokes:200").train
    (runs_folder / "private").mkdir(exist_ok=True)
    source = runs_folder / "private" / "mine.npz"
    np.savez(source, images=digits.inputs, labels=digits.labels)
    if not (runs_folder / "runs" / "elsewhere").exists():
        train_on(str(source), runs_folder / "runs" / "elsewhere")
    return "elsewhere"


def train_on(source: str, folder: Path) -> None:
    from handgrad.recipes.data import open_splits
    from handgrad.recipes.loading import load_recipe, override
    from handgrad.runs import Run

    changes = {"data": {"source": source, "validation": 0}, "training": {"epochs": 1}}
    recipe = override(load_recipe("mlp"), changes, "test")
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.open():
        for _ in run.train(1):
            pass


@slow
def test_by_class_with_the_keyboard_and_into_draw(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.select(trained)
    window.errors()
    test = hg.load_data(DATA).test
    assert test is not None
    sevens = np.flatnonzero(test.labels == 7)
    window.gallery.get_by_label("Class").select_option("7")
    first = window.gallery.locator(".gallery-image").first
    expect(first).to_have_attribute("aria-label", re.compile(f"^Image {sevens[0] + 1}, labelled 7"))
    first.focus()
    keyboard = window.page.keyboard
    for key in ("ArrowRight", "ArrowDown", "ArrowUp"):
        keyboard.press(key)
    second = window.gallery.locator(f'[aria-label^="Image {sevens[1] + 1},"]')
    expect(second).to_be_focused()
    keyboard.press("End")
    window.gallery.get_by_role("button", name="Errors").click()
    expect(window.gallery.locator(".gallery-image[tabindex='0']")).to_be_enabled()  # with fewer images
    window.gallery.get_by_role("button", name="All", exact=True).click()
    second.focus()
    keyboard.press("Enter")
    expect(window.page.locator("#draw")).to_be_visible()
    window.settle()
    shown = window.page.evaluate("Array.from(window.handgrad.currentPixels())")
    assert np.array_equal(shown, test.inputs[sevens[1]].ravel())


@slow
def test_images_of_other_data_are_not_shown(open_window: OpenWindow, trained: str, elsewhere: str) -> None:
    window = open_window(f"train/{trained}")
    window.errors()
    window.page.evaluate(NOTES)
    window.select(elsewhere)
    reason = "No test images: the data of this run, private/mine.npz, are not available"
    expect(window.gallery_status).to_have_text(reason)
    expect(window.gallery.locator(".gallery-image:visible")).to_have_count(0)
    expect(window.gallery.locator(".gallery-range")).to_have_text("none")
    window.page.evaluate("window.notes.length = 0")
    with window.page.expect_response("**/data"):  # it tries again, without changing the line
        pass
    window.settle()
    assert set(window.page.evaluate("window.notes")) <= {reason}
    window.select(trained)
    window.errors()
    expect(window.gallery.locator(".gallery-image:visible").first).to_be_visible()


@slow
def test_a_run_that_failed_at_its_start_shows_no_errors(
    open_window: OpenWindow, server: Process, trained: str
) -> None:
    server.post("/digits", name="one", inputs=[[255] * 784], labels=["1"])  # too few for a validation split
    name = str(server.post("/runs", recipe="mlp", data="digits/one")["name"])
    assert server.await_state(name, "failed")["records"] == 0
    window = open_window(f"train/{trained}")
    window.errors()
    window.select(name)
    window.is_("failed")
    expect(window.gallery_status).to_contain_text("digits/one has no test images")
    expect(window.gallery.locator(".gallery-image.error:visible")).to_have_count(0)


@slow
def test_a_run_on_drawn_digits_shows_other_test_images(
    open_window: OpenWindow, trained: str, server: Process
) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (40, 784), np.uint8), [str(k % 10) for k in range(40)]
    server.post("/digits", name="few", inputs=images.tolist(), labels=labels)
    name = str(server.post("/runs", data="digits/few", epochs=1, **{"from": {"run": trained}})["name"])
    assert server.await_state(name, "finished", "failed")["state"] == "finished"
    window = open_window(f"train/{name}")
    window.errors()
    expect(window.gallery_status).to_contain_text("of strokes:5000: accuracy")
    expect(window.gallery_status).to_contain_text("digits/few has no test images: these are of strokes:5000")
