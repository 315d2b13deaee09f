"""The page as tests use it: draw with the mouse, use the forms of its sections, and read what it shows."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from documents import ROOT
from served import Process

expect.set_options(timeout=60_000)  # long for a busy machine; passing tests do not wait for it

OpenWindow = Callable[..., "Window"]

LONG = {"steps": 200_000, "batch_size": 50}  # for `classic`: longer than any test
DATA = "strokes:2000"
STATES = {
    "running": re.compile("^Running: epoch"),
    "paused": re.compile("^Paused"),
    "finished": re.compile("^Finished"),
    "failed": re.compile("diverged|validation"),
}
"""What the page writes about a run, by its state."""
DRAWINGS: list[dict[str, Any]] = json.loads((ROOT / "tools" / "drawings.json").read_text("utf-8"))
Strokes = list[list[list[float]]]

# the page works once per frame: after two, everything requested before is on the screen
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
PIXELS = "Array.from(window.handgrad.state.pixels ?? new Uint8Array(784))"


def strokes_of(label: str, kind: str = "thin", every: int = 5) -> Strokes:
    """Return the strokes of one of the messy drawings, with every fifth of its points."""
    (found,) = (drawing for drawing in DRAWINGS if (drawing["label"], drawing["kind"]) == (label, kind))
    return [[*stroke[:-1:every], stroke[-1]] for stroke in found["strokes"]]


def box_of(element: Locator) -> Any:
    """Return the rectangle of a visible element: x, y, width, height."""
    box = element.bounding_box()
    assert box is not None
    return box


class Window:
    """The page in a browser, at one of its sections."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sections = page.get_by_role("navigation").get_by_role("link")
        self.pad = page.get_by_role("application", name="Drawing area")
        self.pixels_view = page.get_by_role("application", name="28 by 28 pixels")
        self.layers = page.locator("button.node")  # of the graph of the network
        self.answer = page.locator(".answer-large")
        self.words = page.locator(".answer-words")
        self.view = page.get_by_role("region", name="Run", exact=True)
        self.gallery = page.get_by_role("region", name="Test images")
        self.gallery_status = page.locator(".gallery-status")
        self.runs = page.get_by_role("region", name="Runs", exact=True)
        self.form = page.get_by_role("form", name="New training")
        self.tuning = page.get_by_role("form", name="Fine-tune")
        self.line = page.locator(".view-line")
        self.losses = page.get_by_role("slider", name="Loss: values by step")

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
        try:
            expect(self.answer).to_have_text(label)
        except AssertionError as error:
            ink = self.pixels().sum(dtype=int)
            error.add_note(f"probabilities {self.probabilities()}, sum of the pixels {ink}")
            raise

    def click(self, name: str, role: Any = "button") -> None:
        """Click what has this name, and wait for what follows."""
        self.page.get_by_role(role, name=name).click()
        self.settle()

    def pixels(self) -> NDArray[np.uint8]:
        """Return the 28×28 pixels of the network input."""
        return np.array(self.page.evaluate(PIXELS), np.uint8).reshape(28, 28)

    def probabilities(self) -> list[str]:
        """Return the percentages of the bars as shown."""
        return self.page.locator(".bar-percent").all_text_contents()

    def select_layer(self, k: int) -> str:
        """Select a layer in the graph of the network, and return the title of what is shown of it."""
        self.layers.nth(k).click()
        self.settle()
        return self.page.locator(".layer h2").inner_text()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def tab(self, name: str) -> None:
        self.sections.filter(has_text=name).click()
        self.settle()

    def start(self, recipe: str, data: str, **numbers: Any) -> str:
        """Fill in the form, press Start, and return the name of the run."""
        expect(self.form.get_by_label("Recipe").locator("option", has_text=recipe).first).to_be_attached()
        self.form.get_by_label("Recipe").select_option(recipe)
        self.form.get_by_label("Data").select_option(data)
        for name, value in numbers.items():
            self.form.get_by_label(name.replace("_", " ").capitalize()).fill(str(value))
        with self.page.expect_response(lambda response: response.request.method == "POST") as answer:
            self.form.get_by_role("button", name="Start").click()
        assert answer.value.status == 201, answer.value.text()
        name = str(answer.value.json()["name"])
        expect(self.view.get_by_role("heading", name=name)).to_be_visible()
        return name

    def is_(self, state: str) -> None:
        """Wait until the run that is shown is in this state, and not lost from sight."""
        expect(self.line).to_have_text(STATES[state])

    def classified(self) -> None:
        """Wait until all test images are classified."""
        expect(self.gallery_status).to_contain_text("accuracy")

    def act(self, name: str) -> None:
        """Press a button of the run."""
        self.view.get_by_role("button", name=name, exact=True).click()

    def select(self, name: str) -> None:
        """Select a run in the list."""
        self.runs.get_by_role("button", name=name).click()

    def tune(self, epochs: Any, rate: str) -> Locator:
        """Start fine-tuning, and return its status line."""
        self.tuning.get_by_label("Epochs").fill(str(epochs))
        self.tuning.get_by_label("Learning rate").fill(rate)
        self.tuning.get_by_role("button", name="Fine-tune").click()
        return self.tuning.get_by_role("status")


@contextmanager
def windows(browser: Browser, address: str) -> Iterator[OpenWindow]:
    """Open windows of a server's page with any settings; at the end none may have logged an error or a warning."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_window(
        section: str = "train",
        beside: Window | None = None,
        expected: str = "404 (Not Found)",  # of /model/file, without a model
        **settings: Any,
    ) -> Window:
        if beside is None:
            wanted = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **settings}
            contexts.append(browser.new_context(**wanted))
        page = (beside.page.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(60_000)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and expected not in message.text:
                problems.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        window = Window(page)
        window.go(f"{address}#{section}")
        return window

    try:
        yield open_window
    finally:
        for context in contexts:
            context.close()
    assert problems == []


def finished_run(server: Process, **settings: Any) -> str:
    """Train `mlp`, and return the name of the run."""
    name = str(server.post("/runs", recipe="mlp", data=DATA, **settings)["name"])
    assert server.await_state(name, "finished", "failed")["state"] == "finished"
    return name
