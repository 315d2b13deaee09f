"""Drawing on the page: real mouse, finger and key events in a real browser, and what the network makes of them."""

import base64
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from drawing_board import DRAWINGS, Board, strokes_of
from handgrad.data.dataset import Splits
from handgrad.data.framing import frame_digit
from page_fixtures import Open
from page_server import Site

ONE = [[[0.5, 0.2], [0.5, 0.4], [0.5, 0.6], [0.5, 0.8]]]


def test_each_digit_that_is_drawn_is_recognised(board: Board) -> None:
    for digit in "0123456789":
        board.draw(strokes_of(digit))
        board.reads(digit)
        expect(board.words).to_contain_text(digit)
        board.page.get_by_role("button", name="Clear").click()
        expect(board.answer).to_have_text("")


def test_the_answer_is_there_before_the_pen_is_lifted(board: Board) -> None:
    board.draw(ONE, lift=False)
    board.reads("1")
    board.page.mouse.up()
    board.reads("1")


def test_the_network_receives_what_the_library_would_frame(board: Board) -> None:
    for drawing in DRAWINGS[::9]:
        framed = board.page.evaluate(
            """async (drawing) => {
                const { renderStrokes } = await import("handgrad/draw/strokes.js");
                const { frameDigit } = await import("handgrad/model/framing.js");
                return Array.from(frameDigit(renderStrokes(drawing, 280), 280, 280));
            }""",
            drawing,
        )
        assert np.array_equal(framed, frame_digit(rendered(drawing)).ravel()), (
            drawing["kind"],
            drawing["label"],
        )


def test_strokes_become_the_same_picture_in_both_languages(board: Board) -> None:
    for drawing in [*DRAWINGS, {"width": 0.1, "strokes": [[[0.5, 0.5]], [[0, 1], [1, 0.99]]]}]:
        ink = board.page.evaluate(
            """async (drawing) => {
                const { renderStrokes } = await import("handgrad/draw/strokes.js");
                return btoa(String.fromCharCode(...renderStrokes(drawing, 64)));
            }""",
            drawing,
        )
        here = rendered(drawing, 64)
        there = np.frombuffer(base64.b64decode(ink), np.uint8).reshape(64, 64)
        assert np.array_equal(here, there), (drawing.get("kind"), drawing.get("label"))


def rendered(drawing: dict[str, Any], side: int = 280) -> Any:
    """Render strokes by the command that has the messy drawings read."""
    path = Path(__file__).parents[2] / "tools" / "drawings.py"
    spec = importlib.util.spec_from_file_location("bench_drawings", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.render(drawing, side)


def test_there_are_a_hundred_messy_drawings_of_all_digits() -> None:
    labels = [drawing["label"] for drawing in DRAWINGS]
    assert len(labels) >= 100
    assert min(labels.count(digit) for digit in "0123456789") >= 10
    assert all(
        0 <= x <= 1 and 0 <= y <= 1 for drawing in DRAWINGS for way in drawing["strokes"] for x, y in way
    )


def test_undo_and_clear(board: Board) -> None:
    undo, clear = (board.page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Clear"))
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
    board.draw(ONE)
    before = board.pixels()
    board.draw([[[0.2, 0.5], [0.8, 0.5]]])
    assert not np.array_equal(board.pixels(), before)
    undo.click()
    board.settle()
    assert np.array_equal(board.pixels(), before)
    clear.focus()
    board.page.keyboard.press("Enter")
    board.settle()
    assert board.pixels().sum() == 0
    expect(clear).to_be_disabled()
    expect(clear).to_be_focused()  # who works with keys is where they were
    expect(board.answer).to_have_text("")
    assert set(board.probabilities()) == {"–"}
    undo.click()
    board.settle()
    assert np.array_equal(board.pixels(), before)


@pytest.mark.slow
def test_another_pen_draws_all_of_it(board: Board) -> None:
    board.draw(strokes_of("0"))
    thin = board.pixels().sum(dtype=int)
    board.page.get_by_label("Width of the pen").focus()
    board.press(*["ArrowRight"] * 8)
    assert board.pixels().sum(dtype=int) > 1.2 * thin


@pytest.mark.slow
def test_a_finger_draws_and_does_not_scroll(open_board: Open) -> None:
    board = open_board(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    box = board.pad.bounding_box()
    assert box is not None
    cdp = board.page.context.new_cdp_session(board.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in places]
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.5, 0.2))
    for y in np.linspace(0.25, 0.8, 12):
        touch("touchMove", (0.5, float(y)))
    touch("touchEnd")
    board.settle()
    board.reads("1")
    assert board.page.evaluate("scrollY") == 0


def test_the_pressure_of_a_pen_widens_the_stroke(board: Board) -> None:
    inks = [
        board.page.evaluate(
            """async (pressure) => {
                const { begin, blank, extend, renderStrokes } = await import("handgrad/draw/strokes.js");
                const drawing = begin(blank(), 0.5, 0.2, pressure);
                extend(drawing, 0.5, 0.8, pressure);
                return renderStrokes(drawing, 100).reduce((sum, value) => sum + value, 0);
            }""",
            pressure,
        )
        for pressure in (0.8, 1, 1.2)
    ]
    assert inks[0] < inks[1] < inks[2]


def test_a_pixel_is_changed_by_hand_and_everything_follows(board: Board) -> None:
    board.draw(ONE)
    before, told = board.pixels(), board.probabilities()
    box = board.pixels_view.bounding_box()
    assert box is not None
    cell = box["width"] / 28
    board.page.mouse.move(box["x"] + 5.5 * cell, box["y"] + 8.5 * cell)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + 20.5 * cell, box["y"] + 8.5 * cell, steps=30)
    board.page.mouse.up()
    board.settle()
    after = board.pixels()
    assert (after[8, 5:21] == 255).all()
    after[8, 5:21] = before[8, 5:21]
    assert np.array_equal(after, before)
    assert board.probabilities() != told
    board.page.get_by_role("button", name="Undo").click()
    board.settle()
    assert np.array_equal(board.pixels(), before)
    assert board.probabilities() == told


@pytest.mark.slow
def test_a_class_is_chosen_and_all_that_explains_follows(board: Board) -> None:
    board.draw(strokes_of("3"))
    page = board.page
    expect(page.get_by_role("heading", name="For and against 3")).to_be_visible()
    page.get_by_role("radio", name="8:").click()
    expect(page.get_by_role("heading", name="For and against 8")).to_be_visible()
    expect(page.get_by_role("heading", name="The units that did most for or against 8")).to_be_visible()
    board.reads("3")  # what is explained is another matter
    page.get_by_role("radio", name="8:").click()
    expect(page.get_by_role("heading", name="For and against 3")).to_be_visible()


@pytest.mark.slow
def test_what_the_outputs_added_up_are_the_logits(board: Board) -> None:
    board.draw(strokes_of("5"))
    logits = np.array(
        [float(text.replace("−", "-")) for text in board.page.locator(".sum-number").all_text_contents()]
    )
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    shown = float(board.probabilities()[5].removeprefix("> ").removesuffix(" %"))
    assert 100 * shares[5] == pytest.approx(shown, abs=0.6)  # from two decimals of each logit


@pytest.mark.slow
def test_a_unit_is_picked(board: Board) -> None:
    board.draw(strokes_of("3"))
    units = board.page.get_by_role("slider", name="pick a unit")
    units.focus()
    board.press("Home", "ArrowRight", "ArrowRight")
    expect(board.page.get_by_role("heading", name="Unit 3 of 64")).to_be_visible()
    assert (units.get_attribute("aria-valuetext") or "").startswith("unit 3: Fires")


@pytest.mark.slow
def test_examples_are_clicked_through(board: Board, written: Splits) -> None:
    assert written.test
    inputs = written.test.inputs
    page = board.page
    page.get_by_role("button", name="Example 5,").click()
    board.settle()
    assert np.array_equal(board.pixels().ravel(), inputs[4])
    page.get_by_role("button", name="Next examples").click()
    page.get_by_role("button", name="Example 25,").click()
    board.settle()
    assert np.array_equal(board.pixels().ravel(), inputs[24])
    board.draw(ONE)  # takes the place of the example
    board.reads("1")
    page.get_by_role("button", name="Undo").click()
    board.settle()
    assert np.array_equal(board.pixels().ravel(), inputs[24])


def test_only_the_keyboard(board: Board) -> None:
    board.press("Tab", "Tab")  # the tabs, then the sheet
    expect(board.pad).to_be_focused()
    board.press("ArrowUp", "ArrowUp", "Shift+ArrowUp", "Shift+ArrowUp", " ")
    board.press(*["ArrowDown"] * 22, " ")
    board.reads("1")
    board.press("z")
    expect(board.answer).to_have_text("")
    for digit in "275":
        board.press(digit)
        board.reads(digit)
    board.press("Delete")
    expect(board.answer).to_have_text("")


def test_pixels_and_classes_by_keyboard(board: Board) -> None:
    board.pixels_view.focus()
    board.press("ArrowUp", " ", "Shift+ArrowRight", "Shift+ArrowRight")
    assert np.argwhere(board.pixels()).tolist() == [[13, 14], [13, 15], [13, 16]]
    board.press(" ")
    assert np.argwhere(board.pixels()).tolist() == [[13, 14], [13, 15]]
    board.page.locator('[role=radio][tabindex="0"]').focus()
    board.press("ArrowDown")
    chosen = board.page.locator('[role=radio][aria-checked="true"]')
    expect(chosen).to_be_focused()
    expect(board.page.get_by_role("heading", name="For and against")).to_have_text(
        f"For and against {(chosen.get_attribute('aria-label') or '')[0]}"
    )


@pytest.mark.slow
def test_a_digit_is_written_slowly_where_motion_is_welcome(open_board: Open) -> None:
    board = open_board(reduced_motion="no-preference")
    board.page.get_by_role("button", name="Write a 4").click()
    board.reads("4")
    board.page.wait_for_function(
        "() => document.querySelector('.answer [aria-live]').textContent.includes('4')"
    )


@pytest.mark.slow
def test_reload_in_the_middle_of_a_stroke(board: Board) -> None:
    board.draw(ONE, lift=False)
    board.page.reload()
    board.page.wait_for_selector("html[data-ready]")
    board.page.mouse.up()
    expect(board.answer).to_have_text("")
    board.draw(ONE)
    board.reads("1")


@pytest.mark.slow
def test_without_a_network_connection(board: Board) -> None:
    board.page.context.set_offline(True)
    board.draw(strokes_of("2"))
    board.reads("2")


@pytest.mark.slow
def test_a_window_that_changes_while_one_draws(board: Board) -> None:
    four = strokes_of("4")
    board.draw(four[:1])
    before = board.pixels()
    board.page.set_viewport_size({"width": 400, "height": 700})
    board.settle()
    assert np.array_equal(board.pixels(), before)
    board.draw(four[1:])
    board.reads("4")


@pytest.mark.slow
def test_a_page_of_its_own_needs_no_server(open_board: Open) -> None:
    board = open_board("alone")
    expect(board.page.get_by_role("tablist")).to_be_hidden()
    expect(board.page.get_by_role("region", name="Examples")).to_have_count(0)
    board.draw(strokes_of("6"))
    board.reads("6")


@pytest.mark.slow
def test_no_model_yet(open_board: Open, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "model", None)
    board = open_board(expected="404")
    expect(board.page.get_by_text("There is no network here yet.")).to_be_visible()
    board.draw(ONE)
    assert board.pixels().any()
    board.page.get_by_role("link", name="Train").click()
    expect(board.page.get_by_role("tab", name="Train")).to_have_attribute("aria-selected", "true")


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [b"", b"not a model, but long enough to be read"], ids=["empty", "something else"]
)
def test_a_broken_model_is_told_in_one_line(
    open_board: Open, site: Site, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(site, "model", content)
    board = open_board()
    problem = board.page.locator("#draw .problem")
    expect(problem).to_be_visible()
    assert "file" in problem.inner_text()
    assert "\n" not in problem.inner_text()
    board.draw(ONE)
    assert board.pixels().any()
