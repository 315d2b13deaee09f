"""The Rust program's parameter files: ``final_config/w1.csv, b1.csv, w2.csv, b2.csv …``

One column for each column of the matrix, named with the file's stem and its index (``w10`` … ``w1783``), and one
row for each output; biases are a matrix of one column (``b10``). Numbers are float32 in the shortest form that
reads back as the same number. The files say nothing of scaling: the Rust program divides raw values by 255, and
so do networks read from here.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import make_folder, replacing
from handgrad.kernels.types import Floats
from handgrad.model.layers import Dense, Dropout, Flatten, Layer, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def is_dense(network: Network) -> bool:
    """Whether the network is one these files can hold: dense layers with only ReLU between them.

    Dropout, which does nothing in inference, and Flatten may stand anywhere; they are not written.
    """
    kinds = [type(layer) for layer in network.layers if type(layer) not in (Dropout, Flatten)]
    return kinds[::2] == [Dense] * len(kinds[::2]) and kinds[1::2] == [ReLU] * (len(kinds) // 2)


def write_csv(network: Network, folder: Path) -> None:
    """Write the parameters of a network of dense layers, all files whole or none at all.

    A network whose raw values are scaled otherwise than by 255 is written with the difference worked into its
    first layer, so that it gives the same answers once it is read back.

    Parameters
    ----------
    network : Network
        Of dense layers with ReLU between them.
    folder : Path
        Made where it does not exist.

    Raises
    ------
    HandgradError
        If the network has other layers, a file cannot be written, or the folder holds files of a deeper network,
        which would then be read as this one's.
    """
    import polars as pl

    if not is_dense(network):
        raise HandgradError("parameter CSV files hold networks of dense layers with ReLU between them only")
    dense = [parameters for parameters in network.parameters if vars(parameters)]
    matrices = [(parameters.weights, parameters.biases) for parameters in dense]
    matrices[0] = _for_bytes(*matrices[0], network.scaling)
    for path in _beyond(folder, len(matrices)):
        raise HandgradError(f"{path} is of a deeper network than the one to write; choose another folder")
    make_folder(folder)
    with ExitStack() as files:
        for number, (weights, biases) in enumerate(matrices, 1):
            for letter, matrix in (("w", weights), ("b", biases[:, np.newaxis])):
                stem = f"{letter}{number}"
                columns = {
                    f"{stem}{index}": column for index, column in enumerate(matrix.T.astype(np.float32))
                }
                temporary = files.enter_context(replacing(folder / f"{stem}.csv"))
                with temporary.open("wb") as file:
                    pl.DataFrame(columns).write_csv(file)


def _beyond(folder: Path, layers: int) -> list[Path]:
    """Find the parameter files of layers beyond that many."""
    found = (path for path in folder.glob("[wb]*.csv") if path.stem[1:].isdecimal())
    return sorted(path for path in found if int(path.stem[1:]) > layers)


def _for_bytes(weights: Floats, biases: Floats, scaling: Scaling | None) -> tuple[Floats, Floats]:
    """Find W' and b' with W' (x / 255) + b' = W (x − shift) / divisor + b."""
    if scaling is None:
        return weights * 255, biases
    if scaling.for_bytes:
        return weights, biases
    scaled = weights / scaling.divisor
    return scaled * 255, biases - (scaled * scaling.shift).sum(axis=1)


def read_csv(folder: Path) -> Network:
    """Read a folder of parameter files, this library's or the Rust program's.

    Parameters
    ----------
    folder : Path
        With ``w1.csv, b1.csv, w2.csv, b2.csv …``.

    Returns
    -------
    Network
        In float32, ReLU between its dense layers, for images of bytes.

    Raises
    ------
    HandgradError
        If a file is missing, does not hold finite numbers, or the shapes do not fit each other.
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
    inputs = 0
    for number in range(1, count + 1):
        weights = _read_matrix(folder / f"w{number}.csv")
        biases = _read_matrix(folder / f"b{number}.csv")
        inputs = inputs or weights.shape[1]
        expected = matrices[-1][0].shape[0] if matrices else inputs
        if weights.shape[1] != expected:
            raise HandgradError(
                f"{folder / f'w{number}.csv'} has {weights.shape[1]} columns where the layer before gives {expected}"
            )
        if biases.shape != (len(weights), 1):
            raise HandgradError(
                f"{folder / f'b{number}.csv'} has shape {biases.shape} where w{number}.csv needs {(len(weights), 1)}"
            )
        matrices.append((weights, biases))
        layers += [Dense(len(weights)), ReLU()]
    network = Network(layers[:-1], (inputs,), np.random.default_rng(0), scaling=Scaling.of_bytes())
    for parameters, (weights, biases) in zip(network.parameters[::2], matrices, strict=True):
        parameters.weights[...] = weights
        parameters.biases[...] = biases[:, 0]
    return network


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
        raise HandgradError(
            f"{path} does not hold a matrix of numbers: {str(error).splitlines()[0]}"
        ) from error
    if matrix.size == 0 or not np.isfinite(matrix).all():
        raise HandgradError(f"{path} is empty or holds values that are not finite numbers")
    return np.ascontiguousarray(matrix)
