"""The Draw section: mouse, touch and key events in a real browser, and what the page shows of the network."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from handgrad.model.files import model_bytes
from networks import DIGITS
from page_window import OpenWindow, Window, box_of, strokes_of

ONE = [[[0.5, 0.2], [0.5, 0.4], [0.5, 0.6], [0.5, 0.8]]]
slow = pytest.mark.slow


@pytest.mark.parametrize("digits", ["038", pytest.param("1245679", marks=slow)])
def test_digits_are_recognized(board: Window, digits: str) -> None:
    for digit in digits:
        board.draw(strokes_of(digit))
        board.reads(digit)
        expect(board.words).to_contain_text(digit)
        board.click("Clear")
        expect(board.answer).to_have_text("")


def test_undo_and_clear(board: Window) -> None:
    undo, clear = (board.page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Clear"))
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
    board.draw(ONE, lift=False)
    board.reads("1")  # before the pen is lifted
    board.page.mouse.up()
    before = board.pixels()
    board.draw([[[0.2, 0.5], [0.8, 0.5]]])
    assert not np.array_equal(board.pixels(), before)
    board.click("Undo")
    assert np.array_equal(board.pixels(), before)
    clear.focus()
    board.press("Enter")
    assert board.pixels().sum() == 0
    expect(clear).to_be_disabled()
    expect(clear).to_be_focused()
    assert set(board.probabilities()) == {"–"}
    board.click("Undo")
    assert np.array_equal(board.pixels(), before)


@slow
def test_the_width_of_the_pen_and_of_the_window(board: Window) -> None:
    four = strokes_of("4")
    board.draw(four[:1])
    before = board.pixels()
    board.page.set_viewport_size({"width": 400, "height": 700})
    board.settle()
    assert np.array_equal(board.pixels(), before)
    board.draw(four[1:])
    board.reads("4")
    thin = board.pixels().sum(dtype=int)
    board.page.get_by_label("Width of the pen").focus()
    board.press(*["ArrowRight"] * 8)
    assert board.pixels().sum(dtype=int) > 1.2 * thin  # the whole drawing


@slow
def test_a_finger_draws_and_does_not_scroll(open_window: OpenWindow) -> None:
    board = open_window("draw", viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    box = box_of(board.pad)
    cdp = board.page.context.new_cdp_session(board.page)
    points = [(box["x"] + box["width"] / 2, box["y"] + y * box["height"]) for y in np.linspace(0.2, 0.8, 13)]
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    board.settle()
    board.reads("1")
    assert board.page.evaluate("scrollY") == 0


def test_pixels_are_edited_with_the_mouse(board: Window) -> None:
    board.draw(ONE)
    before, probabilities = board.pixels(), board.probabilities()
    box = box_of(board.pixels_view)
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
    assert board.probabilities() != probabilities
    board.click("Undo")
    assert np.array_equal(board.pixels(), before)
    assert board.probabilities() == probabilities


def test_drawing_with_the_keyboard(board: Window) -> None:
    board.sections.last.focus()
    board.press("Tab")
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


def test_pixels_and_classes_with_the_keyboard(board: Window) -> None:
    board.pixels_view.focus()
    board.press("ArrowUp", " ", "Shift+ArrowRight", "Shift+ArrowRight")
    assert np.argwhere(board.pixels()).tolist() == [[13, 14], [13, 15], [13, 16]]
    board.press(" ")
    assert np.argwhere(board.pixels()).tolist() == [[13, 14], [13, 15]]
    board.page.locator('[role=radio][tabindex="0"]').focus()
    board.press("ArrowDown")
    selected = board.page.locator('[role=radio][aria-checked="true"]')
    expect(selected).to_be_focused()
    name = (selected.get_attribute("aria-label") or "")[0]
    expect(board.page.locator(".attributions h2")).to_have_text(f"Attribution for {name}")


@slow
def test_a_class_is_explained(board: Window) -> None:
    board.draw(strokes_of("3"))
    heading = board.page.locator(".attributions h2")
    expect(heading).to_contain_text("for 3")
    board.select_layer(-1)
    board.click("8:", "radio")
    expect(heading).to_contain_text("for 8")
    expect(board.page.get_by_role("heading", name="Largest contributions to 8")).to_be_visible()
    board.reads("3")  # the prediction does not change
    board.click("8:", "radio")
    expect(heading).to_contain_text("for 3")
    texts = board.page.locator(".sums:not(.top-units) .sum-number").all_text_contents()
    powers = np.exp([float(text.replace("−", "-")) for text in texts])
    shown = float(board.probabilities()[3].removeprefix("> ").removesuffix(" %"))
    assert 100 * powers[3] / powers.sum() == pytest.approx(shown, abs=0.6)  # from two decimals of each logit
    board.select_layer(0)
    numbers = board.page.locator(".slots .sum-number")
    shown_units = [float(text.replace("−", "-")) for text in numbers.all_text_contents()]
    assert np.all(np.diff(np.abs(shown_units)) <= 0)  # the largest first
    assert len(shown_units) == 12
    board.click("Show all 128 units")
    assert numbers.count() == 128


@slow
def test_examples(board: Window) -> None:
    inputs = hg.load_data("strokes:5000").split("test").inputs
    board.click("Example 5,")
    assert np.array_equal(board.pixels().ravel(), inputs[4])
    board.click("Next examples")
    board.click("Example 25,")
    assert np.array_equal(board.pixels().ravel(), inputs[24])
    board.draw(ONE)  # replaces the example
    board.reads("1")
    board.click("Undo")
    assert np.array_equal(board.pixels().ravel(), inputs[24])


@slow
def test_a_sample_is_drawn_slowly_where_motion_is_allowed(open_window: OpenWindow) -> None:
    board = open_window("draw", reduced_motion="no-preference")
    board.click("Draw a sample 4")
    board.reads("4")
    expect(board.page.locator(".answer [aria-live]")).to_contain_text("4")


FLAT, IMAGE = (784,), (1, 28, 28)
LAST = hg.Dense(10)
DEEP = [hg.Dense(300), hg.GELU(), hg.Dropout(0.2), hg.Dense(20), hg.Sigmoid(), LAST]
POOLED = [hg.AvgPool2D(), hg.Conv2D(6), hg.BatchNorm(), hg.LeakyReLU(), hg.Flatten(), LAST]
NETWORKS: list[tuple[str, tuple[int, ...], list[Any]]] = [
    ("Logits", FLAT, [LAST]),
    ("Layer 1: Dense, Tanh|Logits", IMAGE, [hg.Flatten(), hg.Dense(12), hg.Tanh(), LAST]),
    ("Layer 1: Dense, GELU|Layer 2: Dense, Sigmoid|Logits", FLAT, DEEP),
    ("Layer 1: Dense, Maxout|Logits", FLAT, [hg.Dense(30), hg.Maxout(3), LAST]),
    ("Layer 1: AvgPool2D|Layer 2: Conv2D 3×3, BatchNorm, LeakyReLU|Logits", IMAGE, POOLED),
    ("Layer 1: Dense, Tanh|Logits before Tanh", FLAT, [hg.Dense(10), hg.Tanh(), LAST, hg.Tanh()]),
    ("Layer 1: Conv2D 3×3|Logits", IMAGE, [hg.Conv2D(2), hg.Flatten(), LAST]),
]


def file_of(layers: list[Any], shape: tuple[int, ...], **settings: Any) -> bytes:
    digits = DIGITS if np.prod(shape) == 784 else {}
    network = hg.Network(layers, input_shape=shape, rng=np.random.default_rng(0), **digits)
    for name, value in settings.items():
        setattr(network, name, value)
    return model_bytes(network)


def send(board: Window, content: bytes | None) -> None:
    """Answer requests for the model file with another model, or with none."""
    answer: Any = {"body": content} if content is not None else {"status": 404}
    board.page.route("**/model/file", lambda route: route.fulfill(**answer))


def use(board: Window, content: bytes) -> None:
    """Replace the page's network, as the other sections do."""
    send(board, content)
    board.page.evaluate(
        """async () => {
            const { readModel } = await import("handgrad/model/network.js");
            const response = await fetch("./model/file", { cache: "no-store" });
            const network = readModel(await response.arrayBuffer());
            window.handgrad.set({ network, modelName: "another", problem: null });
        }"""
    )
    board.settle()


def test_several_labels(board: Window) -> None:
    """A label is predicted where its probability is above 0.5."""
    use(board, file_of([hg.Dense(3)], FLAT, classes=("round", "straight", "wide"), task="multilabel"))
    board.draw(strokes_of("3"))
    decided = [float(text.strip("<> %")) > 50 for text in board.probabilities()]
    present = [name for name, there in zip(("round", "straight", "wide"), decided, strict=True) if there]
    expect(board.answer).to_have_text(", ".join(present) or "none")
    assert board.page.locator(".bar.best .bar-name").all_text_contents() == present


@slow
def test_networks_of_every_kind(board: Window) -> None:
    board.draw(strokes_of("3"))
    for panels, shape, layers in NETWORKS:
        use(board, file_of(layers, shape))
        assert [board.select_layer(k) for k in range(board.layers.count())] == panels.split("|")
        assert "–" not in board.probabilities()
        assert board.page.locator(".top-units li").count() == 10
    expect(board.page.locator("#facts b")).to_have_text("another")
    use(board, file_of([hg.Dense(2000), hg.ReLU(), hg.Dense(10)], FLAT))
    board.select_layer(0)
    expect(board.page.locator(".layer")).to_contain_text("192 of 2,000")
    board.page.set_viewport_size({"width": 360, "height": 740})
    classes = tuple(f"{letter} as in {letter * 9}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    use(board, file_of([hg.Dense(8), hg.ReLU(), hg.Dense(26)], FLAT, classes=classes))
    assert len(board.probabilities()) == 26
    assert board.page.evaluate("document.documentElement.scrollWidth") <= 360
    board.click("Clear")  # drawings for a network of plain images are not framed
    use(board, file_of([hg.Dense(10)], FLAT, framing="plain"))
    board.draw([[[0.1, 0.1], [0.3, 0.1]]])
    rows, columns = np.nonzero(board.pixels() > 127)
    assert (rows.min(), rows.max()) == (2, 3)
    assert (columns.min(), columns.max()) == (2, 8)
    board.page.get_by_role("button", name="Input", exact=True).click()
    expect(board.page.get_by_text("as drawn")).to_be_visible()


@slow
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "There is no network yet."),
        (b"", "model file cannot be used"),
    ],
)
def test_without_a_suitable_network(board: Window, reader: bytes, content: bytes | None, text: str) -> None:
    send(board, content)
    board.go()
    expect(board.page.locator(".answer-message")).to_contain_text(text)
    board.draw(strokes_of("3"))
    assert board.pixels().any()
    use(board, reader)
    board.reads("3")


def test_full_screen(board: Window) -> None:
    """The drawing area and the answer fill the window; Escape leaves."""
    page, heights = board.page, []
    for native in (True, False):
        if not native:
            page.evaluate("Element.prototype.requestFullscreen = undefined")
        board.click("Full screen")
        expect(board.pad).to_be_focused()
        assert page.evaluate("document.fullscreenElement !== null") == native
        heights.append(box_of(board.pad)["height"])
        board.press("7")
        board.reads("7")
        assert box_of(board.answer)["height"] > 150
        assert page.locator(".board").evaluate("(board) => board.scrollHeight <= innerHeight")
        if native:
            page.evaluate("document.exitFullscreen()")  # as the browser does at Escape
        else:
            assert page.locator("header").evaluate("(header) => header.inert")  # cannot be reached behind it
            board.press("Escape")
        expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
        assert not page.locator("[inert]").count()
        board.settle()
    assert min(heights) > 1.3 * box_of(board.pad)["height"]


def test_values_flow_through_the_graph(open_window: OpenWindow) -> None:
    board = open_window("draw", reduced_motion="no-preference")
    moving = "document.querySelector('.graph').getAnimations({ subtree: true }).length"
    board.draw(ONE, lift=False)
    assert board.page.evaluate(moving) == 0
    board.page.mouse.up()
    board.settle()
    assert (
        board.page.evaluate(moving) == 4 + 3
    )  # input, two layers, probabilities; and the links between them


CALIBRATED = [  # prediction, label smoothing, the start of the sentence, and the bar
    ([0.91] + [0.01] * 9, 0.1, "This is 0: > 99.9 %", "91.0 %"),
    ([0.73] + [0.03] * 9, 0.1, "Probably 0 (80.0 %)", "73.0 %"),
    ([0.91] + [0.01] * 9, 0.0, "Probably 0 (91.0 %)", "91.0 %"),
]


@pytest.mark.parametrize(("probabilities", "smoothing", "sentence", "bar"), CALIBRATED)
def test_smoothed_probabilities_are_calibrated_in_words(
    board: Window, probabilities: list[float], smoothing: float, sentence: str, bar: str
) -> None:
    program = """async ([prediction, smoothing]) => {
        const { wordingOf } = await import("handgrad/draw/wording.js");
        const recipe = { loss: { label_smoothing: smoothing } };
        const wording = wordingOf({ classes: [..."0123456789"], task: "classification", recipe });
        return [wording.sentence(prediction), wording.text(prediction[0], 0), wording.note];
    }"""
    found, text, note = board.page.evaluate(program, [probabilities, smoothing])
    assert found.startswith(sentence)
    assert text == bar
    assert (f"label smoothing {smoothing}" in note) == (smoothing > 0)
