"""The C kernels on 64-bit Arm, emulated by QEMU, and as WebAssembly under Node: the same numbers as on x86-64.

Each C function is called with arrays of odd sizes by the library for x86-64-v2, whose vectors are those of Arm and
WebAssembly, and by a driver on the other machine, which gets the arguments and all memory from here.
"""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import native_build
from failing import missing
from handgrad.kernels.native import library

pytestmark = [pytest.mark.slow, pytest.mark.skipif("v2" not in library.suitable(), reason="not x86-64")]

GAP = b"\xa5" * 72
"""Bytes around arrays, which no kernel may change."""

SCRATCH = np.zeros(50_000)
SUFFIXES = {"f": "f32", "d": "f64"}
FUNCTIONS = [(name, dtype) for name in library.SIGNATURES for dtype in SUFFIXES]
"""Names and dtypes of the C functions, in the order by which a driver numbers them."""

Call = tuple[tuple[str, str], list[Any]]
"""A function and its arguments."""


def calls() -> list[Call]:
    """Return calls of every function; sizes fill no vector."""
    return [((name, dtype), arguments) for dtype in SUFFIXES for name, arguments in calls_of(dtype)]


def calls_of(dtype: str) -> Iterator[tuple[str, list[Any]]]:
    rng = np.random.default_rng(17)

    def f(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(dtype)

    def pixels(*shape: int) -> NDArray[np.uint8]:
        return (rng.integers(0, 256, shape) * (rng.random(shape) < 0.2)).astype(np.uint8)

    for name in ("relu", "tanh", "sigmoid", "gelu"):
        yield name, [91, f(91), f(91)]
        yield f"{name}_backward", [91, f(91), f(91), f(91)]
    yield "leaky_relu", [91, f(91), 0.1, f(91)]
    yield "leaky_relu_backward", [91, f(91), f(91), 0.1, f(91)]
    yield "maxout", [3, 4, 7, f(3, 4, 7), f(3, 7), np.zeros((3, 7), np.uint8)]
    yield "maxout_backward", [3, 4, 7, f(3, 7), rng.integers(0, 4, (3, 7), np.uint8), f(3, 4, 7)]
    for inputs, outputs in ((37, 10), (45, 3), (784, 40)):
        first: list[Any] = [19, inputs, outputs]
        x, dy = f(19, inputs), f(19, outputs)
        weights, biases, dx = f(inputs, outputs), f(outputs), f(19, inputs)
        yield "dense", [*first, x, weights, biases, dy, SCRATCH]
        yield "dense_bytes", [*first, pixels(19, inputs), weights, biases, dy, SCRATCH]
        yield "dense_backward", [*first, dy, x, weights, f(inputs, outputs), biases, dx, SCRATCH]
        yield "dense_bytes_backward", [*first, dy, pixels(19, inputs), f(inputs, outputs), biases, SCRATCH]
    columns, starts = rng.integers(0, 45, 57).astype(np.int32), np.arange(0, 58, 3)
    yield "sparse_dense", [19, 7, f(57), columns, starts, f(45, 7), f(7), f(19, 7)]
    yield "sparse_dense_backward", [19, 7, f(19, 7), f(57), columns, starts, f(45, 7), f(7)]
    for units, classes in ((17, 10), (128, 3)):
        sizes, labels = (19, 45, units, classes), rng.integers(0, classes, 19)
        parameters, gradients = ([f(45, units), f(units), f(units, classes), f(classes)] for _ in range(2))
        for x in (f(19, 45), pixels(19, 45)):
            first = [*sizes, int(x.dtype == np.uint8), x]
            yield "mlp", [*first, *parameters, f(19, classes), np.zeros(19, np.int64), SCRATCH]
            rows, constants, size = (
                rng.permutation(19)[:13],
                np.ones((2, 6)) / 8,
                46 * units + (units + 1) * classes,
            )
            vectors = [f(size) / 9, f(size)], [np.abs(f(size)) for _ in range(2)]
            for kind, weights in ((0, None), (1, np.abs(f(19))), (2, np.abs(f(19))), (3, None)):
                targets = f(19, classes) if kind else labels
                loss = [*first, kind, 0.1, targets, weights]
                yield "mlp_gradient", [*loss, *parameters, *gradients, 1 / 19, np.zeros(1), SCRATCH]
                for rule in range(5):
                    steps = [13, 8, rows, *loss, *vectors[0], rule, *vectors[1], 6, constants]
                    yield "mlp_steps", [*steps, np.zeros(2), np.zeros(2, np.int64), SCRATCH]
    for (n, c, h, w), o, k, stride, padding in (((5, 3, 9, 7), 5, 3, 1, 1), ((17, 2, 8, 8), 9, 5, 2, 0)):
        sides = [(side + 2 * padding - k) // stride + 1 for side in (h, w)]
        x, y, weights, first = f(c, h, w, n), f(o, *sides, n), f(o, c, k, k), [n, c, h, w]
        yield "convolution", [*first, o, k, stride, padding, x, weights, f(o), y, SCRATCH]
        last = [y, x, weights, f(o, c, k, k), f(o), f(c, h, w, n), SCRATCH]
        yield "convolution_backward", [*first, o, k, stride, padding, *last]
        y = f(c, (h - 2) // 2 + 1, (w - 2) // 2 + 1, n)
        argmax = rng.integers(0, 4, y.shape, np.uint8)
        yield "max_pool", [*first, 2, 2, x, y, np.zeros_like(argmax)]
        yield "max_pool_backward", [*first, 2, 2, y, argmax, f(c, h, w, n)]
        yield "average_pool", [*first, 2, 2, x, y]
        yield "average_pool_backward", [*first, 2, 2, y, f(c, h, w, n)]
    yield "batch_norm", [5, 33, 1e-5, f(5, 33), f(5), f(5), f(5, 33), f(5, 33), f(5)]
    yield "batch_norm_backward", [5, 33, f(5, 33), f(5, 33), f(5), f(5), f(5), f(5), f(5, 33)]
    statistics = [f(5), np.abs(f(5)), f(5)]
    yield "batch_norm_inference", [5, 33, 1e-5, f(5, 33), *statistics, f(5), f(5, 33)]
    yield (
        "batch_norm_inference_backward",
        [5, 33, 1e-5, f(5, 33), f(5, 33), *statistics, f(5), f(5), f(5, 33)],
    )
    labels = rng.integers(0, 10, 21)
    yield "softmax", [21, 10, f(21, 10), f(21, 10)]
    yield "softmax_cross_entropy", [21, 10, f(21, 10), labels, 0.1, f(21), f(21, 10)]
    yield "count_correct", [21, 10, f(21, 10), labels]
    for name, delta in (("binary_cross_entropy", []), ("squared_error", []), ("huber", [0.7])):
        yield name, [21, 5, f(21, 5), f(21, 5), *delta, f(21), f(21, 5)]
    yield "sgd", [53, f(53), f(53), 0.1]
    yield "momentum", [53, f(53), f(53), f(53), 0.9, 0.1]
    yield "nesterov", [53, f(53), f(53), f(53), 0.9, 0.1]
    yield "rmsprop", [53, f(53), f(53), np.abs(f(53)), 0.9, 1e-6, 0.01]
    yield "adam", [53, f(53), f(53), f(53), np.abs(f(53)), 0.9, 0.999, 1e-6, 0.01, 1.5]
    yield "move_average", [53, f(53), f(53), 0.1]
    yield "warp", [3, 2, 11, 9, f(3, 2, 11, 9), 3 * f(3, 2, 11, 9).astype("f"), f(3, 2, 11, 9), SCRATCH]
    if dtype == "d":
        pens = (rng.random((3, 8)) < 0.8).astype(np.uint8)
        points, radii, softness = 28 * rng.random((3, 9, 2)), 1 + rng.random((3, 9)), 0.5 + rng.random(3)
        yield "draw_strokes", [3, 9, 28, points, radii, pens, softness, np.zeros((3, 28, 28), np.uint8)]


def message(call: Call) -> tuple[bytes, dict[int, int]]:
    """Return what a driver reads: index, size of memory, arguments, memory; and where each array begins."""
    function, arguments = call
    memory, words, starts = bytearray(GAP), b"", {}
    for index, (letter, value) in enumerate(zip(library.SIGNATURES[function[0]], arguments, strict=True)):
        if isinstance(value, np.ndarray):
            starts[index] = len(memory)
            memory += value.tobytes() + bytes(-value.nbytes % 8) + GAP
        word = starts.get(index, -1 if value is None else value)
        words += struct.pack("<d" if letter == "r" else "<q", word)
    head = struct.pack("<qqq", FUNCTIONS.index(function), len(memory), len(arguments))
    return head + words + memory, starts


def compare(call: Call, answer: bytes, functions: dict[str, Any]) -> int:
    """Compare a driver's answer with the call of a library here; return its length."""
    (name, dtype), arguments = call
    sent, starts = message(call)
    changed = deepcopy(arguments)
    pairs = zip(library.SIGNATURES[name], changed, strict=True)
    values = [value.ctypes.data if letter == "a" and value is not None else value for letter, value in pairs]
    result = getattr(functions[dtype], name)(*values) or 0
    assert struct.unpack_from("<q", answer) == (result,), name
    size = struct.unpack_from("<q", sent, 8)[0]
    memory = answer[8 : 8 + size]
    for index, start in starts.items():
        here = changed[index]
        assert memory[start - len(GAP) : start] == GAP, f"{name} wrote outside of its arrays"
        if arguments[index] is not SCRATCH:
            there = np.frombuffer(memory, here.dtype, here.size, start).reshape(here.shape)
            tolerance = (1e-4 if dtype == "f" else 1e-10) if here.dtype.kind == "f" else 0
            np.testing.assert_allclose(there, here, tolerance, tolerance * np.abs(here).max(), err_msg=name)
    assert memory.endswith(GAP), f"{name} wrote outside of its arrays"
    return 8 + size


C_DRIVER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __wasm32__
typedef int32_t size;
#else
typedef int64_t size;
#endif
{prototypes}
#define N(k) arguments[k]
#define P(k) (arguments[k] < 0 ? 0 : memory + arguments[k])
#define A(k) P(k)
#define R(k) ((double *)arguments)[k]
int main(void) {{
    int64_t head[3], arguments[64];
    while (fread(head, 8, 3, stdin) == 3) {{
        int64_t bytes = head[1], result = 0;
        char *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
        if (fread(arguments, 8, head[2], stdin) + fread(memory, 1, bytes, stdin) != head[2] + bytes) return 2;
        switch (head[0]) {{
{cases}
        default: return 3;
        }}
        fwrite(&result, 8, 1, stdout);
        fwrite(memory, 1, bytes, stdout);
        free(memory);
    }}
    return 0;
}}
"""

NODE = """
const { WASI } = require("node:wasi");
const wasi = new WASI({ version: "preview1" });
const program = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
wasi.start(new WebAssembly.Instance(program, wasi.getImportObject()));
"""

TARGETS = {
    "aarch64": ("-target aarch64-linux-musl -static", ["qemu-aarch64"]),
    "WebAssembly": (
        "-target wasm32-wasi -mcpu=generic+simd128+bulk_memory",
        ["node", "--no-warnings", "-e", NODE],
    ),
}
"""For each machine the options of the compiler, and the command that runs a driver."""


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_of_every_kernel_are_those_of_x86_64(target: str, tmp_path: Path) -> None:
    options, command = TARGETS[target]
    if shutil.which(command[0]) is None:
        missing("TARGETS", f"there is no {command[0]}")
    assert {name for (name, _), _ in calls()} == set(library.SIGNATURES)
    types = {"n": "size", "p": "void *", "a": "void *", "r": "double"}
    prototypes, cases = [], []
    for k, (name, dtype) in enumerate(FUNCTIONS):
        letters, function = library.SIGNATURES[name], f"{name}_{SUFFIXES[dtype]}"
        kind, assignment = ("size", "result = ") if name in library.COUNTING else ("void", "")
        prototypes.append(f"{kind} {function}({', '.join(types[letter] for letter in letters)});")
        values = ", ".join(f"{letter.upper()}({index})" for index, letter in enumerate(letters))
        cases.append(f"        case {k}: {assignment}{function}({values}); break;")
    driver = C_DRIVER.format(prototypes="\n".join(prototypes), cases="\n".join(cases))
    (tmp_path / "driver.c").write_text(driver)
    sources = ["-DVECTOR_BYTES=16", "driver.c", *native_build.UNITS, "-o", "driver"]
    native_build.run_zig([*options.split(), *sources], tmp_path)
    sent = b"".join(message(call)[0] for call in calls())
    program = [*command, str(tmp_path / "driver")]
    answer = subprocess.run(program, input=sent, stdout=subprocess.PIPE, check=True).stdout
    _, functions = library.load_library(["v2"])
    for call in calls():
        answer = answer[compare(call, answer, functions) :]
    assert not answer
