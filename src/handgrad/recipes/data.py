"""The data of a recipe: loading, the validation split, and synthetic digits where MNIST is missing."""

import numpy as np

from handgrad.data.columns import in_known_order
from handgrad.data.dataset import naming
from handgrad.data.form import Form
from handgrad.data.load import STROKES, load_data
from handgrad.data.mnist import COLLECTIONS, ensure
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError
from handgrad.recipes.loading import override
from handgrad.recipes.recipe import Recipe
from handgrad.training.distributed import Communicator


def open_splits(recipe: Recipe, like: Form | None = None) -> Splits:
    """Load the data of a recipe, with its validation split; those of a table `like` a model where it is given."""
    data = recipe.data
    wanted, splits = data.validation, load_data(data.source, data.target, data.task, like=like)
    if not wanted:
        return splits
    if isinstance(wanted, str):
        with naming(wanted):
            train = splits.train
            found = load_data(wanted, data.target, like=Form.of(train)).train
            return splits.with_validation(in_known_order(found, train.features, train.classes))
    examples = wanted if isinstance(wanted, int) else max(1, round(wanted * len(splits.train)))
    with naming(f"data.validation of recipe {recipe.name} on {splits.source}"):
        return splits.split_validation(examples, np.random.default_rng([recipe.seed, 2]))


def with_share_for_validation(recipe: Recipe) -> Recipe:
    """Replace a number of validation examples, which fits published data, by a tenth of other data."""
    published = recipe.data.source.partition(":")[0] in (*COLLECTIONS, STROKES)
    if published or not recipe.data.validation or not isinstance(recipe.data.validation, int):
        return recipe
    return override(recipe, {"data": {"validation": 0.1}}, recipe.name)


def open_on_ranks(recipe: Recipe, communicator: Communicator, like: Form | None = None) -> Splits:
    """Load the data of a recipe on rank 0, which may download or convert them, and then on the others."""
    splits = open_splits(recipe, like) if communicator.rank == 0 else None
    communicator.broadcast(lambda: None)
    splits = splits or open_splits(recipe, like)
    communicator.sum(np.zeros(1))  # all ranks wait for the last, so that nothing is written if one fails
    return splits


def fall_back_to_strokes(recipe: Recipe) -> tuple[Recipe, str]:
    """Replace a published data set that is neither found nor downloaded by synthetic digits; return a notice, too."""
    try:
        ensure(recipe.data.source)
        return recipe, ""
    except HandgradError as error:
        changed = override(recipe, {"data": {"source": STROKES}}, STROKES)
        return changed, f"training on strokes, synthetic digits: {str(error).partition(';')[0]}"
