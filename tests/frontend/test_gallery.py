"""The gallery of test images: of which data, by class, by keyboard, and into the Draw section."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from page_site import Models
from page_window import DATA, OpenWindow

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


@pytest.mark.slow
def test_by_class_with_the_keyboard_and_into_draw(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.select(trained)
    window.errors()
    test = hg.load_data(DATA).split("test")
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
