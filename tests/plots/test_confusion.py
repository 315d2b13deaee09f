"""The picture of a confusion matrix."""

from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.plots import plot_confusion_matrix

MATRIX = np.array([[8, 2, 0], [0, 5, 0], [3, 0, 7]])


def test_numbers_shades_and_names() -> None:
    axes: Any = plot_confusion_matrix(MATRIX, ["a", "b", "$c"])
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "8", (1, 0): "2", (1, 1): "5", (0, 2): "3", (2, 2): "7"}
    assert np.allclose(axes.images[0].get_array(), [[0, 20, 0], [0, 0, 0], [30, 0, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "$c"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert axes.get_title(loc="left") == "80.00 % of 25 right"


def test_many_classes_get_a_bar_in_place_of_numbers() -> None:
    axes = plot_confusion_matrix(np.eye(100, dtype=int))
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert not axes.texts
    assert len(axes.figure.axes) == 2
    assert len(axes.get_yticklabels()) == 50


@pytest.mark.parametrize(
    ("matrix", "classes", "told"),
    [
        (np.ones((2, 3), int), None, "shape"),
        (np.ones((2, 2)), None, "float64"),
        (MATRIX, ["a", "b"], "3 rows for 2 classes"),
        (np.zeros((2, 2), int), None, "one example or more"),
        (np.array([[5, -1], [0, 3]]), None, "nothing below 0"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(matrix: object, classes: list[str] | None, told: str) -> None:
    with pytest.raises(HandgradError, match=told):
        plot_confusion_matrix(matrix, classes)  # type: ignore[arg-type]
