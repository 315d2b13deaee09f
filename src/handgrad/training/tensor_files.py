"""Safetensors files: named arrays and a few strings of metadata, whole or not there."""

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import replacing

Tensors: TypeAlias = dict[str, NDArray[Any]]


def write_tensors(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write a file; HandgradError where that fails, and then the old file stays."""
    content = serialized(tensors, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def serialized(tensors: Tensors, metadata: dict[str, str]) -> bytes:
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
