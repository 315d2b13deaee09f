"""The C kernels on 64-bit Arm, emulated by QEMU: the same numbers as on x86-64-v2, whose vectors are as long.

One program calls each C function with arrays of odd sizes; it gets the arguments and all memory from here.
"""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import native_build
from handgrad.kernels.native import library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("v2" not in library.suitable(), reason="compares with x86-64"),
]
SUFFIXES = {"f": "f32", "d": "f64"}
SCRATCH = np.zeros(50_000)
FUNCTIONS = [(name, dtype) for name in library.SIGNATURES for dtype in SUFFIXES]
Call = tuple[str, str, list[Any]]
"""The name of a function, the character of a dtype, and its arguments."""


def calls() -> list[Call]:
    """Return calls of every function; sizes fill no vector."""
    return [(name, dtype, arguments) for dtype in SUFFIXES for name, arguments in calls_of(dtype)]


def calls_of(dtype: str) -> Iterator[tuple[str, list[Any]]]:
    rng = np.random.default_rng(17)

    def f(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(dtype)

    def pixels(*shape: int) -> NDArray[np.uint8]:
        return (rng.integers(0, 256, shape) * (rng.random(shape) < 0.2)).astype(np.uint8)

    yield "relu", [91, f(91), f(91)]
    yield "relu_backward", [91, f(91), f(91), f(91)]
    for inputs, outputs in ((37, 10), (45, 3), (784, 40)):
        first: list[Any] = [19, inputs, outputs]
        x, dy = f(19, inputs), f(19, outputs)
        weights, biases, dx = f(inputs, outputs), f(outputs), f(19, inputs) if outputs <= 16 else None
        yield "dense", [*first, x, weights, biases, dy, SCRATCH]
        yield "dense_bytes", [*first, pixels(19, inputs), weights, biases, dy, SCRATCH]
        yield "dense_backward", [*first, dy, x, weights, f(inputs, outputs), biases, dx, SCRATCH]
        yield "dense_bytes_backward", [*first, dy, pixels(19, inputs), f(inputs, outputs), biases, SCRATCH]
    for units, classes in ((17, 10), (128, 3)):
        sizes, labels = (19, 45, units, classes), rng.integers(0, classes, 19)
        parameters, gradients = ([f(45, units), f(units), f(units, classes), f(classes)] for _ in range(2))
        for x in (f(19, 45), pixels(19, 45)):
            first = [*sizes, int(x.dtype == np.uint8), x]
            yield "mlp", [*first, *parameters, f(19, classes), np.zeros(19, np.int64), SCRATCH]
            last = [0.1, 1 / 19, np.zeros(1), SCRATCH]
            yield "mlp_gradient", [*first, labels, *parameters, *gradients, *last]
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
    labels = rng.integers(0, 10, 21)
    yield "softmax", [21, 10, f(21, 10), f(21, 10)]
    yield "softmax_cross_entropy", [21, 10, f(21, 10), labels, 0.1, f(21), f(21, 10)]
    yield "count_correct", [21, 10, f(21, 10), labels]
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
    """Return what the program reads: index, size of memory, arguments, memory; and where each array begins."""
    name, dtype, arguments = call
    memory, words, starts = b"", b"", {}
    for index, value in enumerate(arguments):
        if isinstance(value, np.ndarray):
            starts[index] = len(memory)
            memory += value.tobytes() + bytes(-value.nbytes % 64 + 64)
        word = starts.get(index, -1 if value is None else value)
        words += struct.pack("<d" if isinstance(word, float) else "<q", word)
    return struct.pack("<qq", FUNCTIONS.index((name, dtype)), len(memory)) + words + memory, starts


PROGRAM = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
{prototypes}
#define N(k) arguments[k]
#define R(k) ((double *)arguments)[k]
#define P(k) (arguments[k] < 0 ? 0 : memory + arguments[k])
#define A(k) P(k)
int main(void) {{
    const int64_t counts[] = {{{counts}}};
    int64_t head[2], arguments[64];
    while (fread(head, 8, 2, stdin) == 2) {{
        int64_t size = head[1], count = counts[head[0]], result = 0;
        char *memory = aligned_alloc(64, size);
        if (fread(arguments, 8, count, stdin) + fread(memory, 1, size, stdin) != count + size) return 2;
        switch (head[0]) {{
{cases}
        }}
        fwrite(&result, 8, 1, stdout);
        fwrite(memory, 1, size, stdout);
        free(memory);
    }}
    return 0;
}}
"""


def answers(folder: Path, options: list[str], command: list[str]) -> bytes:
    """Compile the program with the kernels, and return what it writes: the result and the memory of each call."""
    types = {"n": "int64_t", "r": "double", "p": "void *", "a": "void *"}
    prototypes, cases = [], []
    for k, (name, dtype) in enumerate(FUNCTIONS):
        letters, function = library.SIGNATURES[name], f"{name}_{SUFFIXES[dtype]}"
        counts = name in ("softmax_cross_entropy", "count_correct", "mlp_gradient")
        kind, assignment = ("int64_t", "result = ") if counts else ("void", "")
        prototypes.append(f"{kind} {function}({', '.join(types[letter] for letter in letters)});")
        values = ", ".join(f"{letter.upper()}({index})" for index, letter in enumerate(letters))
        cases.append(f"        case {k}: {assignment}{function}({values}); break;")
    counts_of = ", ".join(str(len(library.SIGNATURES[name])) for name, _ in FUNCTIONS)
    program = PROGRAM.format(prototypes="\n".join(prototypes), cases="\n".join(cases), counts=counts_of)
    folder.mkdir()
    (folder / "program.c").write_text(program)
    units = [*native_build.UNITS, "-DVECTOR_BYTES=16", "-o", "program"]
    native_build.run_zig([*options, "program.c", *units], folder)
    sent = b"".join(message(call)[0] for call in calls())
    return subprocess.run([*command, folder / "program"], input=sent, capture_output=True, check=True).stdout


def test_every_kernel_is_called() -> None:
    assert {name for name, _, _ in calls()} == set(library.SIGNATURES)


def test_numbers_on_arm_are_those_on_x86_64(tmp_path: Path) -> None:
    if shutil.which("qemu-aarch64") is None and not os.environ.get("HANDGRAD_REQUIRE_TARGETS"):
        pytest.skip("there is no qemu-aarch64")
    here = answers(tmp_path / "here", ["-target", "x86_64-linux-musl", "-mcpu=x86_64_v2", "-static"], [])
    arm = ["-target", "aarch64-linux-musl", "-static"]
    there = answers(tmp_path / "there", arm, ["qemu-aarch64"])
    assert len(here) == len(there)
    for name, dtype, arguments in calls():
        sent, starts = message((name, dtype, arguments))
        size = struct.unpack_from("<q", sent, 8)[0]
        assert here[:8] == there[:8], name
        for index, start in starts.items():
            array = arguments[index]
            one, other = (np.frombuffer(m, array.dtype, array.size, 8 + start) for m in (here, there))
            if array is not SCRATCH:
                tolerance = (1e-4 if dtype == "f" else 1e-10) if array.dtype.kind == "f" else 0
                np.testing.assert_allclose(one, other, tolerance, tolerance * np.abs(one).max(), err_msg=name)
        here, there = here[8 + size :], there[8 + size :]
    assert not here
