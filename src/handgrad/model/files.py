"""Model files: ``model.safetensors`` holds the parameters by name and the rest of the model as JSON metadata.

A tensor is named after its layer, e.g. ``layers.0.weights``. The metadata hold the layers, shapes, classes, the
recipe and the version of the library. Nothing is pickled.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import write_file
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

FORMAT = "handgrad 1"
"""Name and version of the file format; newer ones are refused."""
FORM = ("input_shape", "example_shape", "framing", "features", "classes", "task")
"""Arguments and attributes of a network that the metadata hold under the same names."""
MOST_LAYERS = 10_000
"""A network of more would take seconds to build, and is not meant."""

SCALINGS = ("scaling", "target_scaling")

Recipe: TypeAlias = Mapping[str, Any]
Tensors: TypeAlias = dict[str, NDArray[Any]]


def save_model(
    network: Network | Any,
    path: Path | str,
    recipe: Recipe | None = None,
    *,
    steps: int | None = None,
    finished: bool = False,
) -> None:
    """Write a network to a model file.

    The file is written completely or not at all.

    Parameters
    ----------
    network : Network or fitted estimator
        A `Network`, a `HandgradClassifier` or `HandgradRegressor`, a pipeline that ends in one, or a search that
        fitted one.
    path : path
        Path of the file, usually ``model.safetensors``. Its folder must exist.
    recipe : mapping, optional
        Recipe of the training, as plain dictionaries, which is stored.
    steps : int, optional
        Number of steps of the training so far, which is stored.
    finished : bool
        Whether that was the whole training, which is stored.

    Raises
    ------
    HandgradError
        If the file cannot be written, or a parameter is not a finite number.

    See Also
    --------
    load_model : Read the file.
    export : Write other formats.

    Notes
    -----
    The file is in the safetensors format. Its metadata hold the layers, the scaling, the names of the classes and
    the recipe as JSON. Nothing is pickled.

    Examples
    --------
    >>> import handgrad as hg
    >>> network = hg.Network([hg.Dense(3)], input_shape=4)
    >>> hg.save_model(network, "model.safetensors")
    >>> print(hg.load_model("model.safetensors"))
    4 → Dense → 3: 15 parameters
    """
    if Path(path).suffix.lower() in (".onnx", ".h", ".html", ".csv"):
        raise HandgradError(f"{path}: save_model writes .safetensors files; use export for other formats")
    found = network_of(network)
    if not np.isfinite(found.flat_parameters).all():
        raise HandgradError(f"cannot write {path}: the network has parameters that are not finite")
    write_file(Path(path), model_bytes(found, recipe, steps=steps, finished=finished))


def network_of(model: Any) -> Network:
    """Return a network itself, or that of a fitted estimator, a pipeline, or a search that fitted one.

    The network of a pipeline takes its columns: the steps before the estimator become a part of it.
    """
    steps: list[Any] = []
    model = getattr(model, "best_estimator_", model)
    while hasattr(model, "steps"):
        *before, (_, last) = model.steps
        steps += [step for _, step in before]
        model = getattr(last, "best_estimator_", last)
    found = getattr(model, "network_", model)
    if not isinstance(found, Network):
        need = "a Network or a fitted Handgrad estimator is needed, alone or at the end of a pipeline"
        raise HandgradError(f"{need}; got {type(model).__name__}")
    return model._network_after(steps) if steps else found


def model_bytes(
    network: Network, recipe: Recipe | None = None, *, steps: int | None = None, finished: bool = False
) -> bytes:
    """Return the content of the file that `save_model` writes."""
    tensors, metadata = model_tensors(network, recipe)
    if steps is not None:
        metadata["steps"] = str(steps)
    if finished:
        metadata["finished"] = "true"
    return serialize_tensors(tensors, metadata)


def load_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe of a model file, or None where it has none."""
    return recipe_from_metadata(read_metadata(Path(path)), Path(path))


def model_tensors(network: Network, recipe: Recipe | None = None) -> tuple[Tensors, dict[str, str]]:
    """Return the tensors by name and the metadata of a model file; the reverse of `network_from_tensors`."""
    tensors = network.named_arrays()
    for name in SCALINGS:
        if scaling := getattr(network, name):
            tensors |= {f"{name}.shift": scaling.shift, f"{name}.divisor": scaling.divisor}
    values: dict[str, Any] = {name: getattr(network, name) for name in FORM}
    values |= {"dtype": network.dtype.name, "recipe": recipe}
    values["layers"] = [layer.to_config() for layer in network.layers]
    metadata = {"format": FORMAT, "library_version": version("handgrad")}
    metadata |= {key: json.dumps(value) for key, value in values.items()}
    return tensors, metadata


def network_from_tensors(tensors: Tensors, metadata: dict[str, str], path: Path) -> Network:
    """Build the network that `model_tensors` describes; errors name `path`.

    Tensors are compared with the shapes that the metadata claim before any memory is allocated.
    """
    _check_format(metadata, path)
    form = {key: metadata_value(metadata, key, path) for key in ("layers", "dtype", *FORM)}
    if not all(isinstance(form[key], list) for key in ("layers", "classes", "features")):
        raise HandgradError(f"{path} is damaged: its layers, classes or features are not lists")
    if len(form["layers"]) > MOST_LAYERS:
        raise HandgradError(
            f"{path} is damaged: it has {len(form['layers']):,} layers, more than {MOST_LAYERS:,}"
        )
    try:
        layers = [Layer.from_config(config) for config in form.pop("layers")]
    except HandgradError as error:
        hint = "a custom one is known once its class has been defined"
        raise HandgradError(f"{path}: {error}; {hint}") from error
    try:
        for name in SCALINGS:
            if tensors.keys() & {f"{name}.shift", f"{name}.divisor"}:
                form[name] = Scaling(tensors[f"{name}.shift"], tensors[f"{name}.divisor"])
        return Network(layers, **form, arrays=tensors)
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise HandgradError(f"{path} is damaged: {reason}") from error


def recipe_from_metadata(metadata: dict[str, str], path: Path) -> dict[str, Any] | None:
    """Return the recipe in the metadata of a model file, or None where there is none."""
    _check_format(metadata, path)
    recipe = metadata_value(metadata, "recipe", path)
    if not isinstance(recipe, dict | None):
        raise HandgradError(f"{path} is damaged: its recipe is not a table")
    return recipe


def metadata_value(metadata: dict[str, str], key: str, path: Path) -> Any:
    """Return a value of the metadata, decoded from JSON."""
    try:
        return json.loads(metadata[key])
    except (KeyError, ValueError, RecursionError) as error:
        raise HandgradError(f"{path} is damaged: its metadata lack a valid '{key}'") from error


def _check_format(metadata: dict[str, str], path: Path) -> None:
    if metadata.get("format") != FORMAT:
        hint = "if a newer version wrote it, upgrade handgrad"
        raise HandgradError(f"{path} is not a model of handgrad in the format '{FORMAT}'; {hint}")


def serialize_tensors(tensors: Tensors, metadata: dict[str, str]) -> bytes:
    """Return the content of a safetensors file; equal models are equal bytes."""
    from safetensors.numpy import save as serialize

    # safetensors 0.8.0 silently writes strided and Fortran-ordered arrays in the wrong order
    contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors.items()}
    content = serialize(contiguous, metadata)
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])  # in an order that varies
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > size:
        return content
    return b"".join([content[:8], text.ljust(size), memoryview(content)[8 + size :]])


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Read tensors and metadata of a safetensors file; HandgradError where it is missing or damaged."""
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
        return tensors, file.metadata() or {}


def read_metadata(path: Path) -> dict[str, str]:
    """Read only the metadata, which is fast for large files, too."""
    with _opened(path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():  # reading a pipe would block
        problem = "is not a regular file" if path.exists() else "does not exist"
        raise HandgradError(f"{path} {problem}; name a run folder or a model file")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise HandgradError(f"{path} is damaged or cut short, not a whole model file: {reason}") from error
