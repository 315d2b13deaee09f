"""The Rust program's parameter files: ``final_config/w1.csv, b1.csv, w2.csv, b2.csv …``

One column per column of the matrix, with the file's stem and its index as header (``w10`` … ``w1783``), and one row
per output; biases are a matrix of one column (``b10``). Numbers are float32 in the shortest form that reads back as
the same number. The files have no scaling: the Rust program divides raw values by 255, and so do networks read here.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import make_folder, replacing
from handgrad.kernels.types import MAX_BYTE, Floats
from handgrad.model.layers import Dense, Dropout, Flatten, Layer, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

SIDE = 28
"""Pixels along a side of the images that the Rust program reads."""


def is_dense(network: Network) -> bool:
    """Whether the layers are dense with only ReLU between them.

    Dropout, which does nothing in inference, and Flatten may be anywhere; they are not written.
    """
    kinds = [type(layer) for layer in network.layers if type(layer) not in (Dropout, Flatten)]
    return kinds[::2] == [Dense] * len(kinds[::2]) and kinds[1::2] == [ReLU] * (len(kinds) // 2)


def write_csv(network: Network, folder: Path) -> None:
    """Write the parameters of a network of dense layers with ReLU, all files completely or none at all.

    If raw values are scaled otherwise than by 255, the difference is folded into the first layer. A folder with the
    files of a deeper network is refused, since they would be read as part of this one.
    """
    if not is_dense(network):
        raise HandgradError("parameter CSV files hold networks of dense layers with ReLU between them only")
    dense = [parameters for parameters in network.parameters if vars(parameters)]
    matrices = [(parameters.weights, parameters.biases) for parameters in dense]
    matrices[0] = _for_bytes(*matrices[0], network.scaling)
    for path in _beyond(folder, len(matrices)):
        raise HandgradError(f"{path} is of a deeper network than the one to write; choose another folder")
    make_folder(folder)
    with ExitStack() as stack:
        for number, (weights, biases) in enumerate(matrices, 1):
            for stem, matrix in ((f"w{number}", weights), (f"b{number}", biases[:, np.newaxis])):
                _write_matrix(stack.enter_context(replacing(folder / f"{stem}.csv")), stem, matrix)


def _write_matrix(path: Path, stem: str, matrix: NDArray[Any]) -> None:
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(f"{stem}{index}" for index in range(matrix.shape[1])) + "\n")
        for row in matrix.astype(np.float32):
            line = ",".join(row.astype(str).tolist())
            file.write(line.replace("e-0", "e-").replace("e+", "e") + "\n")


def _beyond(folder: Path, layers: int) -> list[Path]:
    """Return the parameter files of layers beyond this number."""
    found = (path for path in folder.glob("[wb]*.csv") if path.stem[1:].isdecimal())
    return sorted(path for path in found if int(path.stem[1:]) > layers)


def _for_bytes(weights: Floats, biases: Floats, scaling: Scaling | None) -> tuple[Floats, Floats]:
    """Return W' and b' with W' (x / 255) + b' = W (x − shift) / divisor + b."""
    if scaling is None:
        return weights * MAX_BYTE, biases
    if scaling.for_bytes:
        return weights, biases
    scaled = weights / scaling.divisor
    return scaled * MAX_BYTE, biases - (scaled * scaling.shift).sum(axis=1)


def read_csv(folder: Path) -> Network:
    """Read a folder of parameter files, written by this library or the Rust program.

    Returns
    -------
    Network
        In float32, with ReLU between its dense layers, for images of bytes.

    Raises
    ------
    HandgradError
        If a file is missing, does not hold finite numbers, or the shapes do not fit.
    """
    count = 0
    while (folder / f"w{count + 1}.csv").exists():
        count += 1
    if count == 0:
        raise HandgradError(f"{folder} holds no w1.csv; parameter files are w1.csv, b1.csv, w2.csv, b2.csv …")
    for path in _beyond(folder, count):
        raise HandgradError(f"{path} belongs to a layer {path.stem[1:]}, but there is no w{count + 1}.csv")
    matrices: list[tuple[NDArray[Any], NDArray[Any]]] = []
    layers: list[Layer] = []
    for number in range(1, count + 1):
        w, b = folder / f"w{number}.csv", folder / f"b{number}.csv"
        weights, biases = _read_matrix(w), _read_matrix(b)
        columns = len(matrices[-1][0]) if matrices else weights.shape[1]
        if weights.shape[1] != columns:
            raise HandgradError(
                f"{w} has {weights.shape[1]} columns, but the layer before has {columns} outputs"
            )
        if biases.shape != (len(weights), 1):
            raise HandgradError(f"{b} has shape {biases.shape}, but {w.name} needs {(len(weights), 1)}")
        matrices.append((weights, biases[:, 0]))
        layers += [Dense(len(weights)), ReLU()]
    inputs = matrices[0][0].shape[1]
    arrays = {
        f"layers.{2 * index}.{name}": array
        for index, pair in enumerate(matrices)
        for name, array in zip(("weights", "biases"), pair, strict=True)
    }
    # the inputs of the Rust program are digits of MNIST
    form: dict[str, Any] = {"example_shape": (1, SIDE, SIDE), "framing": "digit"} if inputs == SIDE**2 else {}
    return Network(layers[:-1], inputs, scaling=Scaling.of_bytes(), arrays=arrays, **form)


def _read_matrix(path: Path) -> NDArray[Any]:
    import polars as pl

    try:
        frame = pl.read_csv(path, infer_schema=False)
        if frame.columns != [f"{path.stem}{index}" for index in range(frame.width)]:
            raise HandgradError(f"{path} does not begin with the header {path.stem}0, {path.stem}1, …")
        matrix = frame.cast(pl.Float32).to_numpy(order="c")
    except FileNotFoundError:
        raise HandgradError(f"{path} does not exist; every w file needs its b file") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise HandgradError(f"{path} does not hold a matrix of numbers: {reason}") from error
    if matrix.size == 0 or not np.isfinite(matrix).all():
        raise HandgradError(f"{path} is empty or holds values that are not finite numbers")
    return np.ascontiguousarray(matrix)
