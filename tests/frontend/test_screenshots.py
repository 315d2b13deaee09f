"""Screenshots of the page with networks trained on MNIST.

HANDGRAD_SCREENSHOTS=docs/images/page uv run --group dev pytest -m slow tests/frontend/test_screenshots.py

writes the images that the documents show; without the variable they go to a temporary folder.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from drawing_board import Board, strokes_of
from fixture_types import Cli
from page_server import Site
from page_window import windows
from served import Process, serving

pytestmark = pytest.mark.slow

DESKTOP = {"viewport": {"width": 1280, "height": 1000}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the screenshots go."""
    chosen = Path(os.environ.get("HANDGRAD_SCREENSHOTS") or tmp_path / "page")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.fixture
def use(cli: Cli, mnist_place: dict[str, str], site: Site, tmp_path: Path) -> Callable[[str], None]:
    """Train a recipe on MNIST, and serve its model."""

    def use(recipe: str) -> None:
        done = cli("train", recipe, "--data", "mnist", "--out", f"runs/{recipe}", "--quiet", **mnist_place)
        assert done.returncode == 0, done.stderr
        site.model, site.name = (tmp_path / "runs" / recipe / "model.safetensors").read_bytes(), recipe

    return use


def shoot(what: Page | Locator, path: Path) -> None:
    """Save a screenshot that is not empty."""
    what.screenshot(path=path)
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    assert len(image.convert("L").getcolors(256) or ()) > 20
    image.save(path, optimize=True)


def stage(board: Board, name: str) -> Locator:
    return board.page.get_by_role("region", name=name)


def test_mlp(use: Callable[[str], None], open_board: Callable[..., Board], folder: Path) -> None:
    use("mlp")
    board = open_board(**DESKTOP)
    board.draw(strokes_of("3", "slanted", 1))
    board.reads("3")
    board.page.mouse.move(2, 2)
    shoot(board.page, folder / "draw.png")
    shoot(stage(board, "Layer 1"), folder / "units.png")
    shoot(stage(board, "Logits"), folder / "outputs.png")
    phone = open_board(color_scheme="dark", **PHONE)
    phone.draw(strokes_of("7", "another", 1))
    phone.reads("7")
    shoot(phone.page, folder / "phone.png")


def test_convnet(use: Callable[[str], None], open_board: Callable[..., Board], folder: Path) -> None:
    use("convnet")
    board = open_board(color_scheme="dark", **DESKTOP)
    board.draw(strokes_of("5", "hooks", 1))
    board.reads("5")
    board.page.mouse.move(2, 2)
    shoot(board.page, folder / "dark.png")
    shoot(stage(board, "Layer 1"), folder / "maps.png")


@pytest.fixture
def mnist_server(cli: Cli, mnist_place: dict[str, str], tmp_path: Path) -> Iterator[Process]:
    """A real server with MNIST, and a network that was trained on it."""
    done = cli("train", "mlp", "--data", "mnist", "--quiet", "--no-test", **mnist_place)
    assert done.returncode == 0, done.stderr
    with serving(tmp_path, **mnist_place) as server:
        yield server


def test_training_and_digits(browser: Browser, mnist_server: Process, folder: Path) -> None:
    with windows(browser, mnist_server.address) as open_window:
        window = open_window(expected="404 (Not Found)", viewport={"width": 1280, "height": 1320})
        name = window.start("mlp", "mnist", epochs=8)
        mnist_server.await_records(name, 5)
        expect(window.gallery.locator(".error").first).to_be_visible(timeout=60_000)
        window.page.mouse.move(2, 2)
        shoot(window.page, folder / "train.png")
        window = open_window("digits", expected="404 (Not Found)", viewport={"width": 1280, "height": 1240})
        board = Board(window.page)
        for kind in ("slanted", "another", "hooks"):
            for label in "0123456789":
                board.draw(strokes_of(label, kind, 2))
                board.pad.press(label)
        window.page.get_by_role("button", name="Fine-tune").click()
        expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2, timeout=60_000)
        window.page.evaluate("scrollTo(0, 0)")
        shoot(window.page, folder / "digits.png")
