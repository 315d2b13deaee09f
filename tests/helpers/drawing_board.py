"""The Draw section as tests use it: draw with the mouse, and read what the page shows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

DRAWINGS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "tools" / "drawings.json").read_text("utf-8")
)
Strokes = list[list[list[float]]]

# the page works once per frame: after two, everything requested before is on the screen
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
PIXELS = """(canvas) => {
    const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return Array.from(copy.getImageData(0, 0, 28, 28).data);
}"""


def strokes_of(label: str, kind: str = "thin", every: int = 3) -> Strokes:
    """Return the strokes of one of the messy drawings, with every third of its points."""
    (found,) = (drawing for drawing in DRAWINGS if (drawing["label"], drawing["kind"]) == (label, kind))
    return [[*stroke[:-1:every], stroke[-1]] for stroke in found["strokes"]]


def box_of(element: Locator) -> Any:
    """Return the rectangle of a visible element: x, y, width, height."""
    box = element.bounding_box()
    assert box is not None
    return box


class Board:
    """A page with a drawing area."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pad = page.get_by_role("application", name="Drawing area")
        self.pixels_view = page.get_by_role("application", name="28 by 28 pixels")
        self.answer = page.locator(".answer-large")
        self.words = page.locator(".answer-words")

    def go(self, url: str | None = None) -> None:
        """Open an address, or load the page again, and wait until it is ready."""
        if url:
            self.page.goto(url)
        else:
            self.page.reload()
        self.page.wait_for_selector("html[data-ready]")
        self.settle()

    def settle(self) -> None:
        """Wait until everything requested is on the screen."""
        self.page.evaluate(SETTLED)

    def draw(self, strokes: Strokes, *, lift: bool = True) -> None:
        """Draw with the mouse: press, move along the points, release."""
        self.pad.scroll_into_view_if_needed()
        box, mouse = box_of(self.pad), self.page.mouse
        for number, stroke in enumerate(strokes):
            points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
            mouse.move(*points[0])
            mouse.down()
            for point in points[1:]:
                mouse.move(*point)
            if lift or number + 1 < len(strokes):
                mouse.up()
        self.settle()

    def reads(self, label: str) -> None:
        """Check the predicted class."""
        expect(self.answer).to_have_text(label)

    def click(self, name: str, role: Any = "button") -> None:
        """Click what has this name, and wait for what follows."""
        self.page.get_by_role(role, name=name).click()
        self.settle()

    def pixels(self) -> NDArray[np.uint8]:
        """Return the 28×28 pixels of the network input as shown."""
        return np.array(self.pixels_view.evaluate(PIXELS), np.uint8).reshape(28, 28, 4)[:, :, 0]

    def probabilities(self) -> list[str]:
        """Return the percentages of the bars as shown."""
        return self.page.locator(".bar-percent").all_text_contents()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()
