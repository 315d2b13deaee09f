"""Checkpoints: a model file with the state of its training, from which that resumes exactly."""

import json
from pathlib import Path

import numpy as np

from handgrad.errors import HandgradError
from handgrad.files import write_file
from handgrad.model import files
from handgrad.model.network import Network
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.state import TrainingState


def save_checkpoint(
    network: Network, state: TrainingState, path: Path, recipe: files.Recipe | None = None
) -> None:
    """Write a model file with the state of its training."""
    tensors, metadata = files.model_tensors(network, recipe)
    tensors |= {f"state.{name}": array for name, array in state.arrays().items()}
    metadata["state"] = json.dumps(state.numbers())
    write_file(path, files.serialize_tensors(tensors, metadata))


def load_checkpoint(path: Path, communicator: Communicator = SINGLE) -> tuple[Network, TrainingState]:
    """Read what `save_checkpoint` wrote; of several ranks, the first reads for all."""
    tensors, metadata = communicator.broadcast(lambda: files.read_tensors(path))
    network = files.network_from_tensors(tensors, metadata, path)
    if "state" not in metadata:
        raise HandgradError(f"{path} is a model without the state of its training; resume needs a checkpoint")
    numbers = files.metadata_value(metadata, "state", path)
    arrays = {name.removeprefix("state."): tensors[name] for name in tensors if name.startswith("state.")}
    try:
        state = TrainingState.restore(numbers, arrays)
        state.check_network(network)
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("a number is not finite")
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise HandgradError(f"{path}: the state of its training is damaged ({error}); train again") from error
    return network, state
