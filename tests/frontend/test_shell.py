"""The page as a whole: sizes, light and dark, names, contrast, tabs, layout shifts."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from drawing_board import Board, strokes_of
from page_checks import BEYOND, CONTRASTS, DANGLING, NAMELESS, SMALL, TWICE, VARIABLES, WATCH_SHIFTS

Open = Callable[..., Board]
slow = pytest.mark.slow
schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@slow
def test_nothing_is_wider_than_the_window(board: Board) -> None:
    board.click("Draw a sample 8")
    board.reads("8")
    for width in (320, 360, 600, 834, 1000, 1200, 1280, 1920):
        board.page.set_viewport_size({"width": width, "height": 740})
        board.settle()
        assert board.page.evaluate("document.documentElement.scrollWidth") <= width
        assert board.page.evaluate(BEYOND, width) == [], width


def test_on_a_phone_the_prediction_is_visible_and_controls_are_large(open_board: Open) -> None:
    board = open_board(**PHONE)
    bars = board.page.get_by_role("radiogroup").bounding_box()
    assert bars is not None
    assert bars["y"] + bars["height"] <= 740
    assert board.page.evaluate(SMALL) == []


@slow
@schemes
def test_contrast(open_board: Open, scheme: str) -> None:
    board = open_board(color_scheme=scheme)
    texts = ("--ink", "--muted", "--accent", "--positive", "--negative", "--error")
    pairs = [*itertools.product(texts, ("--paper", "--surface")), ("--on-accent", "--accent")]
    pairs += [("--ink", ground) for ground in ("--sunken", "--accent-soft", "--error-soft")]
    for text, ground in pairs:
        assert contrast(board, text, ground) >= 4.5, (text, ground)
    for ground in ("--paper", "--surface", "--canvas"):
        assert contrast(board, "--edge", ground) >= 3, ground  # borders of controls
    assert contrast(board, "--pen", "--canvas") >= 7
    board.draw(strokes_of("3"))
    board.page.locator("summary").click()
    found = board.page.evaluate(CONTRASTS)
    assert len(found) > 60
    assert [text for text in found if text[0] < 4.5] == []


def contrast(board: Board, *names: str) -> float:
    """Compute the contrast of two colours of the style sheet, as defined by WCAG 2."""
    low, high = sorted(luminance(colour) for colour in board.page.evaluate(VARIABLES, list(names)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_weights_are_legible_by_lightness_alone(board: Board) -> None:
    colours = board.page.evaluate(
        """async () => {
            const { signed } = await import("handgrad/draw/images.js");
            const channels = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
            return [...Array(101).keys()].map((k) => channels(signed(k / 50 - 1)));
        }"""
    )
    lights = [luminance("#" + "".join(f"{channel:02x}" for channel in colour)) for colour in colours]
    assert lights == sorted(lights)
    assert lights[-1] - lights[50] > 0.5
    assert lights[50] - lights[0] > 0.15


def test_controls_have_names(board: Board) -> None:
    board.draw(strokes_of("3"))
    for check in (NAMELESS, TWICE, DANGLING):
        assert board.page.evaluate(check) == []
    assert board.page.locator("html").get_attribute("lang") == "en"
    expect(board.page.get_by_role("heading", level=1)).to_have_count(1)
    facts = board.page.locator("#facts")
    expect(facts).to_have_text("pen784-64-1050,890 parametersvalidation accuracy 97.3 %")


@slow
@pytest.mark.parametrize("width", [360, 1280])
def test_no_layout_shift(open_board: Open, width: int) -> None:
    board = open_board(viewport={"width": width, "height": 800})
    board.page.evaluate(WATCH_SHIFTS)
    board.draw(strokes_of("3"))
    board.click("Example 3,")
    board.click("8:", "radio")
    shifts = board.page.evaluate("window.shifts")
    assert sum(value for value, _, _ in shifts) < 0.005, shifts


def test_tabs(board: Board) -> None:
    page = board.page
    tabs = {name: page.get_by_role("tab", name=name) for name in ("Draw", "Train", "Digits")}
    tabs["Draw"].focus()
    board.press("ArrowRight")
    expect(tabs["Train"]).to_be_focused()
    expect(tabs["Train"]).to_have_attribute("aria-selected", "true")
    expect(page.locator("#train")).to_be_visible()
    expect(page.locator("#draw")).to_be_hidden()
    assert page.url.endswith("#train")
    board.press("ArrowLeft", "ArrowLeft")
    expect(tabs["Digits"]).to_be_focused()
    page.go_back()
    expect(page.locator("#draw")).to_be_visible()
    page.go_back()
    expect(page.locator("#train")).to_be_visible()
    board.press("Home")
    tabs["Draw"].click()
    board.draw(strokes_of("0"))
    board.reads("0")


@slow
def test_a_section_is_opened_by_its_address(open_board: Open) -> None:
    board = open_board("#digits")
    expect(board.page.locator("#digits")).to_be_visible()
    board.click("Draw", "tab")
    board.draw(strokes_of("0"))
    board.reads("0")
    for image in (".attribution canvas", ".mosaic canvas"):  # they were hidden until now
        box = board.page.locator(image).first.bounding_box()
        assert box is not None
        assert box["width"] > 100


def test_colours_are_defined_once() -> None:
    css = (Path(__file__).parents[2] / "src/handgrad/frontend/style.css").read_text("utf-8")
    rules = css[css.index("*, *::before") :]
    assert "#" not in rules.replace("/*", "")
