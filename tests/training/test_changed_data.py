"""What is told where a training is to go on with other data than it was begun with."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.fingerprint import check_unchanged
from handgrad.training.state import TrainingState
from handgrad.training.train import train


def told(table: Dataset, folder: Path, steps: int, other: Dataset, size: Any = 64) -> str:
    """Train for some steps, and give the complaint about other data."""
    table = replace(table, features=("a", "b", "c", "d"))
    network, state = Network([Dense(2)], (4,), np.random.default_rng(0)), TrainingState()
    stop: Callable[[], bool] = lambda: state.step == steps  # noqa: E731
    list(train(network, table, batch_size=size, epochs=9, state=state, stop=stop))
    assert state.step == steps
    save_checkpoint(network, state, folder / "c.safetensors")
    network, state = load_checkpoint(folder / "c.safetensors")
    check_unchanged(table, "d.csv", network, state, size)
    with pytest.raises(HandgradError) as caught:
        check_unchanged(other, "d.csv", network, state, size)
    before, after = (
        "d.csv: these are not the data that the training was begun with: ",
        "; resume it with those",
    )
    assert str(caught.value).startswith(before)
    assert str(caught.value).endswith(f"{after}, or train anew")
    return str(caught.value).removeprefix(before).partition(after)[0]


FEWER, WITHIN, BETWEEN = slice(0, 150), 2, 8
"""Of 200 examples, an epoch is 4 steps of 64."""


@pytest.mark.parametrize(
    ("steps", "size", "words"),
    [
        (WITHIN, 64, "there are 150 examples to train on, and were 200"),
        (BETWEEN, 64, "there are 150 examples to train on, and were 200"),
        (BETWEEN, "all", "other examples, or numbers or labels in them"),
    ],
)
def test_other_numbers_of_examples(table: Dataset, tmp_path: Path, steps: int, size: Any, words: str) -> None:
    assert told(table, tmp_path, steps, table.take(FEWER), size) == words


def test_other_classes_inputs_names_and_numbers(table: Dataset, tmp_path: Path) -> None:
    classes = replace(table, inputs=table.inputs + 1, classes=("no", "yes", "so"))
    assert told(table, tmp_path, WITHIN, classes) == "the classes are no, yes, so, and were no, yes"
    narrow = Dataset(table.inputs[:, :3], table.labels, table.classes)
    assert told(table, tmp_path, WITHIN, narrow) == "an example has 3 inputs, and had 4"
    named = replace(table, inputs=table.inputs + 1, features=("a", "b", "e", "d"))
    assert told(table, tmp_path, WITHIN, named) == "input 3 is 'e', and was 'c'"
    both = replace(classes.take(FEWER), features=("a", "b", "e", "d"))
    assert told(table, tmp_path, WITHIN, both) == (
        "there are 150 examples to train on, and were 200, the classes are no, yes, so, and were no, yes, "
        "input 3 is 'e', and was 'c'"
    )
    numbers = replace(table, inputs=table.inputs + 1)
    assert told(table, tmp_path, WITHIN, numbers) == "other numbers or labels in them"
    assert told(table, tmp_path, BETWEEN, numbers, "all") == "other examples, or numbers or labels in them"
