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

from handgrad.data.dataset import naming
from handgrad.errors import HandgradError
from handgrad.files import make_folder, replacing, sync_folder
from handgrad.kernels.types import MAX_BYTE
from handgrad.model.layers import Dense, Dropout, Flatten, Layer, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def is_dense(network: Network) -> bool:
    """Whether the layers of a classifier are dense with ReLU between them.

    Dropout and Flatten, which are not written, may follow.
    """
    if network.task in ("multilabel", "regression"):
        return False
    kinds = [type(layer) for layer in network.layers if type(layer) not in (Dropout, Flatten)]
    return kinds[::2] == [Dense] * len(kinds[::2]) and kinds[1::2] == [ReLU] * (len(kinds) // 2)


def write_csv(network: Network, folder: Path) -> None:
    """Write the parameters of a network of dense layers with ReLU, all files completely or none at all.

    A process that is killed between two files leaves a folder without ``w1.csv``, which cannot be read.

    If raw values are scaled otherwise than by 255, the difference is folded into the first layer:
    W' (x / 255) + b' = W (x − shift) / divisor + b. A folder with the files of a deeper network is refused.
    """
    if not is_dense(network):
        raise HandgradError(
            "parameter CSV files hold classifiers of dense layers with ReLU between them only"
        )
    dense = [parameters for parameters in network.parameters if vars(parameters)]
    matrices = [(parameters.weights, parameters.biases) for parameters in dense]
    scaling = network.scaling or Scaling(np.array(0.0), np.array(1.0))
    if not scaling.for_bytes:
        weights, biases = matrices[0]
        scaled = weights / scaling.divisor
        matrices[0] = scaled * MAX_BYTE, biases - (scaled * scaling.shift).sum(axis=1)
    make_folder(folder)
    _refuse_layers_beyond(len(matrices), folder)
    with ExitStack() as stack:
        for number, (weights, biases) in enumerate(matrices, 1):
            for stem, matrix in ((f"w{number}", weights), (f"b{number}", biases[:, np.newaxis])):
                _write_matrix(stack.enter_context(replacing(folder / f"{stem}.csv")), stem, matrix)
        # They are moved into place from the last to the first. If the process is killed meanwhile, files of two
        # networks remain, which cannot be read without w1.csv.
        (folder / "w1.csv").resolve().unlink(missing_ok=True)
        sync_folder(folder)


def _write_matrix(path: Path, stem: str, matrix: NDArray[Any]) -> None:
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(f"{stem}{index}" for index in range(matrix.shape[1])) + "\n")
        for row in matrix.astype(np.float32):
            line = ",".join(row.astype(str).tolist())
            file.write(line.replace("e-0", "e-").replace("e+", "e") + "\n")


def _refuse_layers_beyond(layers: int, folder: Path) -> None:
    """Raise HandgradError if a folder has the files of a layer beyond this number."""
    for path in folder.glob("[wb]*.csv"):
        if path.stem[1:].isdecimal() and int(path.stem[1:]) > layers:
            reason = f"{path} belongs to a deeper network than w{layers}.csv"
            raise HandgradError(f"{reason}; remove it, or choose another folder")


def read_csv(folder: Path) -> Network:
    """Read a folder of parameter files as a network in float32, for images of bytes."""
    layers: list[Layer] = []
    arrays: dict[str, NDArray[Any]] = {}
    number = 1
    while number == 1 or (folder / f"w{number}.csv").exists():
        weights = _read_matrix(folder / f"w{number}.csv")
        arrays[f"layers.{len(layers)}.weights"] = weights
        arrays[f"layers.{len(layers)}.biases"] = _read_matrix(folder / f"b{number}.csv").reshape(-1)
        with naming(folder / f"w{number}.csv"):
            layers += [Dense(len(weights)), ReLU()]
        number += 1
    _refuse_layers_beyond(number - 1, folder)
    inputs = arrays["layers.0.weights"].shape[1]
    # 784 inputs of the Rust program are digits of MNIST
    form: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"} if inputs == 784 else {}
    with naming(folder):
        return Network(layers[:-1], inputs, scaling=Scaling.of_bytes(), arrays=arrays, **form)


def _read_matrix(path: Path) -> NDArray[Any]:
    if not path.exists():
        raise HandgradError(f"{path} does not exist; parameter files are w1.csv, b1.csv, w2.csv, b2.csv …")
    try:
        header, *rows = path.read_text("utf-8").splitlines() or [""]
    except (OSError, ValueError) as error:
        raise HandgradError(f"{path} cannot be read: {error}") from error
    columns = header.count(",") + 1
    if header != ",".join(f"{path.stem}{index}" for index in range(columns)):
        raise HandgradError(f"{path} does not begin with the header {path.stem}0, {path.stem}1, …")
    if not any(map(str.strip, rows)):
        return np.empty((0, columns), np.float32)
    try:
        matrix = np.loadtxt(rows, np.float32, comments=None, delimiter=",", ndmin=2)
    except ValueError as error:
        reason = str(error).partition(";")[0]
        raise HandgradError(f"{path} does not hold a matrix of numbers: {reason}") from error
    if matrix.shape[1] != columns:
        raise HandgradError(f"{path} has {columns} names of columns, and {matrix.shape[1]} columns")
    return matrix
