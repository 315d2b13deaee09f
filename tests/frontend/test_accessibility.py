"""All sections: sizes, names, contrast, zoom, forced colours, reduced motion, the keyboard, announcements."""

import itertools
from typing import Any

import pytest
from playwright.sync_api import expect

from page_checks import BEYOND, CONTRASTS, FOCUSED, LISTEN, PROBLEMS
from page_window import DATA, OpenWindow, Window, box_of, strokes_of

slow = pytest.mark.slow
sections = pytest.mark.parametrize("section", ["draw", "steps", "train", "digits"])
LEVELS = """() => [...document.querySelectorAll('h1, h2, h3')].filter((each) => each.checkVisibility())
    .map((each) => Number(each.tagName[1]))"""


def fill(window: Window, section: str) -> None:
    """Add content to a section."""
    if section == "train":
        window.classified()
    if section in ("train", "steps"):
        return
    window.draw(strokes_of("3"))
    if section == "digits":
        window.pad.press("3")
        expect(window.page.locator(".thumbnail-status")).to_contain_text("digits/")


def test_sections(board: Window) -> None:
    page = board.page
    for section in ("Step by step", "Train", "Digits"):
        link = board.sections.filter(has_text=section)
        link.focus()
        board.press("Enter")
        expect(link).to_have_attribute("aria-current", "page")
    expect(page.locator("#digits")).to_be_visible()
    expect(page.locator("#draw")).to_be_hidden()
    assert "#digits" in page.url
    for shown in ("#train", "#steps"):
        page.go_back()
        expect(page.locator(shown)).to_be_visible()
    board.go()
    expect(page.locator("#steps")).to_be_visible()
    board.tab("Draw")
    board.draw(strokes_of("0"))
    board.reads("0")
    assert page.evaluate(PROBLEMS) == []
    for image in (".pixel-input canvas", ".images canvas"):  # they were hidden until now
        assert box_of(page.locator(image).first)["width"] > 80


@slow
@sections
def test_the_tab_key_reaches_everything_visibly(open_window: OpenWindow, trained: str, section: str) -> None:
    window = open_window(section)
    fill(window, section)
    window.page.evaluate("document.activeElement.blur()")
    window.sections.last.focus()
    inside = "(section) => document.getElementById(section).contains(document.activeElement)"
    found: list[Any] = []
    window.page.keyboard.press("Tab")
    while window.page.evaluate(inside, section):
        found.append(window.page.evaluate(FOCUSED))
        assert len(found) < 1000, "a keyboard trap"
        window.page.keyboard.press("Tab")
    assert len(found) > 5
    assert [at["name"] for at in found if not at["visible"]] == []


@slow
@sections
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (834, "light"), (1280, "light"), (1920, "dark")])
def test_every_size(open_window: OpenWindow, trained: str, section: str, width: int, theme: str) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 740}, "color_scheme": theme}
    window = open_window(section, is_mobile=width < 840, has_touch=width < 840, **view)
    fill(window, section)
    if (section, width) == ("draw", 360):
        bars = box_of(window.page.get_by_role("radiogroup"))
        assert bars["y"] + bars["height"] <= 740  # the prediction is visible
    assert window.page.evaluate(PROBLEMS) == []
    contrasts = window.page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert [text for text in contrasts if text[0] < 4.5] == []
    levels = window.page.evaluate(LEVELS)
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for narrow in {width, 320}:
        window.page.set_viewport_size({"width": narrow, "height": 740})
        window.settle()
        assert window.page.evaluate("document.documentElement.scrollWidth") <= narrow
        assert window.page.evaluate(BEYOND, narrow) == []


@slow
def test_announcements(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.page.evaluate(LISTEN)
    name = window.start("mlp", DATA, epochs=12)
    window.is_("finished")
    expect(window.page.locator("#status")).to_have_text(f"{name} is finished")
    assert window.page.evaluate("window.spoken") == [f"{name} has started", f"{name} is finished"]
    window = open_window("draw")
    window.page.evaluate(LISTEN)
    window.draw(strokes_of("1")[:1])
    assert window.page.evaluate("window.spoken") == [window.page.locator(".answer-words").inner_text()]


@slow
def test_forced_colours_and_reduced_motion(open_window: OpenWindow, trained: str) -> None:
    window = open_window("draw", forced_colors="active", reduced_motion="reduce")
    window.page.get_by_role("button", name="Draw a sample 8").click()
    assert window.page.evaluate("document.getAnimations().length") == 0
    window.settle()
    strokes = window.page.evaluate("window.handgrad.state.strokes.strokes.flat().length")
    window.settle()
    assert window.page.evaluate("window.handgrad.state.strokes.strokes.flat().length") == strokes > 10
    moving = window.page.evaluate(
        "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
        ".filter((style) => parseFloat(style.transitionDuration) || style.animationName !== 'none').length"
    )
    assert moving == 0
    colour = "(element) => getComputedStyle(element).backgroundColor"
    bar = window.page.locator(".bar.best .bar-fill")
    assert bar.evaluate(colour) != window.page.locator(".bar.best .bar-track").evaluate(colour)
