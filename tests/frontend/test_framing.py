"""Framing and stroke rendering in the page equal those of the library to the bit."""

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drawing_board import DRAWINGS
from drawings import render
from handgrad.data.dataset import Splits
from handgrad.data.framing import frame_digit
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError
from page_models import Models

Grey = NDArray[np.uint8]
RNG = np.random.default_rng(0)
DIGITS = generate(100, 5)[0].reshape(-1, 28, 28)


def in_python(image: Grey) -> Grey | None:
    try:
        return frame_digit(image)
    except HandgradError:
        return None


def resized(image: Grey, height: int, width: int) -> Grey:
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def digits() -> Iterator[Grey]:
    for digit in DIGITS:
        yield from (digit, 255 - digit, (200 - 0.4 * digit).astype(np.uint8))


def scans() -> Iterator[Grey]:
    """Digits of any size and position, as JPEG."""
    for digit in DIGITS[:60]:
        yield np.pad(digit, [tuple(RNG.integers(0, 90, 2)), tuple(RNG.integers(0, 90, 2))])
        content = io.BytesIO()
        scan = Image.fromarray(resized(digit, *RNG.integers(10, 400, 2)))
        scan.save(content, "JPEG", quality=int(RNG.integers(30, 95)))
        yield np.asarray(Image.open(content))


def photographs() -> Iterator[Grey]:
    """Dark ink on paper that is lit from one side, with noise."""
    for digit in DIGITS[:40]:
        height, width = RNG.integers(40, 400, 2)
        ink = resized(np.pad(digit, 8), height, width) / 255
        light = 190 + np.add.outer(*(RNG.uniform(-60, 60) * np.linspace(-1, 1, n) for n in (height, width)))
        grain = RNG.normal(0, RNG.uniform(0, 30), ink.shape)
        yield (light * (1 - 0.7 * ink) + grain).clip(0, 255).astype(np.uint8)


def noise() -> Iterator[Grey]:
    for number in range(600):
        shape = RNG.integers(1, 50, 2)
        few = RNG.choice(np.array([0, 0, 0, 5, 60, 255], np.uint8), shape)
        yield few if number % 2 else RNG.integers(0, 256, shape).astype(np.uint8)


def slopes() -> Iterator[Grey]:
    """Paper that is lit from one side, with rectangles on it."""
    for _ in range(300):
        height, width = RNG.integers(1, 90, 2)
        paper = np.add.outer(*(RNG.uniform(-255, 255) * np.linspace(0, 1, n) for n in (height, width)))
        image = (paper + RNG.uniform(0, 255)).clip(0, 255).astype(np.uint8)
        for _ in range(3):
            row, column = RNG.integers(0, height), RNG.integers(0, width)
            rows, columns = RNG.integers(1, 15, 2)
            image[row : row + rows, column : column + columns] = RNG.integers(256)
        yield image
    light = np.tile(np.linspace(255, 0, 10)[:, None], (1, 100)).astype(np.uint8)
    light[:, 0], light[:, -1] = 255, 0
    light[6:9, 80:98] = 255  # relative to the light of the border far above 255
    yield light


def odd() -> Iterator[Grey]:
    yield np.zeros((0, 5), np.uint8)
    for shape in ((1, 1), (1, 40), (40, 1), (299, 301), (600, 7)):
        yield np.full(shape, 128, np.uint8)
        yield np.pad(np.full(shape, 255, np.uint8), 3)
        yield RNG.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [digits, scans, photographs, noise, slopes, odd])
def test_framing(kind: Callable[[], Iterator[Grey]], models: Models) -> None:
    compare(models, list(kind()))


@pytest.mark.slow
def test_framing_of_mnist(models: Models, mnist: Splits) -> None:
    compare(models, list(mnist.split("test").inputs.reshape(-1, 28, 28)))


def test_framing_of_drawings(models: Models) -> None:
    compare(models, [render(drawing) for drawing in DRAWINGS[::9]])


def compare(models: Models, images: list[Grey]) -> None:
    for image, found in zip(images, models.frame(images), strict=True):
        expected = in_python(image)
        assert (found is None) == (expected is None), image.shape
        if expected is not None:
            np.testing.assert_array_equal(found, expected, str(image.shape))


RENDER = """async (drawings) => {
    const { renderStrokes } = await import("handgrad/draw/strokes.js");
    return drawings.map((drawing) => btoa(String.fromCharCode(...renderStrokes(drawing, 64))));
}"""


def test_rendering(models: Models) -> None:
    drawings: list[dict[str, Any]] = [
        *DRAWINGS,
        {"width": 0.1, "strokes": [[[0.5, 0.5]], [[0, 1], [1, 0.99]]]},
    ]
    for drawing, found in zip(drawings, models.page.evaluate(RENDER, drawings), strict=True):
        expected = render(drawing, 64).ravel()
        np.testing.assert_array_equal(np.frombuffer(base64.b64decode(found), np.uint8), expected)


def test_pressure_widens_a_stroke(models: Models) -> None:
    stroke = [[0.5, 0.2], [0.5, 0.8]]
    drawings = [{"width": 0.08, "strokes": [[[*p, width] for p in stroke]]} for width in (0.8, 1, 1.2)]
    inks = [sum(base64.b64decode(image)) for image in models.page.evaluate(RENDER, drawings)]
    assert inks[0] < inks[1] < inks[2]


def test_the_messy_drawings_cover_all_digits() -> None:
    labels = [drawing["label"] for drawing in DRAWINGS]
    assert len(labels) >= 100
    assert min(labels.count(digit) for digit in "0123456789") >= 10
    points = [point for drawing in DRAWINGS for stroke in drawing["strokes"] for point in stroke]
    assert 0 <= np.min(points) <= np.max(points) <= 1
