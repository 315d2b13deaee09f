"""Small, off-centre and several drawings: what the page makes of them before it renders them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from drawings import render
from handgrad.data.framing import frame_digit
from page_models import Models
from page_window import DRAWINGS, Strokes, Window, strokes_of


def placed(drawing: dict[str, Any], size: float, x: float, y: float) -> dict[str, Any]:
    """Scale a drawing, not its pen, and move it to a place where it is inside."""
    points = np.array([point for stroke in drawing["strokes"] for point in stroke])
    low, high = points.min(0), points.max(0)
    factor = size / (high - low).max()
    half = (high - low) * factor / 2
    centre = np.clip([x, y], half, 1 - half)
    moved = [((np.array(s) - (low + high) / 2) * factor + centre).tolist() for s in drawing["strokes"]]
    return {"width": 0.08, "strokes": moved}


def enlarged(models: Models, drawings: Sequence[Any]) -> list[Any]:
    program = """async (drawings) => {
        const { enlarged } = await import("handgrad/draw/strokes.js");
        return drawings.map(enlarged);
    }"""
    found: list[Any] = models.page.evaluate(program, drawings)
    return found


SQUARE: Strokes = [[[0.1, 0.1], [0.3, 0.1], [0.3, 0.2]]]
FRAMES: list[tuple[Strokes, Strokes]] = [
    (SQUARE, [[[0.2, 0.35], [0.8, 0.35], [0.8, 0.65]]]),  # to 0.6, in the middle
    ([[[0.2, 0.2], [0.2, 0.9]]], [[[0.2, 0.2], [0.2, 0.9]]]),  # is large and inside
    ([[[0.02, 0.1], [0.02, 0.8]]], [[[0.5, 0.15], [0.5, 0.85]]]),  # the edge cuts the pen
    ([[[0, 0], [1, 1]]], [[[0, 0], [1, 1]]]),  # too large to be moved inside
    ([[[0.1, 0.1]]], [[[0.1, 0.1]]]),  # a dot
    ([], []),
]


@pytest.mark.parametrize(("strokes", "expected"), FRAMES)
def test_small_drawings_are_enlarged(models: Models, strokes: Strokes, expected: Strokes) -> None:
    (found,) = enlarged(models, [{"width": 0.08, "strokes": strokes}])
    assert found == {"width": 0.08, "strokes": expected}
    assert enlarged(models, [found]) == [found]


def test_small_drawings_are_read(models: Models, reader: bytes, tmp_path: Any) -> None:
    (tmp_path / "model.safetensors").write_bytes(reader)
    network = hg.load_model(tmp_path / "model.safetensors")
    places = [(0.5, 0.5), (0.15, 0.15), (0.85, 0.2), (0.2, 0.85), (0.9, 0.9)]
    small = [placed(drawing, 0.2, *places[k % 5]) for k, drawing in enumerate(DRAWINGS)]

    def accuracy(drawings: Sequence[Any]) -> float:
        inputs = models.pixels(drawings).reshape(len(drawings), -1)
        return float(np.mean(network.predict(inputs) == [int(drawing["label"]) for drawing in DRAWINGS]))

    assert accuracy(small) < 0.8
    assert accuracy(enlarged(models, small)) > 0.9


def test_several_digits_are_noticed(models: Models) -> None:
    program = """async (drawings) => {
        const { doubtAbout } = await import("handgrad/draw/strokes.js");
        return drawings.map(doubtAbout);
    }"""
    assert not any(models.page.evaluate(program, DRAWINGS))
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(50):
        left, right = (DRAWINGS[k] for k in rng.choice(len(DRAWINGS), 2))
        strokes = [*placed(left, 0.35, 0.25, 0.5)["strokes"], *placed(right, 0.35, 0.75, 0.5)["strokes"]]
        pairs.append({"width": 0.08, "strokes": strokes})
    assert np.mean([doubt != "" for doubt in models.page.evaluate(program, pairs)]) > 0.9


def test_a_small_drawing_on_the_page(board: Window) -> None:
    """What the page keeps is the enlarged drawing: Python renders the same bytes."""
    three = [[[0.05 + 0.2 * x, 0.7 + 0.2 * y] for x, y in stroke] for stroke in strokes_of("3")]
    board.draw(three)
    board.reads("3")
    kept = board.page.evaluate("window.handgrad.state.strokes")
    np.testing.assert_array_equal(board.pixels(), frame_digit(render(kept)))
    warning = board.page.locator(".answer-warning")
    expect(warning).to_be_empty()
    board.draw([[[0.8, 0.7], [0.8, 0.9]]])
    expect(warning).to_contain_text("one at a time")
    board.click("Undo")
    expect(warning).to_be_empty()
    board.click("Clear")
    board.draw([[[0.5, 0.5]]])
    expect(warning).to_contain_text("dot")
