"""Checkpoints: a model file with the state of its training, from which that resumes exactly."""

import json
from pathlib import Path

import numpy as np

from handgrad.errors import HandgradError
from handgrad.files import write_file
from handgrad.model.files import (
    Recipe,
    metadata_value,
    model_tensors,
    network_from_tensors,
    read_tensors,
    serialize_tensors,
)
from handgrad.model.network import Network
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.state import TrainingState


def save_checkpoint(network: Network, state: TrainingState, path: Path, recipe: Recipe | None = None) -> None:
    """Write a model file with the state of its training."""
    tensors, metadata = model_tensors(network, recipe)
    for name, array in state.arrays().items():
        tensors[f"state.{name}"] = array
    metadata["state"] = json.dumps(state.numbers())
    write_file(path, serialize_tensors(tensors, metadata))


def load_checkpoint(path: Path, communicator: Communicator = SINGLE) -> tuple[Network, TrainingState]:
    """Read what `save_checkpoint` wrote; of several ranks, the first reads for all."""
    tensors, metadata = communicator.broadcast(lambda: read_tensors(path))
    if "state" not in metadata and metadata.get("format", "").startswith("handgrad"):
        raise HandgradError(f"{path} is a model without the state of its training; resume needs a checkpoint")
    network = network_from_tensors(tensors, metadata, path)
    arrays = {name.removeprefix("state."): tensors[name] for name in tensors if name.startswith("state.")}
    numbers = metadata_value(metadata, "state", path)
    try:
        state = TrainingState.restore(numbers, arrays)
        state.check_network(network)
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("a number is not finite")
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise HandgradError(f"{path}: the state of its training is damaged ({error}); train again") from error
    return network, state
