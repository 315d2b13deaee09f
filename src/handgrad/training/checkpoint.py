"""Checkpoints: a model file with all that an exact continuation of the training needs.

A checkpoint adds the optimizer's state, the training state and the order of the current epoch to the model.
"""

import json
from pathlib import Path

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.files import (
    Recipe,
    metadata_value,
    model_tensors,
    network_from_tensors,
    read_tensors,
    write_tensors,
)
from handgrad.model.network import Network
from handgrad.training.distributed import ALONE, Communication
from handgrad.training.optimizers import Optimizer
from handgrad.training.state import TrainingState


def save_checkpoint(
    network: Network, optimizer: Optimizer, state: TrainingState, path: Path, recipe: Recipe | None = None
) -> None:
    """Write a model file with all that `load_checkpoint` needs to go on exactly."""
    tensors, metadata = model_tensors(network, recipe)
    for name, array in optimizer.state.items():
        tensors[f"optimizer.{name}"] = array
    for name, array in state.arrays().items():
        tensors[f"state.{name}"] = array
    metadata["optimizer"] = json.dumps({**optimizer.describe(), "steps": optimizer.steps})
    metadata["state"] = json.dumps(state.numbers())
    write_tensors(path, tensors, metadata)


def load_checkpoint(
    path: Path, communication: Communication = ALONE
) -> tuple[Network, Optimizer, TrainingState]:
    """Read what `save_checkpoint` wrote; of several ranks, the first reads for all.

    Raises
    ------
    HandgradError
        As `load`; also if the file is a model without training state.
    """
    tensors, metadata = communication.broadcast(lambda: read_tensors(path))
    if "state" not in metadata and metadata.get("format", "").startswith("handgrad"):
        raise HandgradError(f"{path} is a model without the state of its training; resume needs a checkpoint")
    network = network_from_tensors(tensors, metadata, path)
    try:
        description = dict(metadata_value(metadata, "optimizer"))
        steps = int(description.pop("steps"))
        optimizer = Optimizer.from_config(description)
        optimizer.steps = steps
        for name in optimizer.state_names if steps else ():
            optimizer.state[name] = tensors[f"optimizer.{name}"].reshape(network.flat_parameters.shape)
        arrays = {
            key.removeprefix("state."): tensor for key, tensor in tensors.items() if key.startswith("state.")
        }
        state = TrainingState.restore(metadata_value(metadata, "state"), arrays)
        for vector in (state.average, state.best, state.current):
            if vector is not None and (
                vector.shape != network.flat_parameters.shape or not np.isfinite(vector).all()
            ):
                raise ValueError("other parameters do not fit the network")
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise HandgradError(f"{path}: the state of its training is damaged ({error}); train anew") from error
    return network, optimizer, state
