"""All sections with screen readers, zoom, forced colours, reduced motion and the keyboard only."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from drawing_board import Board, strokes_of
from page_checks import BEYOND, CONTRASTS, DANGLING, NAMELESS, SMALL, TWICE, WATCH_SHIFTS
from page_window import DATA, OpenWindow, Window, finished_run, windows
from served import Process, serving

pytestmark = pytest.mark.slow

sections = pytest.mark.parametrize("section", ["draw", "train", "digits"])

FOCUSED = """() => {
    const element = document.activeElement;
    const shows = (each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const marked = element.closest(".pad") ?? element; // the drawing area shows it on its frame
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

IMAGES = """() => [...document.querySelectorAll("canvas, svg, img")]
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
    """A network in use, so that every section has content."""
    server.post("/model", run=trained)
    return trained


def fill(window: Window, section: str) -> None:
    """Add content to a section."""
    if section == "train":
        window.errors()
        return
    board = Board(window.page)
    board.draw(strokes_of("3"))
    if section == "digits":
        board.pad.press("3")
        expect(window.page.locator(".thumbnail-status")).to_contain_text("1 digit;")


@sections
def test_the_tab_key_reaches_everything_visibly(open_window: OpenWindow, used: str, section: str) -> None:
    window = open_window(section)
    fill(window, section)
    window.page.evaluate("document.activeElement.blur()")
    window.page.get_by_role("tab", selected=True).focus()
    stops = window.page.evaluate(STOPS, section)
    inside = "(section) => document.getElementById(section).contains(document.activeElement)"
    found: list[Any] = []
    window.page.keyboard.press("Tab")
    while window.page.evaluate(inside, section):
        found.append(window.page.evaluate(FOCUSED))
        assert len(found) <= stops + 10, "a keyboard trap"  # some browsers stop at scrollable elements, too
        window.page.keyboard.press("Tab")
    assert len(found) >= stops > 5
    assert [at["name"] for at in found if not at["visible"] or not at["size"]] == []


@sections
def test_names_headings_and_zoom(open_window: OpenWindow, used: str, section: str) -> None:
    zoomed = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}  # 1280 × 900 at 200 %
    window = open_window(section, **zoomed)
    fill(window, section)
    for check in (IMAGES, NAMELESS, TWICE, DANGLING):
        assert window.page.evaluate(check) == []
    levels = window.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].filter((each) => each.checkVisibility())"
        ".map((each) => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert window.page.evaluate("document.documentElement.scrollWidth") <= 640
    assert window.page.evaluate(BEYOND, 640) == []


@pytest.mark.parametrize("width", [320, 834, 1280])
def test_widths_and_contrast(open_window: OpenWindow, trained: str, width: int) -> None:
    phone = width < 840
    scheme = "dark" if phone else "light"
    viewport = {"width": width, "height": 740}
    window = open_window(viewport=viewport, is_mobile=phone, has_touch=phone, color_scheme=scheme)
    window.errors()
    for section in ("Train", "Digits"):
        window.tab(section)
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width
        assert window.page.evaluate(BEYOND, width) == []
        assert window.page.evaluate(SMALL) == []
        assert [text for text in window.page.evaluate(CONTRASTS) if text[0] < 4.5] == []


def test_announcements(open_window: OpenWindow, server: Process, used: str) -> None:
    window = open_window()
    window.page.evaluate(LISTEN)
    name = window.start("mlp", DATA, epochs=12)
    window.is_("finished")
    expect(window.readout).to_contain_text("epoch 12 of 12")
    expect(window.page.locator("#status")).to_have_text(f"{name} is finished")
    assert window.page.evaluate("window.spoken") == [f"{name} has started", f"{name} is finished"]
    window = open_window("draw")
    window.page.evaluate(LISTEN)
    Board(window.page).draw(strokes_of("1")[:1])
    assert window.page.evaluate("window.spoken") == [window.page.locator(".answer-words").inner_text()]


def test_curves_errors_and_states_differ_by_more_than_colour(open_window: OpenWindow, used: str) -> None:
    window = open_window(f"train/{used}")
    fill(window, "train")
    dashes = "(line) => getComputedStyle(line).strokeDasharray"
    for kind, dashed in (("training", True), ("validation", False)):
        line = window.view.locator(f".chart-line.{kind}").first
        assert (line.evaluate(dashes) != "none") == dashed
    for name in ("train ", "valid. "):
        expect(window.view.locator(".chart-end", has_text=name)).to_have_count(2)
    error = window.gallery.locator(".gallery-image.error").first
    expect(error).to_contain_text("→")
    correct = window.gallery.locator(".gallery-image:not(.error)").first
    outline = "(image) => getComputedStyle(image).outlineStyle + getComputedStyle(image).outlineWidth"
    assert error.evaluate(outline) != correct.evaluate(outline)
    expect(window.view.locator(".run-state")).to_have_text("finished")


def test_bars_are_visible_with_forced_colours(open_window: OpenWindow, used: str) -> None:
    window = open_window("draw", forced_colors="active")
    fill(window, "draw")
    colour = "(element) => getComputedStyle(element).backgroundColor"
    bar = window.page.locator(".bar.best .bar-fill")
    assert bar.evaluate(colour) != window.page.locator(".bar.best .bar-track").evaluate(colour)


def test_reduced_motion(open_window: OpenWindow, used: str) -> None:
    window = open_window("draw", reduced_motion="reduce")
    window.page.get_by_role("button", name="Draw a sample 8").click()
    assert window.page.evaluate("document.getAnimations().length") == 0
    strokes = window.page.evaluate("window.handgrad.currentStrokes().strokes.flat().length")
    window.settle()
    assert window.page.evaluate("window.handgrad.currentStrokes().strokes.flat().length") == strokes > 10
    moving = window.page.evaluate(
        "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
        ".filter((style) => parseFloat(style.transitionDuration) || style.animationName !== 'none').length"
    )
    assert moving == 0


def shifts(window: Window) -> list[Any]:
    """Return the layout shifts, except those directly after a click or a key."""
    window.settle()
    return [shift for shift in window.page.evaluate("window.shifts") if not shift[1]]


def screen(width: int) -> dict[str, Any]:
    """Return a screen on which the whole page is visible: only visible shifts are counted."""
    phone = width < 840
    return {"viewport": {"width": width, "height": 4200}, "is_mobile": phone, "has_touch": phone}


@pytest.mark.parametrize("width", [360, 1200])
def test_no_layout_shift_while_training(open_window: OpenWindow, trained: str, width: int) -> None:
    for section in ("digits", "train"):
        window = open_window(section, **screen(width))
        window.page.evaluate(WATCH_SHIFTS)
        if section == "train":
            window.errors()
            window.start("mlp", DATA, epochs=6)
            window.is_("finished")
            window.errors()
        found = shifts(window)
        assert sum(value for value, _, _ in found) < 0.005, found


def test_no_layout_shift_while_fine_tuning(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        server.post("/model", run=finished_run(server, epochs=2))
        for width in (360, 1200):
            window = open_window("digits", **screen(width))
            window.page.evaluate(WATCH_SHIFTS)
            board = Board(window.page)
            for label in "358":
                board.draw(strokes_of(label))
                board.pad.press(label)
            window.page.get_by_role("button", name="Fine-tune").click()
            expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2, timeout=60_000)
            found = shifts(window)
            assert sum(value for value, _, _ in found) < 0.005, found
