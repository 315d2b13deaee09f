"""The search for a recipe: its trials, its folds, and its limits."""

from itertools import islice
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.recipes.loading import override
from handgrad.sklearn import HandgradClassifier
from handgrad.training.optimizers.adaptive import default_decay
from handgrad.tuning import Trial, best, search, tune
from handgrad.tuning.space import propose

MLP = override(hg.load_recipe("mlp"), {"training": {"epochs": 2}}, "test")
LABELS: dict[str, Any] = {
    "classification": np.arange(60) % 3,
    "multilabel": np.arange(120).reshape(60, 2) % 3 == 0,
    "regression": np.arange(60.0),
}


@pytest.mark.parametrize("task", LABELS)
def test_the_first_trial_is_the_recipe_and_the_same_seed_proposes_the_same(task: str) -> None:
    inputs = np.random.default_rng(0).normal(size=(60, 4))
    data = hg.Dataset(inputs, LABELS[task], task=task)
    splits = hg.Splits(data, test=lambda: pytest.fail("opened"))
    first, second, third = islice(tune(MLP, splits, 60, threads=1), 3)
    assert first.recipe == MLP
    defaults = HandgradClassifier()  # the second trial
    assert second.recipe.network.layers[0]["units"] == np.ravel(defaults.hidden)[0]
    assert second.recipe.optimizer.weight_decay == default_decay(60, 4)
    assert (second.recipe.training.batch_size, second.recipe.training.epochs) == (
        defaults.batch_size,
        defaults.epochs,
    )
    assert second.recipe.network != third.recipe.network
    assert (first.accuracy is None) == (task == "regression")
    again = [*islice(tune(MLP, splits, 60, threads=1), 3)]
    assert [trial.recipe for trial in again] == [first.recipe, second.recipe, third.recipe]
    assert [trial.loss for trial in again] == [first.loss, second.loss, third.loss]


def test_few_examples_are_cross_validated() -> None:
    rng = np.random.default_rng(1)
    data = hg.Dataset(rng.normal(size=(50, 3)), rng.integers(2, size=50))
    (trial,) = tune(MLP, hg.Splits(data), 0, threads=1)  # the first is always completed
    assert trial.complete
    assert 0 < trial.loss < 3
    assert trial.accuracy == pytest.approx(
        round(50 * (trial.accuracy or 0)) / 50
    )  # each example is validated once
    assert "10 training examples" in refusal(list, tune(MLP, hg.Splits(data.take(slice(0, 9))), 1))
    large = hg.Dataset(rng.normal(size=(2_000, 3)), rng.integers(2, size=2_000))
    assert "validation" in refusal(list, tune(MLP, hg.Splits(large), 1))


class Drawn:
    """A trial that draws the last choice, or the largest number."""

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        return choices[-1]

    def suggest_float(self, name: str, low: float, high: float, **_: Any) -> float:
        return high

    suggest_int = suggest_float


def test_images_try_convolutions_and_augmentation(digits: hg.Splits) -> None:
    changes = propose(Drawn(), digits.train)
    recipe = override(hg.load_recipe("dropout"), changes, "test")  # which trains adversarially
    assert recipe.network.input == "image"
    assert recipe.build_network().output_shape == (10,)
    assert recipe.augmentation
    assert (recipe.adversarial, recipe.averaging) == (None, None)


def test_a_stop_ends_the_search_within_the_first_trial(digits: hg.Splits) -> None:
    assert list(tune(MLP, digits.split_validation(60, np.random.default_rng(0)), 60, stop=lambda: True)) == []


@pytest.mark.slow
def test_the_best_trials_are_repeated_with_other_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCH", 0.01)  # of 60 s
    rng = np.random.default_rng(2)
    data = hg.Dataset(rng.normal(size=(40, 3)), rng.integers(2, size=40))
    found: list[Trial] = []
    for trial in tune(
        MLP, hg.Splits(data), 60, threads=1, stop=lambda: bool(found and found[-1].repetitions > 2)
    ):
        found.append(trial)
    first = [trial for trial in found if trial.number == 1]
    assert [trial.repetitions for trial in first] == list(range(1, len(first) + 1))
    assert len(first) > 1
    assert len({trial.loss for trial in first}) == len(first)
    chosen = best(found)
    assert chosen is not None
    assert chosen.repetitions == first[-1].repetitions
    assert chosen.loss == min(trial.loss for trial in found if trial.repetitions == chosen.repetitions)
    assert best([]) is None
