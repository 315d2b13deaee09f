"""Framing: any image of a digit is framed as MNIST's digits are."""

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from failing import refusal
from handgrad.data.framing import frame_digit
from handgrad.data.splits import Splits
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError

Image8: TypeAlias = NDArray[np.uint8]
Change: TypeAlias = Callable[[Image8], Image8]

DIGITS = generate(60, 3)[0].reshape(-1, 28, 28)


def enlarged(digit: Image8, factor: int = 10) -> Image8:
    size = digit.shape[1] * factor, digit.shape[0] * factor
    return np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC))


def as_jpeg(image: Image8, quality: int = 80) -> Image8:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=quality)
    return np.asarray(Image.open(content))


def photographed(digit: Image8, tilt: float = 60, noise: float = 8, size: int = 300) -> Image8:
    """Dark ink on paper that is lit from a side, with the noise of a camera, as JPEG."""
    ink = enlarged(np.pad(digit, 8), -(-size // 44)) / 255
    y, x = np.meshgrid(*(np.linspace(-0.5, 0.5, length) for length in ink.shape), indexing="ij")
    light = 190 + tilt * (0.8 * x + 0.6 * y)
    grain = np.random.default_rng(0).normal(0, noise, ink.shape)
    return as_jpeg((light * (1 - 0.7 * ink) + grain).clip(0, 255).astype(np.uint8))


def differences(digits: Image8, change: Change) -> NDArray[np.float64]:
    """Frame changed digits, and return the mean difference to each of the digits, as a share of its ink."""
    framed = np.stack([frame_digit(change(digit)) for digit in digits]).astype(int)
    return np.abs(framed - digits).sum(axis=(1, 2)) / digits.sum(axis=(1, 2))


CHANGES: list[tuple[Change, dict[float, float]]] = [  # with the least share of digits by largest difference
    (lambda digit: digit, {0: 0.9}),
    (lambda digit: (200 - 0.4 * digit).astype(np.uint8), {0.05: 0.5}),  # weak ink on grey paper
    *((partial(enlarged, factor=factor), {0.3: 0.5, 1: 1}) for factor in (3, 10, 20)),
    (lambda digit: np.pad(digit, ((13, 57), (90, 1))), {0: 0.9}),
    (lambda digit: np.pad(digit, ((200, 0), (0, 0))), {0: 0.9}),
    *((partial(as_jpeg, quality=quality), {0.3: 0.7}) for quality in (50, 75, 95)),
    *((lambda digit, q=quality: as_jpeg(enlarged(digit), q), {0.6: 0.9}) for quality in (50, 75, 95)),
]
OF_PHOTOGRAPHS = {0.5: 0.5, 1: 0.9}
for light in ((0, 8, 300), (60, 8, 300), (120, 3, 300), (60, 40, 900), (60, 8, 100)):
    CHANGES.append((partial(photographed, tilt=light[0], noise=light[1], size=light[2]), OF_PHOTOGRAPHS))


@pytest.mark.parametrize(("change", "shares"), CHANGES)
def test_a_changed_digit_is_framed_as_before(change: Change, shares: dict[float, float]) -> None:
    found = differences(DIGITS[:12] if shares is OF_PHOTOGRAPHS else DIGITS, change)
    assert all(np.mean(found <= most) >= share for most, share in shares.items())


def test_dark_on_light_is_the_same() -> None:
    for digit in DIGITS[:12]:
        for image in (digit, enlarged(digit), as_jpeg(digit), photographed(digit)):
            # The mean of many pixels, in an image that is reduced, may be rounded up instead of down.
            apart = np.abs(frame_digit(255 - image).astype(int) - frame_digit(image))
            assert apart.max() <= (0 if len(image) < 300 else 1)


@given(
    arrays.arrays(
        np.uint8,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=60),
        elements=st.sampled_from([0, 0, 0, 5, 60, 255]),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_image_is_framed_or_blank(image: Image8) -> None:
    with suppress(HandgradError):
        framed = frame_digit(image)
        assert framed.shape == (28, 28)
        assert framed.any()
        assert np.array_equal(framed, frame_digit(255 - image))
        return
    assert "the image is blank" in refusal(frame_digit, image)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 100), st.integers(1, 100), st.integers(60, 255))
@settings(max_examples=60, deadline=None)
def test_the_box_is_20_pixels_and_centred(height: int, width: int, below: int, beside: int, ink: int) -> None:
    image = np.zeros((height + 2 * below, width + 2 * beside), np.uint8)
    image[below : below + height, beside : beside + width] = ink
    framed = frame_digit(image)
    sides = [np.ptp(np.flatnonzero(framed.any(axis=axis))) + 1 for axis in (0, 1)]
    assert max(sides) == 20
    assert abs(min(sides) - max(1, 20 * min(height, width) / max(height, width))) <= 0.5
    for axis in (0, 1):
        mass = framed.sum(axis=axis, dtype=float)
        assert abs((np.arange(28) @ mass) / mass.sum() - 14) <= 0.5 + 1e-9


def test_blank_images() -> None:
    specks = np.zeros((299, 299), np.uint8)  # lost in scaling
    specks[0, 45] = specks[-1, 14] = specks[164, 0] = specks[60, -1] = 255
    light = np.add.outer(np.linspace(80, 120, 100), np.linspace(40, 100, 80)).astype(np.uint8)
    shapes: list[tuple[int, int]] = [(1, 1), (28, 28), (500, 300), (0, 5)]
    images = [specks, light, *(np.full(shape, grey, np.uint8) for shape in shapes for grey in (0, 128, 255))]
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(180, 10, (299, 299)).clip(0, 255).astype(np.uint8)
        smooth = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2)))
        images += [noise[:120, :120], as_jpeg(smooth, 70)]
    for image in images:
        assert "the image is blank" in refusal(frame_digit, image)


def test_mnist_does_not_change(mnist: Splits) -> None:
    digits = mnist.split("test").inputs.reshape(-1, 28, 28)[:1000]
    changes = differences(digits, lambda digit: digit)
    assert np.mean(changes == 0) >= 0.999
    assert changes.max() < 0.7
