"""Model files: ``model.safetensors`` holds the parameters by name and the rest of the model as JSON metadata.

A tensor is named after its layer, e.g. ``layers.0.weights``. The metadata hold the layers, shapes, classes, the
recipe and the version of the library. Nothing is pickled.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.config import FRAMINGS
from handgrad.errors import HandgradError
from handgrad.files import replacing
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.model.sklearn_conversion import network_of

FORMAT = 1
"""Version of the file format; newer ones are refused."""

Recipe: TypeAlias = Mapping[str, Any]
Tensors: TypeAlias = dict[str, NDArray[Any]]


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
    write_tensors(Path(path), *model_tensors(network_of(network), recipe, steps))


def model_bytes(network: Network, recipe: Recipe | None = None, steps: int | None = None) -> bytes:
    """Return the content of the file that `save_model` writes."""
    return serialize_tensors(*model_tensors(network, recipe, steps))


def load_safetensors(path: Path | str) -> Network:
    """Read a network from a model file or a checkpoint.

    Raises
    ------
    HandgradError
        If the file is missing, no model of handgrad, truncated, made by a newer version, or inconsistent.
    """
    return network_from_tensors(*read_tensors(Path(path)), Path(path))


def load_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe that a model file was trained by, or None where it has none."""
    return recipe_from_metadata(read_tensors(Path(path))[1], Path(path))


def model_tensors(
    network: Network, recipe: Recipe | None = None, steps: int | None = None
) -> tuple[Tensors, dict[str, str]]:
    """Return the tensors by name and the metadata of a model file; the reverse of `network_from_tensors`."""
    metadata = _metadata(network, recipe)
    return _tensors(network), metadata if steps is None else {**metadata, "steps": str(steps)}


def network_from_tensors(tensors: Tensors, metadata: dict[str, str], path: Path) -> Network:
    """Build the network that `model_tensors` describes; `path` is named in errors."""
    _check_format(metadata, path)
    return _network(tensors, metadata, path)


def recipe_from_metadata(metadata: dict[str, str], path: Path) -> dict[str, Any] | None:
    """Return the recipe in the metadata of a model file, or None where there is none."""
    _check_format(metadata, path)
    try:
        recipe = metadata_value(metadata, "recipe")
    except HandgradError as error:
        raise HandgradError(f"{path} is damaged: {error}") from error
    if recipe is not None and not isinstance(recipe, dict):
        raise HandgradError(f"{path} is damaged: its recipe is no table")
    return recipe


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
        descriptions = metadata_value(metadata, "layers")
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
            tuple(metadata_value(metadata, "input_shape")),
            np.random.default_rng(0),
            metadata_value(metadata, "dtype") or "missing",
            scaling=_scaling(tensors, prod(metadata_value(metadata, "input_shape"))),
            classes=_names(metadata_value(metadata, "classes"), "classes"),
        )
        network.example_shape = tuple(metadata_value(metadata, "example_shape"))
        network.framing = metadata_value(metadata, "framing")
        network.features = tuple(_names(metadata_value({"features": "[]", **metadata}, "features"), "inputs"))
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


def metadata_value(metadata: dict[str, str], key: str) -> Any:
    """Return a value of the metadata, decoded from JSON."""
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError, RecursionError) as error:
        raise HandgradError(f"its metadata lack a valid '{key}'") from error


def write_tensors(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write a file; HandgradError where that fails, and then the old file stays."""
    content = serialize_tensors(tensors, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def serialize_tensors(tensors: Tensors, metadata: dict[str, str]) -> bytes:
    """Give what a file holds; equal models are equal bytes."""
    from safetensors.numpy import save as serialize

    # safetensors 0.8.0 silently writes strided and Fortran-ordered arrays in the wrong order
    contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors.items()}
    return _in_order(serialize(contiguous, metadata))


def _in_order(content: bytes) -> bytes:
    """Sort the header of a safetensors file, which comes in any order, so that equal models are equal files."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return content[:8] + text.ljust(size) + content[8 + size :] if len(text) <= size else content


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Read a file; HandgradError where it is missing, cut short or something else."""
    from safetensors import SafetensorError, safe_open

    if path.exists() and not path.is_file():  # nor is a pipe, in which one would wait for ever
        raise HandgradError(f"{path} is a folder, or no plain file, and so no model file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
    except FileNotFoundError:
        raise HandgradError(f"{path} does not exist; name a run folder or a model file") from None
    except (SafetensorError, OSError) as error:
        raise HandgradError(f"{path} is not a whole model file: {_reason(error)}") from error
    return tensors, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """Read a file's metadata only, which is quick however large it is; HandgradError as from `read_tensors`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise HandgradError(f"{path} is not a whole model file: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Say in words what safetensors found."""
    text = str(error)
    if "ncomplete" in text or "TooSmall" in text or "too small" in text.lower():
        return "it is cut short or empty"
    return (getattr(error, "strerror", None) or text or type(error).__name__).splitlines()[0]
