"""The model file, and the checkpoint, which is the same file with all that going on exactly needs.

`model.safetensors` holds the parameters by name (``layers.0.weights``) and the scaling; its metadata hold the
layers, shapes, classes, the recipe and the version. A checkpoint adds the optimizer's state, the training state
and the order of the epoch in progress. Nothing is pickled.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import FRAMINGS
from handgrad.errors import HandgradError
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.model.sklearn_conversion import network_of
from handgrad.training.distributed import ALONE, Communication
from handgrad.training.optimizers import Optimizer
from handgrad.training.state import TrainingState
from handgrad.training.tensor_files import Tensors, read_tensors, serialized, write_tensors

FORMAT = 1
"""Version of the file format; a reader refuses a newer one."""

Recipe = Mapping[str, Any]


def save_model(
    network: Network | Any, path: Path | str, recipe: Recipe | None = None, *, steps: int | None = None
) -> None:
    """Write a network to a model file, whole or not at all.

    Parameters
    ----------
    network : Network, or what scikit-learn has fitted
        A `HandgradClassifier`, or a search or pipeline that ends in one; see `network_of`.
    path : path
        Customarily ``model.safetensors``; its folder must exist.
    recipe : mapping, optional
        What the network was trained by, as plain tables.
    steps : int, optional
        After how many steps of its training; so a run knows its model from an older one.

    Raises
    ------
    HandgradError
        If the file cannot be written.
    """
    write_tensors(Path(path), *written_down(network_of(network), recipe, steps))


def model_bytes(network: Network, recipe: Recipe | None = None, steps: int | None = None) -> bytes:
    """Give the bytes of the file that `save` writes."""
    return serialized(*written_down(network, recipe, steps))


def save_checkpoint(
    network: Network, optimizer: Optimizer, state: TrainingState, path: Path, recipe: Recipe | None = None
) -> None:
    """Write a model file with all that `load_checkpoint` needs to go on exactly."""
    tensors, metadata = written_down(network, recipe)
    for name, array in optimizer.state.items():
        tensors[f"optimizer.{name}"] = array
    for name, array in state.arrays().items():
        tensors[f"state.{name}"] = array
    metadata["optimizer"] = json.dumps({**optimizer.describe(), "steps": optimizer.steps})
    metadata["state"] = json.dumps(state.numbers())
    write_tensors(path, tensors, metadata)


def load_safetensors(path: Path | str) -> Network:
    """Read a network from a model file or a checkpoint.

    Raises
    ------
    HandgradError
        If the file is missing, no model of handgrad, truncated, made by a newer version, or inconsistent.
    """
    return restored(*read_tensors(Path(path)), Path(path))


def load_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe that a model file was trained by, or None where it has none."""
    return restored_recipe(read_tensors(Path(path))[1], Path(path))


def written_down(
    network: Network, recipe: Recipe | None = None, steps: int | None = None
) -> tuple[Tensors, dict[str, str]]:
    """Give what a model file holds: tensors by name, and metadata, from which `restored` makes the network again."""
    metadata = _metadata(network, recipe)
    return _tensors(network), metadata if steps is None else {**metadata, "steps": str(steps)}


def restored(tensors: Tensors, metadata: dict[str, str], path: Path) -> Network:
    """Make a network of what `written_down` gave; HandgradError, as from `load`, names `path`."""
    _check_format(metadata, path)
    return _network(tensors, metadata, path)


def restored_recipe(metadata: dict[str, str], path: Path) -> dict[str, Any] | None:
    """Find the recipe in what `written_down` gave, or None where there is none."""
    _check_format(metadata, path)
    try:
        recipe = _json(metadata, "recipe")
    except HandgradError as error:
        raise HandgradError(f"{path} is damaged: {error}") from error
    if recipe is not None and not isinstance(recipe, dict):
        raise HandgradError(f"{path} is damaged: its recipe is no table")
    return recipe


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
    _check_format(metadata, path)
    if "state" not in metadata:
        raise HandgradError(f"{path} is a model without the state of its training; resume needs a checkpoint")
    network = _network(tensors, metadata, path)
    try:
        description = dict(_json(metadata, "optimizer"))
        steps = int(description.pop("steps"))
        optimizer = Optimizer.from_config(description)
        optimizer.steps = steps
        for name in optimizer.state_names if steps else ():
            optimizer.state[name] = tensors[f"optimizer.{name}"].reshape(network.flat_parameters.shape)
        arrays = {
            key.removeprefix("state."): tensor for key, tensor in tensors.items() if key.startswith("state.")
        }
        state = TrainingState.restore(_json(metadata, "state"), arrays)
        for vector in (state.average, state.best, state.current):
            if vector is not None and (
                vector.shape != network.flat_parameters.shape or not np.isfinite(vector).all()
            ):
                raise ValueError("other parameters do not fit the network")
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise HandgradError(f"{path}: the state of its training is damaged ({error}); train anew") from error
    return network, optimizer, state


def _tensors(network: Network) -> Tensors:
    tensors: Tensors = {}
    for index, parameters in enumerate(network.parameters):
        for name, array in vars(parameters).items():
            tensors[f"layers.{index}.{name}"] = array
    if network.scaling:
        tensors["scaling.shift"] = network.scaling.shift
        tensors["scaling.divisor"] = network.scaling.divisor
    return tensors


def _metadata(network: Network, recipe: Recipe | None) -> dict[str, str]:
    return {
        "format": f"handgrad {FORMAT}",
        "library_version": version("handgrad"),
        "layers": json.dumps([layer.describe() for layer in network.layers]),
        "input_shape": json.dumps(network.input_shape),
        "example_shape": json.dumps(network.example_shape),
        "framing": json.dumps(network.framing),
        "features": json.dumps(network.features),
        "classes": json.dumps(network.classes),
        "dtype": json.dumps(network.dtype.name),
        "recipe": json.dumps(recipe),
    }


def _check_format(metadata: dict[str, str], path: Path) -> None:
    kind, _, number = metadata.get("format", "").partition(" ")
    if kind != "handgrad" or not number.isdecimal() or not 0 < len(number) < 10:
        raise HandgradError(f"{path} is not a model of handgrad; its metadata say nothing of one")
    if int(number) > FORMAT:
        raise HandgradError(
            f"{path} was written by handgrad {metadata.get('library_version', '?')} in format {number}, "
            f"newer than this version reads ({FORMAT}); upgrade handgrad"
        )


def _network(tensors: Tensors, metadata: dict[str, str], path: Path) -> Network:
    try:
        descriptions = _json(metadata, "layers")
    except HandgradError as error:
        raise HandgradError(f"{path} is damaged: {error}") from error
    try:
        layers = [Layer.from_config(description) for description in descriptions]
    except (HandgradError, TypeError) as error:
        raise HandgradError(
            f"{path}: {error}. A layer of one's own is known once its class has been defined or imported"
        ) from error
    try:
        network = Network(
            layers,
            tuple(_json(metadata, "input_shape")),
            np.random.default_rng(0),
            _json(metadata, "dtype") or "missing",
            scaling=_scaling(tensors, prod(_json(metadata, "input_shape"))),
            classes=_names(_json(metadata, "classes"), "classes"),
        )
        network.example_shape = tuple(_json(metadata, "example_shape"))
        network.framing = _json(metadata, "framing")
        network.features = tuple(_names(_json({"features": "[]", **metadata}, "features"), "inputs"))
        if prod(network.example_shape) != network.inputs or network.framing not in FRAMINGS:
            raise HandgradError(f"it takes no examples of shape {network.example_shape}, {network.framing}")
        if len(network.features) not in (0, network.inputs):
            raise HandgradError(f"it has {len(network.features)} names for {network.inputs} inputs")
        for index, parameters in enumerate(network.parameters):
            for name, array in vars(parameters).items():
                array[...] = _checked(tensors, f"layers.{index}.{name}", array.shape, network.dtype)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise HandgradError(f"{path} is damaged: {error}") from error
    return network


def _checked(
    tensors: Tensors, key: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[np.floating[Any]]:
    """Give a tensor of finite numbers of that shape and type."""
    if key not in tensors:
        raise HandgradError(f"it lacks {key}")
    tensor = tensors[key]
    if tensor.shape != shape:
        raise HandgradError(f"{key} has shape {tensor.shape} where the network has {shape}")
    if tensor.dtype != dtype or not np.isfinite(tensor).all():
        raise HandgradError(f"{key} holds other values than finite {dtype}")
    return tensor


def _scaling(tensors: Tensors, inputs: int) -> Scaling | None:
    if "scaling.shift" not in tensors and "scaling.divisor" not in tensors:
        return None
    shape = () if tensors.get("scaling.shift", np.zeros(1)).ndim == 0 else (inputs,)
    shift, divisor = (
        _checked(tensors, key, shape, np.dtype(np.float64)) for key in ("scaling.shift", "scaling.divisor")
    )
    if not (divisor > 0).all():
        raise HandgradError("scaling.divisor holds other values than positive ones")
    return Scaling(shift.astype(np.float64), divisor.astype(np.float64))


def _names(names: Any, what: str) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise HandgradError(f"its {what} are no names")
    if len(set(names)) != len(names):
        raise HandgradError(f"two of its {what} have the same name")
    return names


def _json(metadata: dict[str, str], key: str) -> Any:
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError, RecursionError) as error:
        raise HandgradError(f"its metadata lack a valid '{key}'") from error
