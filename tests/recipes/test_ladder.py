"""The recipes on MNIST reach the accuracy that their pages state, and their gradients are correct."""

import re
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from documents import ROOT
from handgrad.recipes import loading
from handgrad.recipes.loading import LADDER, Rung
from rungs import RUNGS, trained


def test_every_recipe_is_trained() -> None:
    written = {path.stem for path in Path(loading.__file__).parent.glob("*.toml")}
    assert RUNGS.keys() == set(LADDER) == written


def test_accuracy_and_time_are_those_of_the_ladder() -> None:
    text = (ROOT / "docs/learn/ladder.md").read_text("utf-8")
    row = re.compile(r"^\| `(\w+)` \|.*?\| ([\d.]+) ± .*\| (?:(\d+) min)? ?(?:([\d.]+) s)? \|$", re.MULTILINE)
    found = {
        name: Rung(round(float(accuracy) / 100, 4), 60 * float(minutes or 0) + float(seconds or 0))
        for name, accuracy, minutes, seconds in row.findall(text)
    }
    assert list(found.items()) == list(LADDER.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNGS)
def test_a_recipe_reaches_its_accuracy(mnist: hg.Splits, name: str) -> None:
    assert hg.evaluate(trained(name), mnist.split("test")).accuracy >= RUNGS[name][1]


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDER)
def test_every_gradient_of_a_recipe_is_correct(name: str) -> None:
    recipe = hg.load_recipe(name)
    network = recipe.build_network(dtype=np.float64)
    network.scaling = hg.Scaling.of_bytes()
    loss = recipe.training_arguments()["loss"]
    assert all(check.passed for check in hg.check_gradients(network, loss=loss))
