"""All three sections for those who do not see, do not see colours, enlarge, or use the keyboard only."""

import itertools
from typing import Any

import pytest
from playwright.sync_api import expect

from drawing_board import Board, strokes_of
from page_checks import BEYOND, NAMELESS
from page_server_process import OpenWindow, Window
from served import Process
from training_fixtures import DATA

pytestmark = pytest.mark.slow

SECTIONS = ("draw", "train", "digits")

FOCUSED = """() => {
    const element = document.activeElement;
    const shows = (each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const marked = element.closest(".pad") ?? element; // the sheet shows it on its frame
    const box = element.getBoundingClientRect();
    return {
        name: element.outerHTML.slice(0, 90),
        visible: shows(marked), size: box.width * box.height,
    };
}"""

STOPS = """(section) => [...document.getElementById(section).querySelectorAll(
        "a[href], button, input, select, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .filter((element) => !element.disabled && element.tabIndex >= 0).length"""

PICTURES = """() => [...document.querySelectorAll("canvas, svg, img")]
    .filter((element) => element.checkVisibility() && !element.closest("[aria-hidden=true]"))
    .filter((element) => !element.getAttribute("aria-label")).map((element) => element.outerHTML.slice(0, 90))"""

LISTEN = """() => {
    window.spoken = [];
    for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
        new MutationObserver(() => region.textContent && window.spoken.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
    }
}"""


@pytest.fixture
def used(server: Process, trained: str) -> str:
    """A network in use, so that every section has something to show."""
    server.post("/model", run=trained)
    return trained


def filled(window: Window, section: str) -> None:
    """Have something to see in a section."""
    if section == "train":
        window.mistakes()
        return
    board = Board(window.page)
    board.draw(strokes_of("3"))
    if section == "digits":
        board.pad.press("3")
        expect(window.page.locator(".shelf-told")).to_contain_text("1 digit;")


@pytest.mark.parametrize("section", SECTIONS)
def test_the_tab_key_goes_everywhere_and_one_sees_where(
    open_window: OpenWindow, used: str, section: str
) -> None:
    window = open_window(section)
    filled(window, section)
    window.page.evaluate("document.activeElement.blur()")
    window.page.get_by_role("tab", selected=True).focus()
    stops = window.page.evaluate(STOPS, section)
    inside = "(section) => document.getElementById(section).contains(document.activeElement)"
    found: list[Any] = []
    window.page.keyboard.press("Tab")
    while window.page.evaluate(inside, section):
        found.append(window.page.evaluate(FOCUSED))
        assert len(found) <= stops + 10, "a trap"  # some browsers stop at what scrolls, too
        window.page.keyboard.press("Tab")
    assert len(found) >= stops > 5
    assert [at["name"] for at in found if not at["visible"] or not at["size"]] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_pictures_and_what_can_be_used_have_names(open_window: OpenWindow, used: str, section: str) -> None:
    window = open_window(section)
    filled(window, section)
    assert window.page.evaluate(PICTURES) == []
    assert window.page.evaluate(NAMELESS) == []
    levels = window.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].filter((each) => each.checkVisibility())"
        ".map((each) => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("section", SECTIONS)
def test_enlarged_twofold_nothing_is_cut_off(open_window: OpenWindow, used: str, section: str) -> None:
    zoomed = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}  # 1280 × 900 at 200 %
    window = open_window(section, **zoomed)
    filled(window, section)
    assert window.page.evaluate("document.documentElement.scrollWidth") <= 640
    assert window.page.evaluate(BEYOND, 640) == []


def test_a_training_is_not_chattered_about(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    window.page.evaluate(LISTEN)
    name = window.start("mlp", DATA, epochs=12)
    window.is_("finished")
    expect(window.readout).to_contain_text("epoch 12 of 12")
    expect(window.page.locator("#status")).to_have_text(f"{name} is finished")
    assert window.page.evaluate("window.spoken") == [f"{name} has begun", f"{name} is finished"]


def test_a_stroke_is_answered_once(open_window: OpenWindow, used: str) -> None:
    window = open_window("draw")
    window.page.evaluate(LISTEN)
    Board(window.page).draw(strokes_of("1")[:1])
    spoken = window.page.evaluate("window.spoken")
    assert len(spoken) == 1
    assert spoken[0] == window.page.locator(".answer-words").inner_text()


def test_curves_mistakes_and_states_differ_by_more_than_colour(open_window: OpenWindow, used: str) -> None:
    window = open_window(f"train/{used}")
    filled(window, "train")
    dashes = "(line) => getComputedStyle(line).strokeDasharray"
    for kind, dashed in (("training", True), ("validation", False)):
        line = window.view.locator(f".chart-line.{kind}").first
        assert (line.evaluate(dashes) != "none") == dashed
    expect(window.view.locator(".chart-end", has_text="train ")).to_have_count(2)
    expect(window.view.locator(".chart-end", has_text="valid. ")).to_have_count(2)
    mistake = window.wall.locator(".wall-image.mistake").first
    expect(mistake).to_contain_text("→")
    right = window.wall.locator(".wall-image:not(.mistake)").first
    width = "(image) => getComputedStyle(image).outlineWidth"
    style = "(image) => getComputedStyle(image).outlineStyle"
    assert mistake.evaluate(style) == "solid"
    assert right.evaluate(style) == "none" or right.evaluate(width) == "0px"
    expect(window.view.locator(".run-state")).to_have_text("finished")


def test_with_the_systems_own_colours_bars_are_seen(open_window: OpenWindow, used: str) -> None:
    window = open_window("draw", forced_colors="active")
    filled(window, "draw")
    colour = "(element) => getComputedStyle(element).backgroundColor"
    bar = window.page.locator(".bar.best .bar-fill")
    assert bar.evaluate(colour) != window.page.locator(".bar.best .bar-track").evaluate(colour)


def test_nothing_moves_by_itself_where_that_is_not_wished(open_window: OpenWindow, used: str) -> None:
    window = open_window("draw", reduced_motion="reduce")
    window.page.get_by_role("button", name="Write a 8").click()
    assert window.page.evaluate("document.getAnimations().length") == 0
    strokes = window.page.evaluate("window.handgrad.currentStrokes().strokes.flat().length")
    window.settle()
    assert window.page.evaluate("window.handgrad.currentStrokes().strokes.flat().length") == strokes > 10
    moving = window.page.evaluate(
        "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
        ".filter((style) => parseFloat(style.transitionDuration) || style.animationName !== 'none').length"
    )
    assert moving == 0
