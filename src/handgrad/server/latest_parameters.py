"""The newest parameters of a run, also while it trains, as a model."""

import tomllib
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.model.files import load_recipe, load_safetensors, model_bytes
from handgrad.model.layers import Layer
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import parse_recipe
from handgrad.run_status import model_is_newest
from handgrad.server.model_in_use import Served
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.loop import CALIBRATION

_making = Lock()


def newest(folder: Path) -> Served:
    """Give the model that a run would leave if it were stopped at its last record.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    HandgradError
        If there is none yet, or it is damaged.
    """
    tag = newest_tag(folder)
    if tag is None:
        raise HandgradError(f"{folder.name} has no parameters yet; wait for its first step")
    with _making:  # several readers at once get what the first of them has made
        return _made(folder, tag)


def newest_tag(folder: Path) -> str | None:
    """Make a tag that changes whenever the newest parameters do; None where there are none."""
    try:
        status = (folder / (MODEL_FILE if model_is_newest(folder) else CHECKPOINT_FILE)).stat()
    except OSError:
        return None
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"'


@lru_cache(maxsize=2)
def _made(folder: Path, tag: str) -> Served:
    if model_is_newest(folder):
        path = folder / MODEL_FILE
        return Served(folder.name, load_safetensors(path), load_recipe(path), path.read_bytes(), tag)
    network, state = load_checkpoint(folder / CHECKPOINT_FILE)
    recipe = load_recipe(folder / CHECKPOINT_FILE)
    state.show_result(network)
    measuring = any(type(layer).measured is not Layer.measured for layer in network.layers)
    if (
        measuring and state.current is not None and recipe
    ):  # statistics of the average are not in the checkpoint
        network.calibrate(_sample(parse_recipe(recipe, folder.name).toml()))
    return Served(folder.name, network, recipe, model_bytes(network, recipe, state.step), tag)


@lru_cache(maxsize=1)
def _sample(toml: str) -> NDArray[Any]:
    """Take the examples on which training measures what layers must know."""
    recipe = parse_recipe(tomllib.loads(toml), "the recipe")
    return np.ascontiguousarray(open_splits(recipe).train.sample(CALIBRATION))
