"""The most confident mistakes, in their order, with what they are and what they were taken for."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.plots import plot_mistakes

PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.99996, 0.00004]], np.float32)
LABELS = np.array([0, 0, 0, 1])


def pictures(shape: tuple[int, ...] = (1, 4, 4), dtype: Any = np.uint8, names: Any = ("a", "b")) -> Dataset:
    size = int(np.prod(shape))
    inputs = (np.arange(4)[:, np.newaxis] * 50 + np.arange(size) % 50).astype(dtype)
    return Dataset(inputs, LABELS, names, shape)


def captions(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def drawn(axes: Any) -> Any:
    return np.ma.filled(axes.images[0].get_array(), np.nan)


def test_the_surest_mistake_comes_first() -> None:
    axes = plot_mistakes(pictures(), PROBABILITIES)
    assert captions(axes) == ["b → a  99.9 %", "a → b  80.0 %", "a → b  70.0 %"]
    assert axes.get_title(loc="left") == "3 mistakes in 4 examples: true class → answer"
    sheet = drawn(axes)
    assert np.allclose(sheet[:4, :4].ravel() * 255, pictures().inputs[3])
    limited = plot_mistakes(pictures(), PROBABILITIES, most=2)
    assert len(captions(limited)) == 2
    assert "2 most confident of 3 mistakes" in limited.get_title(loc="left")


def test_mostly_black_pictures_become_ink_on_paper() -> None:
    inputs = np.zeros((4, 16), np.uint8)
    inputs[:, 5] = 255
    axes = plot_mistakes(Dataset(inputs, LABELS, 2, (1, 4, 4)), PROBABILITIES)
    sheet = drawn(axes)
    assert (sheet[0, 0], sheet[1, 1]) == (1, 0)


def test_colours_floats_and_long_names() -> None:
    data = pictures((3, 4, 4), np.float32, ("aeroplane", "a name that is longer"))
    axes = plot_mistakes(data, PROBABILITIES)
    assert drawn(axes).shape[2] == 3
    assert captions(axes)[0].split("\n") == ["a name that… →", "aeroplane", "99.9 %"]


def test_flat_pictures_have_the_shape_of_the_model() -> None:
    flat = Dataset(pictures().inputs, LABELS, 2)
    assert len(captions(plot_mistakes(flat, PROBABILITIES, shape=(1, 4, 4)))) == 3
    with pytest.raises(HandgradError, match="only pictures"):
        plot_mistakes(flat, PROBABILITIES)


def test_no_mistakes_are_told() -> None:
    axes = plot_mistakes(pictures(), np.eye(2)[LABELS])
    assert axes.get_title(loc="left") == "no mistakes in 4 examples"


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(HandgradError, match=r"must be \(4, 2\)"):
        plot_mistakes(pictures(), PROBABILITIES[:3])
    with pytest.raises(HandgradError, match="a Dataset is needed"):
        plot_mistakes(pictures().inputs, PROBABILITIES)  # type: ignore[arg-type]
    with pytest.raises(HandgradError, match="most"):
        plot_mistakes(pictures(), PROBABILITIES, most=0)
