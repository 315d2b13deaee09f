"""The screenshots of the page in the documents, in light and dark mode, with networks trained on MNIST.

    PYTHONPATH=tests/helpers uv run --group dev python tools/screenshots.py [FOLDER]

FOLDER defaults to docs/images/page.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from documents import blocks
from handgrad.cli.main import main as handgrad
from handgrad.data.mnist import ensure
from page_window import SETTLED, Window, strokes_of, windows
from served import Process, serving

SIZES: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1280, "height": 800}},
    "-390": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
"""Suffixes of files, and the windows."""
SCHEMES: dict[Literal["light", "dark"], str] = {"light": "", "dark": "-dark"}
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/page").absolute()


def main() -> None:
    """Train networks, and take all screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        (Path(place) / "mnist").symlink_to(ensure("mnist").resolve())
        for recipe in ("mlp", "convnet"):
            handgrad(["train", recipe, "--data=mnist", f"--out={place}/runs/{recipe}", "--quiet"])
        browser = shutil.which(os.environ.get("HANDGRAD_BROWSER") or "chromium")
        with (
            serving(Path(place), "runs/mlp", HANDGRAD_DATA=place) as server,
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=browser) as chromium,
            windows(chromium, server.address) as open_window,
        ):
            take(server, open_window)
            take_form(Path(place), chromium)


def take_form(place: Path, chromium: Browser) -> None:
    """Take the screenshot of the page that docs/guide/regression.md exports."""
    subprocess.run(
        [sys.executable, "-c", blocks("docs/guide/regression.md", "python")[0]], cwd=place, check=True
    )
    run = f"{place}/runs/flats"
    options = ["--target=price", "--epochs=60", "--quiet", f"--out={run}"]
    handgrad(["train", "mlp", f"--data={place}/flats", *options])
    handgrad(["export", run, f"{place}/flats.html"])
    with windows(chromium, (place / "flats.html").as_uri()) as open_window:
        window = open_window("draw", viewport={"width": 1280, "height": 520})
        window.page.get_by_label("size").fill("100")
        window.page.get_by_label("built").fill("")
        window.page.get_by_label("district").select_option("old town")
        window.settle()
        shoot(window.page, "form")


def take(server: Process, open_window: Any) -> None:
    """Take the screenshots of all sections."""
    train = open_window(**SIZES[""])
    running = train.start("mlp", "mnist", epochs=200)  # still runs when it is paused
    server.await_records(running, 300)
    shoot(train.page, "train", height=1000)
    train.act("Pause")
    train.is_("paused")
    phone = open_window(f"train/{running}", **SIZES["-390"])
    phone.classified()
    shoot(phone.page, "train-390", height=1000)
    for suffix, view in SIZES.items():
        window = open_window("draw", **view)
        draw(window, "3", "slanted")
        shoot(window.page, f"draw{suffix}", height=1180)
        if not suffix:
            shoot(window.page, "home")
        window.tab("Step by step")
        window.page.evaluate("location.hash = '#steps/z1'")
        window.settle()
        shoot(window.page, f"steps{suffix}", height=1000)

    for suffix, view in SIZES.items():
        window = open_window("digits", **view)
        if not suffix:
            collect(window)
        shoot(window.page, f"digits{suffix}", height=1240)

    server.post("/model", run="convnet")
    window = open_window("draw", **SIZES[""])
    draw(window, "5", "hooks")
    shoot(window.page, "maps", window.page.get_by_role("region", name="The network"))


def collect(window: Window) -> None:
    """Draw and label three digits of each class, and fine-tune on them."""
    for kind in ("slanted", "another", "hooks"):
        for label in "0123456789":
            window.draw(strokes_of(label, kind, 2))
            window.pad.press(label)
            expect(window.page.locator("#status")).to_contain_text(f"added as {label}")
    window.page.get_by_role("button", name="Fine-tune").click()
    expect(window.page.locator(".comparison-results tbody tr")).to_have_count(2)


def draw(window: Window, label: str, kind: str) -> None:
    """Draw a digit, without a pointer in the way."""
    expect(window.page.locator(".strip button").first).to_be_visible()
    window.draw(strokes_of(label, kind, 1))
    window.reads(label)
    window.page.mouse.move(2, 2)


def shoot(page: Page, name: str, part: Locator | None = None, height: int = 0) -> None:
    """Save screenshots in light and dark mode in few bytes, without messages over the page.

    `height` is that of the window in CSS pixels; 0 leaves it as it is.
    """
    size = page.viewport_size
    if height and size:
        page.set_viewport_size({"width": size["width"], "height": height})
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("for (const line of document.querySelectorAll('#status')) line.style.visibility = 'hidden'")
    for scheme, suffix in SCHEMES.items():
        path = FOLDER / f"{name}{suffix}.png"
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLED)
        (part or page).screenshot(path=path)
        with Image.open(path) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main()
