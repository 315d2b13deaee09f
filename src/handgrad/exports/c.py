"""C99: the network as one header that needs only ``math.h``, with weights in float32 or int8.

``digits.h`` defines ``int digits_predict(const unsigned char *input, float *probabilities)``. It allocates no memory,
reads no files, and takes values as the data set has them. The functions that a header contains are in ``c.h``.
"""

import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from handgrad.exports.c_layers import WRITERS, Place, Program, rows
from handgrad.exports.support import layer_writers
from handgrad.files import write_file
from handgrad.model.network import Network

HEADER = """\
/* {file}: a neural network in C99, written by handgrad {version}.

   {inputs} inputs, {layers}, {classes} classes.
   {parameters:,} parameters, weights as {kind}.

       int {name}_predict(const {input} *input, float *probabilities)

   takes {NAME}_INPUTS values as the data set has them ({example}), writes {NAME}_CLASSES probabilities
   to `probabilities` (unless it is NULL), and returns the index of the most probable class, whose name is in
   {name}_class_names. It needs {stack:,} bytes of stack, keeps no state, and allocates nothing.
   Include this file in one source file, and link with -lm. */

#ifndef {NAME}_H
#define {NAME}_H

#include <math.h>

#define {NAME}_INPUTS {inputs}
#define {NAME}_CLASSES {classes}

{features}static const char *const {name}_class_names[{NAME}_CLASSES] = {{
    {class_names}
}};

typedef {weight} {name}_weight;

{arrays}
{functions}
static inline int {name}_predict(const {input} *input, float *probabilities)
{{
    {buffers}
    {calls}
}}

#endif
"""


class Sizes(NamedTuple):
    """Memory that a program needs for a header, in bytes: constants, and stack during a prediction."""

    constants: int
    stack: int


def write_c(network: Network, path: Path, *, int8: bool = False) -> Sizes:
    """Write a network as a C99 header whose stem names its function, completely or not at all."""
    name = identifier(path.stem)
    program = Program(name, int8)
    _write_layers(network, program)
    as_bytes = network.scaling is not None and network.scaling.for_bytes
    sizes = Sizes(program.constant_bytes, 4 * sum(program.buffers.values()))
    shape = "x".join(map(str, network.example_shape))
    text = HEADER.format(
        file=f"{name}.h",
        version=version("handgrad"),
        name=name,
        NAME=name.upper(),
        inputs=network.inputs,
        layers=", ".join(kind for kind, _ in groupby(type(layer).__name__ for layer in network.layers)),
        classes=len(network.classes),
        parameters=network.parameter_count,
        kind="int8 with one float32 scale per output" if int8 else "float32",
        input="unsigned char" if as_bytes else "float",
        example=f"{shape}, 0 to 255" if as_bytes else shape,
        stack=sizes.stack,
        features=_feature_indices(name.upper(), network.features),
        class_names=rows([literal(name) for name in network.classes]),
        weight="signed char" if int8 else "float",
        arrays="\n".join(program.arrays),
        functions=_functions(program.functions).replace("handgrad_", f"{name}_"),
        buffers=f"float {', '.join(f'{buffer}[{size}]' for buffer, size in program.buffers.items() if size)};",
        calls="\n    ".join(program.calls),
    )
    write_file(path, text.encode("ascii"))
    return sizes


def _write_layers(network: Network, program: Program) -> None:
    writers = layer_writers(network, WRITERS, "C")
    inputs, scaling = network.inputs, network.scaling
    program.reserve(inputs)
    if scaling is None:
        program.call("copy", "input", inputs, program.now)
    elif scaling.for_bytes:
        program.call("scale_bytes", "input", inputs, program.now)
    else:
        shift = program.array("double", "shift", np.broadcast_to(scaling.shift, inputs))
        divisor = program.array("double", "divisor", np.broadcast_to(scaling.divisor, inputs))
        program.call("standardise", "input", shift, divisor, inputs, program.now)
    shape = network.input_shape
    for index, (layer, write) in enumerate(zip(network.layers, writers, strict=True)):
        output_shape = layer.output_shape(shape)
        write(program, layer, Place(index, network.arrays[index], shape, output_shape))
        shape = output_shape
    program.call("decide", program.now, len(network.classes), "probabilities", returned=True)


def _functions(names: set[str]) -> str:
    """Return functions of ``c.h`` in its order, each with the comment above it."""
    source = files("handgrad.exports").joinpath("c.h").read_text("utf-8")
    pattern = r"(?:^/\*[^\n]*\*/\n)?^static inline \w+ handgrad_(\w+)\(.*?^}\n"
    found = re.finditer(pattern, source, re.MULTILINE | re.DOTALL)
    return "\n".join(match[0] for match in found if match[1] in names)


def _feature_indices(prefix: str, features: Sequence[str]) -> str:
    """Return an enum of the inputs' indices: ``soil=clay`` of plants.h is ``PLANTS_INPUT_SOIL_CLAY``."""
    names: list[str] = []
    for index, feature in enumerate(features):
        name = re.sub(r"[^A-Za-z0-9]+", "_", feature).strip("_").upper() or "AT"
        while name in names:
            name += f"_{index}"
        names.append(name)
    lines = ",\n    ".join(f"{prefix}_INPUT_{name}" for name in names)
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
