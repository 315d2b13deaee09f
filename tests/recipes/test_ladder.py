"""The second rung on MNIST: what its page says."""

import pytest

from handgrad.data.dataset import Splits
from handgrad.learning.metrics import evaluate
from handgrad.learning.state import TrainingState
from handgrad.learning.training import train
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe


@pytest.mark.slow
def test_mlp_reads_98_of_100(mnist: Splits) -> None:
    recipe = load_recipe("mlp")
    network, splits = recipe.build_network(), open_splits(recipe)
    *_, last = train(
        network,
        splits,
        optimizer=recipe.build_optimizer(),
        **recipe.training_arguments(),
        state=TrainingState(recipe.training_rng()),
    )
    assert last.epoch == 10
    assert evaluate(network, splits.split("test")).accuracy >= 0.98
