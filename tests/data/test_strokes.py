"""Synthetic digits: the same everywhere, framed as MNIST, and similar to MNIST on average."""

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.data.strokes.curves import POINTS, SKELETONS, skeleton
from handgrad.data.strokes.generator import BLOCK, generate

Sample = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate(5 * BLOCK, seed=3)


@pytest.mark.parametrize("examples", [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK])
@pytest.mark.parametrize("cpus", [1, 7])
def test_fewer_examples_are_the_first_of_more(
    sample: Sample, examples: int, cpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handgrad.data.strokes.generator.choose_threads", lambda: cpus)
    for more, fewer in zip(sample, generate(examples, seed=3), strict=True):
        np.testing.assert_array_equal(more[:examples], fewer)


def test_seeds_streams_and_blocks_differ() -> None:
    images = [generate(2 * BLOCK)[0], generate(BLOCK, seed=1)[0], generate(BLOCK, stream=1)[0]]
    assert len(np.unique(np.concatenate(images), axis=0)) == 4 * BLOCK


def test_ink_fills_a_box_of_20_pixels_and_is_centred(sample: Sample) -> None:
    images = sample[0].reshape(-1, 28, 28).astype(float)
    occupied = [images.max(axis=axis) > 0 for axis in (1, 2)]
    longer = np.max([28 - line.argmax(axis=1) - line[:, ::-1].argmax(axis=1) for line in occupied], axis=0)
    assert longer.max() == 20
    assert longer.min() >= 19
    assert (longer == 20).mean() > 0.99
    for axis in (1, 2):
        away = images.sum(axis=axis) @ np.arange(28) / images.sum(axis=(1, 2)) - 14
        # Half a pixel is what whole pixels allow; a few boxes meet the edge of the image before that.
        assert np.abs(away).max() < 1.5
        assert (np.abs(away) <= 0.5).mean() > 0.99
        assert abs(away.mean()) < 0.03


def test_statistics_are_near_those_of_mnist(sample: Sample) -> None:
    images, labels = sample
    assert images.shape == (5 * BLOCK, 784)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels, minlength=10).min() > 400
    assert (images.max(axis=1) > 200).all()
    assert images.mean() == pytest.approx(33.3, abs=1.5)  # MNIST's training images: 33.3
    assert (images == 0).mean() == pytest.approx(0.81, abs=0.02)  # 0.81
    ink = [images[labels == digit].mean() for digit in range(10)]
    np.testing.assert_allclose(ink, [44, 19, 38, 36, 31, 33, 35, 29, 38, 31], atol=5)  # and by digit


@pytest.mark.parametrize("text", [text for styles in SKELETONS.values() for _, text in styles])
def test_curves_pass_through_their_skeletons(text: str) -> None:
    controls, basis, pen_down = skeleton(text)
    assert basis.shape == (POINTS, len(controls))
    np.testing.assert_allclose(basis.sum(axis=1), 1, atol=1e-12)  # a moved skeleton moves its curve
    assert (~pen_down).sum() == text.count("/")
    curve = basis @ controls
    nearest = np.linalg.norm(curve[:, None] - controls, axis=-1).min(axis=0)
    assert nearest.max() < 0.06  # of half a digit's height: the points of the curve are about 0.1 apart
    np.testing.assert_allclose(curve[[0, -1]], controls[[0, -1]])
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)[pen_down]
    assert steps.max() < 0.25  # no jump while the pen is down
