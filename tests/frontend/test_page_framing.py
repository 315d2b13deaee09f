"""Framing in the page is that of the library, to the last bit, whatever the picture."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handgrad.data.dataset import Splits
from handgrad.data.framing import frame_digit
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError
from page_models import Models

Picture = NDArray[np.uint8]
RNG = np.random.default_rng(0)
DIGITS = generate(100, 5)[0].reshape(-1, 28, 28)


def in_python(picture: Picture) -> Picture | None:
    try:
        return frame_digit(picture)
    except HandgradError:
        return None


def resized(picture: Picture, height: int, width: int) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def digits() -> Iterator[Picture]:
    for digit in DIGITS:
        yield from (digit, 255 - digit, (200 - 0.4 * digit).astype(np.uint8))


def scans() -> Iterator[Picture]:
    """Digits of any size and place, as JPEG."""
    for digit in DIGITS[:60]:
        yield np.pad(digit, [tuple(RNG.integers(0, 90, 2)), tuple(RNG.integers(0, 90, 2))])
        content = io.BytesIO()
        Image.fromarray(resized(digit, *RNG.integers(10, 400, 2))).save(
            content, "JPEG", quality=int(RNG.integers(30, 95))
        )
        yield np.asarray(Image.open(content))


def photographs() -> Iterator[Picture]:
    """Dark ink on paper that is lit from a side, with noise."""
    for digit in DIGITS[:40]:
        height, width = RNG.integers(40, 400, 2)
        ink = resized(np.pad(digit, 8), height, width) / 255
        light = 190 + np.add.outer(*(RNG.uniform(-60, 60) * np.linspace(-1, 1, n) for n in (height, width)))
        grain = RNG.normal(0, RNG.uniform(0, 30), ink.shape)
        yield (light * (1 - 0.7 * ink) + grain).clip(0, 255).astype(np.uint8)


def noise() -> Iterator[Picture]:
    for number in range(600):
        shape = RNG.integers(1, 50, 2)
        few = RNG.choice(np.array([0, 0, 0, 5, 60, 255], np.uint8), shape)
        yield few if number % 2 else RNG.integers(0, 256, shape).astype(np.uint8)


def slopes() -> Iterator[Picture]:
    """Paper that is lit from a side, with rectangles on it."""
    for _ in range(300):
        height, width = RNG.integers(1, 90, 2)
        paper = np.add.outer(*(RNG.uniform(-255, 255) * np.linspace(0, 1, n) for n in (height, width)))
        picture = (paper + RNG.uniform(0, 255)).clip(0, 255).astype(np.uint8)
        for _ in range(3):
            row, column = RNG.integers(0, height), RNG.integers(0, width)
            picture[row : row + RNG.integers(1, 15), column : column + RNG.integers(1, 15)] = RNG.integers(
                256
            )
        yield picture
    light = np.tile(np.linspace(255, 0, 10)[:, None], (1, 100)).astype(np.uint8)
    light[:, 0], light[:, -1], light[6:9, 80:98] = (
        255,
        0,
        255,
    )  # by the light of its border, ink far above 255
    yield light


def odd() -> Iterator[Picture]:
    yield np.zeros((0, 5), np.uint8)
    for shape in ((1, 1), (1, 40), (40, 1), (299, 301), (600, 7)):
        yield np.full(shape, 128, np.uint8)
        yield np.pad(np.full(shape, 255, np.uint8), 3)
        yield RNG.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [digits, scans, photographs, noise, slopes, odd])
def test_not_a_pixel_differs(kind: Callable[[], Iterator[Picture]], models: Models) -> None:
    compare(models, list(kind()))


@pytest.mark.slow
def test_not_a_pixel_of_mnist_differs(models: Models, mnist: Splits) -> None:
    compare(models, list(mnist.split("test").inputs.reshape(-1, 28, 28)))


def compare(models: Models, pictures: list[Picture]) -> None:
    for picture, found in zip(pictures, models.frame(pictures), strict=True):
        expected = in_python(picture)
        assert (found is None) == (expected is None), picture.shape
        if expected is not None:
            np.testing.assert_array_equal(found, expected, str(picture.shape))
