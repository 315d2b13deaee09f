"""C99: the network as one header that needs only ``math.h``, with weights in float32 or int8.

``digits.h`` defines ``int digits_predict(const unsigned char *input, float *probabilities)``, which returns the
class; for several labels and for a regression it returns nothing. It allocates no memory, reads no files, and takes
values as the data set has them. ``c.h`` is its template, with all functions.
"""

import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from math import prod
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import TASKS
from handgrad.data.columns import IS
from handgrad.files import write_file
from handgrad.model import layers
from handgrad.model.layers.layer import Parameters, Shape
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

FORMS = {
    "classes": (
        "int",
        "probabilities",
        "$COUNT probabilities to `probabilities` (unless it is NULL); it returns the most probable class",
    ),
    "labels": ("void", "probabilities", "$COUNT probabilities, one for each label, to `probabilities`"),
    "targets": ("void", "predictions", "$COUNT predictions, in units of the data, to `predictions`"),
}
"""By the noun of the outputs, what the function returns, the name of its second argument, and its description."""


def write_c(network: Network, path: Path, *, int8: bool = False) -> None:
    """Write a network in float32 as a C99 header whose stem names its function, completely or not at all."""
    name, example = identifier(path.stem), "x".join(map(str, network.example_shape))
    program = _Program(name, int8)
    inputs, shape = network.inputs, network.input_shape
    scaling = network.scaling or Scaling(np.array(0.0), np.array(1.0))
    program.swap(inputs)
    if scaling.for_bytes:
        program.call("scale_bytes", "input", inputs, program.now)
    else:
        shift = program.array("double", "shift", np.broadcast_to(scaling.shift, inputs))
        divisor = program.array("double", "divisor", np.broadcast_to(scaling.divisor, inputs))
        program.call("standardize", "input", shift, divisor, inputs, program.now)
    for index, layer in enumerate(network.layers):
        program.write_layer(index, layer, network.arrays[index], shape)
        shape = layer.output_shape(shape)
    nouns = TASKS[network.task or "classification"]
    returns, values, meaning = FORMS[nouns]
    program.write_result(network)
    template = files("handgrad.exports").joinpath("c.h").read_text("utf-8")
    template = re.sub("handgrad(?=[_.])", name, template.replace("HANDGRAD_", f"{name.upper()}_"))
    text = Template(template).substitute(
        features=_feature_indices(f"{name.upper()}_INPUT_", network.features),
        arrays="\n".join(program.arrays),
        buffers=", ".join(f"{buffer}[{size}]" for buffer, size in program.buffers.items() if size),
        calls="\n    ".join(program.calls),
        returns=returns,
        values=values,
        meaning=meaning.replace("$COUNT", f"{name.upper()}_{nouns.upper()}"),
        library=f"handgrad {version('handgrad')}",
        parameters=f"{network.parameter_count:,}",
        kind="int8 with one float32 scale per output" if int8 else "float32",
        input="unsigned char" if scaling.for_bytes else "float",
        example=f"{example}, 0 to 255" if scaling.for_bytes else example,
        stack=f"{4 * sum(program.buffers.values()):,}",
        inputs=inputs,
        outputs=len(network.classes),
        count=nouns.upper(),
        nouns=nouns,
        noun=nouns.removesuffix("es") if nouns == "classes" else nouns.removesuffix("s"),
        names=_rows([literal(name) for name in network.classes]),
        weight="signed char" if int8 else "float",
    )
    write_file(path, text.encode("ascii"))


class _Program:
    """The constant arrays of a network, and its calls of the functions in ``c.h``.

    Two buffers alternate: most layers work in place, others read one buffer and write the other.
    """

    def __init__(self, name: str, int8: bool) -> None:
        self.name, self.int8 = name, int8
        self.arrays: list[str] = []
        self.calls: list[str] = []
        self.buffers = {"a": 0, "b": 0}
        self.now = "a"

    def array(self, kind: str, name: str, values: NDArray[Any]) -> str:
        """Add a constant array, and return its name."""
        suffix = "f" if values.dtype == np.float32 else ""
        texts = [f"{text}{suffix}" for text in values.ravel().astype(str).tolist()]
        name = f"{self.name}_{name}"
        self.arrays.append(f"static const {kind} {name}[{len(texts)}] = {{\n    {_rows(texts)}\n}};\n")
        return name

    def call(self, function: str, *arguments: object) -> None:
        """Add a call of a function in ``c.h``."""
        self.calls.append(f"{self.name}_{function}({', '.join(map(str, arguments))});")

    def write_result(self, network: Network) -> None:
        """Add what follows the last layer, by the task of the network."""
        outputs = len(network.classes)
        if network.task == "multilabel":
            self.call("sigmoid", self.now, outputs)
            self.calls.append(_loop(outputs, f"probabilities[i] = {self.now}[i]"))
        elif network.task == "regression":
            scaling = network.target_scaling or Scaling(np.zeros(outputs), np.ones(outputs))
            shift = self.array("double", "target_shift", scaling.shift)
            divisor = self.array("double", "target_divisor", scaling.divisor)
            self.calls.append(
                _loop(outputs, f"predictions[i] = (float)({self.now}[i] * {divisor}[i] + {shift}[i])")
            )
        else:
            self.calls.append(f"return {self.name}_decide({self.now}, {outputs}, probabilities);")

    def swap(self, floats: int) -> str:
        """Switch to the other buffer, of this number of floats at least, and return the name of the last one."""
        last, self.now = self.now, "b" if self.now == "a" else "a"
        self.buffers[self.now] = max(self.buffers[self.now], floats)
        return last

    def write_layer(self, index: int, layer: layers.Layer, arrays: Parameters, input_shape: Shape) -> None:
        """Add the arrays and calls of a layer."""
        outputs, *image = layer.output_shape(input_shape)
        size, channels = prod(input_shape), (outputs, prod(image))
        match layer:
            case layers.Dense():
                self._write_product(index, "dense", (*input_shape, outputs), arrays, channels)
            case layers.Conv2D():
                sizes = (*input_shape, outputs, layer.kernel_size, layer.stride, layer.padding)
                self._write_product(index, "convolution", sizes, arrays, channels)
            case layers.MaxPool2D():
                self.call("max_pool", self.now, *input_shape, layer.pool_size, layer.step)
            case layers.AvgPool2D():
                self.call("average_pool", self.now, *input_shape, layer.pool_size, layer.step)
            case layers.BatchNorm():  # an affine map, in inference
                slope = arrays.gamma / np.sqrt(arrays.variance + np.float32(layer.epsilon))
                slopes = self.array("float", f"slopes{index}", slope)
                intercepts = self.array("float", f"intercepts{index}", arrays.beta - arrays.mean * slope)
                self.call("affine", self.now, slopes, intercepts, *channels)
            case layers.Maxout():
                self.call("maxout", self.now, channels[0], layer.pieces, channels[1])
            case layers.LeakyReLU():
                self.call("leaky_relu", self.now, size, f"{np.float32(layer.negative_slope)}f")
            case layers.Dropout() | layers.Flatten():
                pass  # in inference the values do not change
            case _:
                self.call(type(layer).__name__.lower(), self.now, size)

    def _write_product(
        self, index: int, function: str, sizes: Shape, arrays: Parameters, channels: tuple[int, int]
    ) -> None:
        """Add a product with weights, and the biases."""
        weights, scales = quantize(arrays.weights) if self.int8 else (arrays.weights, None)
        weights = weights.T if weights.ndim == 2 else weights  # (I, O)
        constant = self.array(f"{self.name}_weight", f"weights{index}", weights)
        biases = self.array("float", f"biases{index}", arrays.biases)
        x = self.swap(prod(channels))
        self.call(function, x, constant, *sizes, self.now)
        if scales is None:
            self.call("add", self.now, biases, *channels)
        else:
            self.call("affine", self.now, self.array("float", f"scales{index}", scales), biases, *channels)


def quantize(weights: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round weights (O, ...) to q from −127 to 127 with scales (O,): q · scale is at most half a scale away."""
    rows = weights.reshape(len(weights), -1)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(rows / scales[:, None]).astype(np.int8).reshape(weights.shape), scales


def _loop(count: int, statement: str) -> str:
    """Return a loop over the outputs."""
    return f"for (int i = 0; i < {count}; i++)\n        {statement};"


def _rows(elements: list[str]) -> str:
    """Return the elements of an array, separated and broken into lines of twelve."""
    return ",\n    ".join(", ".join(elements[start : start + 12]) for start in range(0, len(elements), 12))


def _feature_indices(prefix: str, features: Sequence[str]) -> str:
    """Return an enum of the inputs' indices: ``soil=clay`` of plants.h is ``PLANTS_INPUT_SOIL_CLAY``."""
    names: list[str] = []
    for index, feature in enumerate(features):
        feature += "missing" if feature.endswith(IS) else ""
        name = prefix + (re.sub(r"[^A-Za-z0-9]+", "_", feature).strip("_").upper() or "AT")
        while name in names:
            name += f"_{index}"
        names.append(name)
    lines = ",\n    ".join(names)
    return f"enum {{ /* indices of inputs */\n    {lines}\n}};\n\n" if names else ""


def identifier(stem: str) -> str:
    """Return a C identifier for the stem of a file."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")
    return name if name[:1].isalpha() else f"model_{name}".rstrip("_")


def literal(text: str) -> str:
    """Return a text as a C string in UTF-8; what is not plain, as three octal digits, which end themselves."""
    plain = r"[A-Za-z0-9 !#$%&'()*+,./:;<=>@\[\]^_`{|}~-]"  # without ", \ and ?, which begins trigraphs
    characters = (chr(byte) for byte in text.encode())
    return '"' + "".join(c if re.match(plain, c) else f"\\{ord(c):03o}" for c in characters) + '"'
