"""The C kernels on 64-bit Arm, emulated by QEMU: the same numbers as on x86-64-v2, whose vectors are as long.

Two networks train here, and every call of a C function is recorded. A program repeats the calls on the other machine;
it gets the arguments and all memory from here.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

import handgrad as hg
import native_build
from handgrad.kernels.backend import FUSED, kernels
from handgrad.kernels.native import library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("v2" not in library.suitable(), reason="compares with x86-64"),
]
SUFFIXES = {"f": "f32", "d": "f64"}
FUNCTIONS = {
    f"{name}_{suffix}": letters
    for name, letters in library.SIGNATURES.items()
    if name not in FUSED
    for suffix in SUFFIXES.values()
}
"""The C functions with the letters of their arguments."""

Call: TypeAlias = tuple[str, list[Any], int, list[Any]]
"""The name of a function, its arguments, its result, and the arguments after the call."""


def record(calls: list[Call]) -> None:
    """Record the calls of the kernels in use."""

    def copies(arguments: Any) -> list[Any]:
        return [value.copy() if isinstance(value, np.ndarray) else value for value in arguments]

    def recorded(name: str, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            before, result = copies(arguments), function(*arguments)
            calls.append((name, before, result or 0, copies(arguments)))
            return result

        return call

    for name in FUNCTIONS:
        kernel, _, suffix = name.rpartition("_")
        for dtype, functions in kernels.compiled.items():
            if SUFFIXES[dtype] == suffix:
                setattr(functions, kernel, recorded(name, getattr(functions, kernel)))


def use_every_kernel(dtype: Any) -> None:
    digits = hg.load_data("strokes:38:1").train
    images = hg.Dataset(digits.inputs.reshape(-1, 1, 28, 28), digits.labels, 10)
    pools = [hg.MaxPool2D(2), hg.Conv2D(9, 3, stride=2), hg.AvgPool2D(2)]
    convolutions = [hg.Conv2D(5, 3, padding=1), hg.BatchNorm(), hg.ReLU(), *pools, hg.Flatten(), hg.Dense(10)]
    dense = [hg.Dense(40), hg.ReLU(), hg.Dense(17), hg.ReLU(), hg.Dense(10)]
    for layers, data, shape in ((convolutions, images, (1, 28, 28)), (dense, digits, (784,))):
        network = hg.Network(layers, shape, 0, dtype=dtype)
        for rule in (hg.SGD, hg.Momentum, hg.Nesterov, hg.RMSProp, hg.Adam):
            settings: dict[str, Any] = {"averaging": hg.ExponentialAverage(), "optimizer": rule()}
            if rule is hg.SGD and layers is convolutions:
                settings["augmentation"] = hg.Augmentation(shift=1)
            hg.fit(network, data, epochs=1, batch_size=19, seed=0, threads=1, progress=False, **settings)
        network.predict_proba(data.inputs)


def message(name: str, arguments: list[Any]) -> tuple[bytes, dict[int, int]]:
    """Return what the program reads: index, sizes, arguments, memory; and where each array begins."""
    memory, words, starts = b"", b"", {}
    for index, (letter, value) in enumerate(zip(FUNCTIONS[name], arguments, strict=True)):
        word = -1 if value is None else value
        if isinstance(value, np.ndarray):
            word = starts[index] = len(memory)
            memory += value.tobytes() + bytes(-value.nbytes % 64 + 64)
        words += struct.pack("<d" if letter == "r" else "<q", word)
    head = struct.pack("<qqq", list(FUNCTIONS).index(name), len(arguments), len(memory))
    return head + words + memory, starts


SCRATCH = ("convolution", "dense", "warp")
"""The beginnings of functions whose last argument is scratch memory."""

PROGRAM = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
{prototypes}
#define N(k) arguments[k]
#define R(k) ((double *)arguments)[k]
#define P(k) (arguments[k] < 0 ? 0 : memory + arguments[k])
int main(void) {{
    int64_t head[3], arguments[64];
    while (fread(head, 8, 3, stdin) == 3) {{
        int64_t count = head[1], size = head[2], result = 0;
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


def compile_program(folder: Path) -> None:
    types = {"n": "int64_t", "r": "double", "p": "void *"}
    prototypes, cases = [], []
    for k, (name, letters) in enumerate(FUNCTIONS.items()):
        counts = name.startswith(("softmax_cross_entropy", "count_correct"))
        kind, assignment = ("int64_t", "result = ") if counts else ("void", "")
        prototypes.append(f"{kind} {name}({', '.join(types[letter] for letter in letters)});")
        values = ", ".join(f"{letter.upper()}({index})" for index, letter in enumerate(letters))
        cases.append(f"        case {k}: {assignment}{name}({values}); break;")
    program = PROGRAM.format(prototypes="\n".join(prototypes), cases="\n".join(cases))
    (folder / "program.c").write_text(program)
    options = ["-target", "aarch64-linux-musl", "-static", "-DVECTOR_BYTES=16"]
    native_build.run_zig([*options, "program.c", *native_build.UNITS, "-o", "program"], folder)


def test_numbers_on_arm_are_those_on_x86_64(tmp_path: Path) -> None:
    if shutil.which("qemu-aarch64") is None and not os.environ.get("HANDGRAD_REQUIRE_TARGETS"):
        pytest.skip("there is no qemu-aarch64")
    calls: list[Call] = []
    with kernels.using("v2"):
        record(calls)
        for dtype in (np.float32, np.float64):
            use_every_kernel(dtype)
    assert {name for name, *_ in calls} == FUNCTIONS.keys() - {"draw_strokes_f32", "warp_f64"}
    compile_program(tmp_path)
    sent = b"".join(message(name, arguments)[0] for name, arguments, *_ in calls)
    command = ["qemu-aarch64", str(tmp_path / "program")]
    answer = subprocess.run(command, input=sent, capture_output=True, check=True).stdout
    place = 0
    for name, arguments, result, after in calls:
        assert struct.unpack_from("<q", answer, place) == (result,), name
        sent, starts = message(name, arguments)
        for index, start in starts.items():
            here = after[index].ravel()
            there = np.frombuffer(answer, here.dtype, here.size, place + 8 + start)
            tolerance = (1e-4 if name.endswith("32") else 1e-10) if here.dtype.kind == "f" else 0
            if not (name.startswith(SCRATCH) and index == len(after) - 1):
                np.testing.assert_allclose(
                    there, here, tolerance, tolerance * np.abs(here).max(), err_msg=name
                )
        place += 8 + struct.unpack_from("<q", sent, 16)[0]
    assert place == len(answer)
