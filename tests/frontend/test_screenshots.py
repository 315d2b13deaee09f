"""Screenshots of the page with networks trained on MNIST.

HANDGRAD_SCREENSHOTS=docs/images/page uv run --group dev pytest -m slow tests/frontend/test_screenshots.py

writes the images that the documents show; without the variable they go to a temporary folder.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from drawing_board import strokes_of
from fixture_types import Cli
from page_window import Window, windows
from served import serving

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page | Locator, str], None]:
    """Save a screenshot that is not empty."""
    folder = Path(os.environ.get("HANDGRAD_SCREENSHOTS") or tmp_path / "page")
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(what: Page | Locator, name: str) -> None:
        what.screenshot(path=folder / f"{name}.png")
        with Image.open(folder / f"{name}.png") as opened:
            image = opened.convert("RGB")
        assert len(image.convert("L").getcolors(256) or ()) > 20
        image.save(folder / f"{name}.png", optimize=True)

    return shoot


def draw(window: Window, label: str, kind: str) -> None:
    """Draw a digit, without a pointer in the way."""
    expect(window.page.locator(".example").first).to_be_visible()
    window.draw(strokes_of(label, kind, 1))
    window.reads(label)
    window.page.mouse.move(2, 2)


@pytest.mark.slow
def test_screenshots(
    browser: Browser, cli: Cli, mnist_place: dict[str, str], tmp_path: Path, shoot: Any
) -> None:
    for recipe in ("mlp", "convnet"):
        done = cli("train", recipe, "--data=mnist", f"--out=runs/{recipe}", "--quiet", **mnist_place)
        assert done.returncode == 0, done.stderr
    with (
        serving(tmp_path, "runs/mlp", **mnist_place) as server,
        windows(browser, server.address) as open_window,
    ):
        window = open_window("draw", viewport={"width": 1280, "height": 1000})
        draw(window, "3", "slanted")
        shoot(window.page, "draw")
        shoot(window.page.get_by_role("region", name="Layer 1"), "units")
        shoot(window.page.get_by_role("region", name="Logits"), "outputs")
        phone = open_window("draw", **PHONE)
        draw(phone, "7", "another")
        shoot(phone.page, "phone")

        window = open_window("digits", viewport={"width": 1280, "height": 1240})
        for kind in ("slanted", "another", "hooks"):
            for label in "0123456789":
                window.draw(strokes_of(label, kind, 2))
                window.pad.press(label)
                expect(window.page.locator("#status")).to_contain_text(f"added as {label}")
        window.page.get_by_role("button", name="Fine-tune").click()
        expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2, timeout=60_000)
        window.page.evaluate("scrollTo(0, 0)")
        expect(window.page.locator("#status.over")).to_have_count(1)  # without a message over the page
        shoot(window.page, "digits")

        window = open_window(viewport={"width": 1280, "height": 1320})
        name = window.start("mlp", "mnist", epochs=60)  # still runs when it is stopped
        server.await_records(name, 5)
        expect(window.gallery.locator(".error").first).to_be_visible(timeout=60_000)
        window.page.mouse.move(2, 2)
        shoot(window.page, "train")
        window.act("Stop")
        window.is_("stopped")

        server.post("/model", run="convnet")
        window = open_window("draw", color_scheme="dark", viewport={"width": 1280, "height": 1000})
        draw(window, "5", "hooks")
        shoot(window.page, "dark")
        shoot(window.page.get_by_role("region", name="Layer 1"), "maps")
