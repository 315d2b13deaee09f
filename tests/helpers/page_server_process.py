"""The page behind the real server, which trains: windows onto it, and what one sees there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from drawing_board import SETTLED

expect.set_options(timeout=30_000)  # never waited for where all is well

OpenWindow = Callable[..., "Window"]


class Window:
    """The page, at Train or Digits."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.view = page.get_by_role("region", name="The run", exact=True)
        self.wall = page.get_by_role("region", name="Wall of test images")
        self.runs = page.get_by_role("region", name="Runs", exact=True)
        self.form = page.get_by_role("form", name="New training")

    def go(self, section: str) -> None:
        """Open the page and wait until all is there."""
        self.page.goto(f"{self.address}#{section}")
        self.ready()

    def reload(self) -> None:
        """Load it anew."""
        self.page.reload()
        self.ready()

    def ready(self) -> None:
        """Wait until all is there."""
        self.page.wait_for_selector("html[data-ready]")
        self.settle()

    def settle(self) -> None:
        """Wait for what was asked for to be on the screen."""
        self.page.evaluate(SETTLED)

    def start(self, recipe: str, data: str, **numbers: Any) -> str:
        """Fill in the form, press Start, and give the name of the run."""
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
        """Wait until the run that is looked at is in this state."""
        expect(self.view.locator(".run-state")).to_have_text(state, timeout=60_000)

    def mistakes(self) -> int:
        """Wait until the wall has read all images, and give how many it says were read wrongly."""
        told = self.wall.locator(".wall-told")
        expect(told).to_contain_text("read wrongly", timeout=60_000)
        found = re.match(r"([\d,]+) of", told.inner_text())
        assert found
        return int(found[1].replace(",", ""))

    def press(self, name: str) -> None:
        """Press a button of the run."""
        self.view.get_by_role("button", name=name, exact=True).click()

    @property
    def readout(self) -> Locator:
        """What is said of the newest record, or of the one that is pointed at."""
        return self.page.locator(".view-readout")


@contextmanager
def windows(browser: Browser, address: str) -> Iterator[OpenWindow]:
    """Open windows onto a server; in the end none may have had an error."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_window(
        section: str = "train", expected: str | None = None, beside: Window | None = None, **settings: Any
    ) -> Window:
        if beside is None:
            wanted = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **settings}
            contexts.append(browser.new_context(**wanted))
        page = (beside.page.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(30_000)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (expected and expected in message.text):
                problems.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        window = Window(page, address)
        window.go(section)
        return window

    try:
        yield open_window
    finally:
        for context in contexts:
            context.close()
    assert problems == []


def model_of(folder: Path, name: str) -> Any:
    """Load the model of a run below a server's folder."""
    import handgrad as hg

    return hg.load_model(folder / "runs" / name)
