"""The most confident mistakes."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.plots import plot_mistakes

PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.99996, 0.00004]], np.float32)
LABELS = np.array([0, 0, 0, 1])


def images(shape: tuple[int, ...] = (1, 4, 4), dtype: Any = np.uint8, names: Any = ("a", "b")) -> Dataset:
    size = int(np.prod(shape))
    inputs = (np.arange(4)[:, np.newaxis] * 50 + np.arange(size) % 50).astype(dtype)
    return Dataset(inputs, LABELS, names, shape)


def captions(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def drawn(axes: Any) -> Any:
    return np.ma.filled(axes.images[0].get_array(), np.nan)


def test_most_confident_mistake_comes_first() -> None:
    axes = plot_mistakes(images(), PROBABILITIES)
    assert captions(axes) == ["b → a  99.9 %", "a → b  80.0 %", "a → b  70.0 %"]
    assert axes.get_title(loc="left").startswith("3 mistakes in 4 examples")
    assert np.allclose(drawn(axes)[:4, :4].ravel() * 255, images().inputs[3])
    limited = plot_mistakes(images(), PROBABILITIES, most=2)
    assert len(captions(limited)) == 2
    assert "2 most confident of 3 mistakes" in limited.get_title(loc="left")


def test_mostly_black_images_are_inverted() -> None:
    inputs = np.zeros((4, 16), np.uint8)
    inputs[:, 5] = 255
    sheet = drawn(plot_mistakes(Dataset(inputs, LABELS, 2, (1, 4, 4)), PROBABILITIES))
    assert (sheet[0, 0], sheet[1, 1]) == (1, 0)


def test_colours_floats_and_long_names() -> None:
    data = images((3, 4, 4), np.float32, ("aeroplane", "a name that is longer"))
    axes = plot_mistakes(data, PROBABILITIES)
    assert drawn(axes).shape[2] == 3
    assert captions(axes)[0].split("\n") == ["a name that… →", "aeroplane", "99.9 %"]


def test_shape_of_flat_images_is_an_argument() -> None:
    flat = Dataset(images().inputs, LABELS, 2)
    assert len(captions(plot_mistakes(flat, PROBABILITIES, shape=(1, 4, 4)))) == 3
    with pytest.raises(HandgradError, match="only images"):
        plot_mistakes(flat, PROBABILITIES)


def test_no_mistakes() -> None:
    axes = plot_mistakes(images(), np.eye(2)[LABELS])
    assert axes.get_title(loc="left") == "no mistakes in 4 examples"


@pytest.mark.parametrize(
    ("dataset", "probabilities", "most", "message"),
    [
        (images(), PROBABILITIES[:3], 1, r"must have shape \(4, 2\)"),
        (images().inputs, PROBABILITIES, 1, "a Dataset is needed"),
        (images(), PROBABILITIES, 0, "most"),
    ],
)
def test_invalid_arguments_are_refused(dataset: Any, probabilities: Any, most: int, message: str) -> None:
    with pytest.raises(HandgradError, match=message):
        plot_mistakes(dataset, probabilities, most=most)
