"""C99: the network as one header that needs nothing but ``math.h``, its weights as float32 or int8.

``#include "digits.h"`` gives ``int digits_predict(const unsigned char *input, float *probabilities)``: no memory is
allocated, nothing is read from files, and values are taken as the data set has them. The functions that the header
brings along stand in ``c.h``, beside this file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import numpy as np

from handgrad.exports.c_calls import WRITERS, Place, Program, rows
from handgrad.exports.layers import writers_of
from handgrad.files import replacing
from handgrad.model.network import Network

HEADER = """\
/* {file}: a neural network in C99, written by handgrad {version}.

   {inputs} inputs, {layers}, {classes} classes.
   {parameters:,} parameters, weights as {kind}.

       int {name}_predict(const {input} *input, float *probabilities)

   takes {NAME}_INPUTS values as the data set has them ({example}), writes {NAME}_CLASSES probabilities
   where there is room for them (it may be NULL), and returns the most probable class, whose name is in
   {name}_class_names. It needs {stack:,} bytes of stack, keeps no state, and allocates nothing.
   Include this file in one source file, and link with -lm. */

#ifndef {NAME}_H
#define {NAME}_H

#include <math.h>

#define {NAME}_INPUTS {inputs}
#define {NAME}_CLASSES {classes}

{places}static const char *const {name}_class_names[{NAME}_CLASSES] = {{
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


@dataclass(frozen=True)
class Sizes:
    """What a header costs the program that includes it, in bytes.

    Parameters
    ----------
    constants : int
        Of weights, biases, scales.
    stack : int
        Of buffers while it predicts.
    """

    constants: int
    stack: int


def write_c(network: Network, path: Path, *, int8: bool = False) -> Sizes:
    """Write a network as a C99 header, whole or not at all.

    Parameters
    ----------
    network : Network
    path : Path
        Its stem names the function: ``digits.h`` gives ``digits_predict``. Its folder must exist.
    int8 : bool
        Round the weights of dense and convolutional layers to 8 bits, with one scale for each output; all else, and
        the arithmetic, is float32 either way.

    Returns
    -------
    Sizes

    Raises
    ------
    HandgradError
        If a layer is not one of the library's, or the file cannot be written.
    """
    name = identifier(path.stem)
    program = Program(name, int8)
    _write_layers(network, program)
    as_bytes = bool(network.scaling and network.scaling.for_bytes)
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
        kind="int8 with a float32 scale for each output" if int8 else "float32",
        input="unsigned char" if as_bytes else "float",
        example=f"{shape}, 0 to 255" if as_bytes else shape,
        stack=sizes.stack,
        places=_places(name.upper(), network.features),
        class_names=rows([literal(name) for name in network.classes]),
        weight="signed char" if int8 else "float",
        arrays="\n".join(program.arrays),
        functions=_functions(program.functions).replace("handgrad_", f"{name}_"),
        buffers=f"float {', '.join(f'{buffer}[{size}]' for buffer, size in program.buffers.items() if size)};",
        calls="\n    ".join(program.calls),
    )
    with replacing(path) as temporary:
        temporary.write_text(text, "ascii", newline="\n")
    return sizes


def _write_layers(network: Network, program: Program) -> None:
    writers = writers_of(network, WRITERS, "C")
    inputs, scaling = network.inputs, network.scaling
    program.reserve(inputs)
    if scaling is None:
        program.call("copy", "input", inputs, program.now)
    elif scaling.for_bytes:
        program.call("scale_bytes", "input", inputs, program.now)
    else:
        shift, divisor = (
            program.array("double", name, np.broadcast_to(values, inputs))
            for name, values in (("shift", scaling.shift), ("divisor", scaling.divisor))
        )
        program.call("standardise", "input", shift, divisor, inputs, program.now)
    shape = network.input_shape
    for index, (layer, write) in enumerate(zip(network.layers, writers, strict=True)):
        after = layer.output_shape(shape)
        write(program, layer, Place(index, network.parameters[index], shape, after))
        shape = after
    program.call("decide", program.now, len(network.classes), "probabilities", returned=True)


def _functions(wanted: set[str]) -> str:
    """Find functions in ``c.h``, in its order, each with the comment above it."""
    source = files("handgrad.exports").joinpath("c.h").read_text("utf-8")
    pattern = r"(?:^/\*[^\n]*\*/\n)?^static inline \w+ handgrad_(\w+)\(.*?^}\n"
    found = re.finditer(pattern, source, re.MULTILINE | re.DOTALL)
    return "\n".join(match[0] for match in found if match[1] in wanted)


def _places(prefix: str, features: Sequence[str]) -> str:
    """Name the places of inputs that have names: ``soil=clay`` of plants.h is at ``PLANTS_INPUT_SOIL_CLAY``."""
    if not features:
        return ""
    names: list[str] = []
    for place, feature in enumerate(features):
        name = re.sub(r"[^A-Za-z0-9]+", "_", feature).strip("_").upper() or "AT"
        while name in names:
            name += f"_{place}"
        names.append(name)
    lines = ",\n    ".join(f"{prefix}_INPUT_{name}" for name in names)
    return f"enum {{ /* places in the input */\n    {lines}\n}};\n\n"


def identifier(stem: str) -> str:
    """Make a name for C of a file's: letters, digits and underscores, no digit first."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")
    return name if name[:1].isalpha() else f"model_{name}".rstrip("_")


def literal(text: str) -> str:
    """Write a text as C's string, in UTF-8; what is not plain, octal: three digits end it, whatever follows."""
    plain = {ord(c) for c in " !#$%&'()*+,-./:;<=>@[]^_`{|}~"}  # no ", \ or ?, which begins trigraphs
    return (
        '"'
        + "".join(
            chr(byte) if byte in plain or (chr(byte).isalnum() and byte < 128) else f"\\{byte:03o}"
            for byte in text.encode()
        )
        + '"'
    )
