"""Browser windows that show the page, and the sections Train and Digits as tests use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

import handgrad as hg
from drawing_board import Board
from served import Process

expect.set_options(timeout=60_000)  # long for a busy machine; passing tests do not wait for it

OpenPage = Callable[..., Page]
OpenWindow = Callable[..., "Window"]

LONG = {"steps": 200_000, "batch_size": 50}  # for `classic`: longer than any test
DATA = "strokes:2000"


@contextmanager
def pages(browser: Browser) -> Iterator[OpenPage]:
    """Open pages in windows with any settings; at the end none may have logged an error or a warning."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(expected: str | None = None, beside: Page | None = None, **settings: Any) -> Page:
        if beside is None:
            wanted = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **settings}
            contexts.append(browser.new_context(**wanted))
        page = (beside.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(60_000)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (expected and expected in message.text):
                problems.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert problems == []


class Window(Board):
    """The page of a server, at one of its sections."""

    def __init__(self, page: Page, address: str) -> None:
        super().__init__(page)
        self.address = address
        self.view = page.get_by_role("region", name="Run", exact=True)
        self.gallery = page.get_by_role("region", name="Test images")
        self.gallery_status = page.locator(".gallery-status")
        self.runs = page.get_by_role("region", name="Runs", exact=True)
        self.form = page.get_by_role("form", name="New training")
        self.tuning = page.get_by_role("form", name="Fine-tune")
        self.readout = page.locator(".view-readout")

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
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
        """Wait until the run that is shown is in this state."""
        expect(self.view.locator(".run-state")).to_have_text(state)

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
    """Open windows of a server's page."""
    with pages(browser) as open_page:

        def open_window(section: str = "train", beside: Window | None = None, **settings: Any) -> Window:
            settings = {"expected": "404 (Not Found)", **settings}  # of /model/file, without a model
            window = Window(open_page(beside=beside and beside.page, **settings), address)
            window.go(f"{address}#{section}")
            return window

        yield open_window


def model_of(folder: Path, name: str) -> hg.Network:
    """Load the model of a run below a server's folder."""
    return hg.load_model(folder / "runs" / name)


def finished_run(server: Process, **settings: Any) -> str:
    """Train `mlp`, and return the name of the run."""
    name = str(server.post("/runs", recipe="mlp", data=DATA, **settings)["name"])
    assert server.await_state(name, "finished", "failed")["state"] == "finished"
    return name
