"""The model file, and the checkpoint, which is the same file with all that going on exactly needs.

`model.safetensors` holds the parameters by name (``layers.0.weights``) and the scaling; its metadata hold the
layers, shapes, classes, the recipe and the version. A checkpoint adds the optimizer's state, the training state
and the order of the epoch in progress. Nothing is pickled.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import replacing
from handgrad.learning.optimizers import Optimizer
from handgrad.learning.state import TrainingState
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

FORMAT = 1
"""Version of the file format; a reader refuses a newer one."""

Recipe = Mapping[str, Any]
Tensors = dict[str, NDArray[Any]]


def save(network: Network, path: Path | str, recipe: Recipe | None = None) -> None:
    """Write a network to a model file, whole or not at all.

    Parameters
    ----------
    network : Network
    path : path
        Customarily ``model.safetensors``; its folder must exist.
    recipe : mapping, optional
        What the network was trained by, as plain tables.

    Raises
    ------
    HandgradError
        If the file cannot be written.
    """
    _write(Path(path), _tensors(network), _metadata(network, recipe))


def save_checkpoint(
    network: Network, optimizer: Optimizer, state: TrainingState, path: Path, recipe: Recipe | None = None
) -> None:
    """Write a model file with all that `load_checkpoint` needs to go on exactly."""
    tensors = _tensors(network)
    for name, array in optimizer.state.items():
        tensors[f"optimizer.{name}"] = array
    if state.order is not None:
        tensors["state.order"] = state.order
    metadata = _metadata(network, recipe)
    metadata["optimizer"] = json.dumps({**optimizer.describe(), "steps": optimizer.steps})
    metadata["state"] = json.dumps(state.numbers())
    _write(path, tensors, metadata)


def load(path: Path | str) -> Network:
    """Read a network from a model file or a checkpoint.

    Raises
    ------
    HandgradError
        If the file is missing, no model of handgrad, truncated, made by a newer version, or inconsistent.
    """
    tensors, metadata = _read(Path(path))
    return _network(tensors, metadata, Path(path))


def load_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe that a model file was trained by, or None where it has none."""
    recipe = _json(_read(Path(path))[1], "recipe", Path(path))
    return dict(recipe) if recipe else None


def load_checkpoint(path: Path) -> tuple[Network, Optimizer, TrainingState]:
    """Read what `save_checkpoint` wrote.

    Raises
    ------
    HandgradError
        As `load`; also if the file is a model without training state.
    """
    tensors, metadata = _read(path)
    if "state" not in metadata:
        raise HandgradError(f"{path} is a model without the state of its training; resume needs a checkpoint")
    description = _json(metadata, "optimizer", path)
    steps = description.pop("steps", 0)
    optimizer = Optimizer.from_description(description)
    optimizer.steps = steps
    optimizer.state = {
        name.removeprefix("optimizer."): array
        for name, array in tensors.items()
        if name.startswith("optimizer.")
    }
    try:
        state = TrainingState.restore(_json(metadata, "state", path), tensors.get("state.order"))
    except (TypeError, KeyError, ValueError) as error:
        raise HandgradError(f"{path}: its training state is damaged; train anew") from error
    return _network(tensors, metadata, path), optimizer, state


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
        "classes": json.dumps(network.classes),
        "dtype": json.dumps(network.dtype.name),
        "recipe": json.dumps(recipe),
    }


def _write(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    from safetensors.numpy import save as serialize

    # safetensors 0.8.0 silently writes strided and Fortran-ordered arrays in the wrong order
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(serialize(contiguous, metadata))


def _read(path: Path) -> tuple[Tensors, dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if path.is_dir():
        raise HandgradError(f"{path} is a folder, not a model file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
    except FileNotFoundError:
        raise HandgradError(f"{path} does not exist; name a run folder or a model file") from None
    except (SafetensorError, OSError) as error:
        raise HandgradError(f"{path} is not a whole model file: {_reason(error)}") from error
    kind, _, number = metadata.get("format", "").partition(" ")
    if kind != "handgrad" or not number.isdecimal():
        raise HandgradError(f"{path} is a safetensors file, but not a model of handgrad")
    if int(number) > FORMAT:
        raise HandgradError(
            f"{path} was written by handgrad {metadata.get('library_version', '?')} in format {number}, "
            f"newer than this version reads ({FORMAT}); upgrade handgrad"
        )
    return tensors, metadata


def _network(tensors: Tensors, metadata: dict[str, str], path: Path) -> Network:
    try:
        layers = [Layer.from_description(layer) for layer in _json(metadata, "layers", path)]
        network = Network(
            layers,
            tuple(_json(metadata, "input_shape", path)),
            np.random.default_rng(0),
            _json(metadata, "dtype", path),
            classes=_json(metadata, "classes", path),
        )
    except (HandgradError, TypeError) as error:
        raise HandgradError(f"{path}: its description of the network is wrong: {error}") from error
    network.example_shape = tuple(_json(metadata, "example_shape", path))
    network.framing = _json(metadata, "framing", path)
    for index, parameters in enumerate(network.parameters):
        for name, array in vars(parameters).items():
            key = f"layers.{index}.{name}"
            if key not in tensors:
                raise HandgradError(f"{path} lacks the parameter {key}; the file is incomplete")
            if tensors[key].shape != array.shape:
                raise HandgradError(
                    f"{path}: {key} has shape {tensors[key].shape} where the network has {array.shape}"
                )
            array[...] = tensors[key]
    if "scaling.shift" in tensors and "scaling.divisor" in tensors:
        network.scaling = Scaling(tensors["scaling.shift"], tensors["scaling.divisor"])
    return network


def _json(metadata: dict[str, str], key: str, path: Path) -> Any:
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError) as error:
        raise HandgradError(f"{path}: its metadata lack a valid '{key}'; the file is damaged") from error


def _reason(error: Exception) -> str:
    """Say in words what safetensors found."""
    text = str(error)
    if "ncomplete" in text or "TooSmall" in text or "too small" in text.lower():
        return "it is cut short or empty"
    return (getattr(error, "strerror", None) or text or type(error).__name__).splitlines()[0]
