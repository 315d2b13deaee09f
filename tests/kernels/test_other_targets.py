"""The C kernels on 64-bit Arm, emulated by QEMU, and as WebAssembly under Node: the same numbers as on x86-64.

Calls of the bindings are recorded here, with all memory that the C functions see, and replayed there by a driver
without any kernel: `SIGNATURES` describes the call of each.
"""

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

import native_build
from handgrad.kernels.native import (
    activations,
    convolution,
    dense,
    images,
    library,
    losses,
    mlp,
    normalization,
    optimizers,
    pooling,
    softmax,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("v2" not in library.suitable(), reason="records on x86-64"),
]

GAP, FILL = 64, 0xA5
"""Bytes between arrays, which no kernel may change, and their value."""

Array = NDArray[Any]


@dataclass
class Call:
    """A call of a C function: its arguments, the arrays by their addresses, and what it did to their bytes."""

    name: str
    suffix: str
    arguments: list[Any]
    arrays: list[tuple[int, Array]]
    before: list[bytes]
    after: list[bytes]
    result: int | None
    visible: list[tuple[int, int]]

    def layout(self) -> tuple[dict[int, int], int]:
        """Return where each array lies in the driver's memory, by address, and how long that memory is."""
        offsets: dict[int, int] = {}
        end, last, start = GAP, 0, 0
        for address, array in sorted(self.arrays, key=lambda pair: pair[0]):
            if address < last:  # two names for one piece of memory
                offsets[address] = offsets[start] + address - start
            else:
                start = address
                offsets[address] = end + (address - end) % 64
            last = max(last, address + array.nbytes)
            end = max(end, offsets[address] + array.nbytes + GAP)
        return offsets, end

    def message(self) -> bytes:
        """Return the call as the driver reads it: function, size of its memory, arguments, memory."""
        offsets, size = self.layout()
        size += -size % 8
        memory = np.full(size, FILL, np.uint8)
        for (address, array), content in zip(self.arrays, self.before, strict=True):
            memory[offsets[address] :][: array.nbytes] = np.frombuffer(content, np.uint8)
        letters = library.SIGNATURES[self.name]
        words = [
            struct.pack("<d", value)
            if letter == "r"
            else struct.pack("<q", value if letter == "n" else offsets.get(value, -1))
            for letter, value in zip(letters, self.arguments, strict=True)
        ]
        index = 2 * list(library.SIGNATURES).index(self.name) + (self.suffix == "f64")
        return struct.pack("<qqq", index, size, len(words)) + b"".join(words) + memory.tobytes()

    def compare(self, answer: bytes) -> int:
        """Compare the driver's answer with what happened here; return its length."""
        offsets, size = self.layout()
        size += -size % 8
        if self.result is not None:
            assert struct.unpack_from("<q", answer) == (self.result,)
        memory = np.frombuffer(answer, np.uint8, size, 8)
        outside = np.ones(size, bool)
        for (address, array), content in zip(self.arrays, self.after, strict=True):
            outside[offsets[address] :][: array.nbytes] = False
            if any(start < address + array.nbytes and address < end for start, end in self.visible):
                there = memory[offsets[address] :][: array.nbytes].tobytes()
                self.compare_array(np.frombuffer(there, array.dtype), np.frombuffer(content, array.dtype))
        assert (memory[outside] == FILL).all(), f"{self.name} wrote outside of its arrays"
        return 8 + size

    def compare_array(self, there: Array, here: Array) -> None:
        if here.dtype.kind == "f":
            tolerance = 1e-4 if self.suffix == "f32" else 1e-10
            scale = np.abs(here[np.isfinite(here)]).max(initial=0)
            np.testing.assert_allclose(there, here, tolerance, tolerance * scale, err_msg=self.name)
        else:
            np.testing.assert_array_equal(there, here, err_msg=self.name)


class Recorder:
    """Runs bindings with the library for x86-64-v2, whose vectors are those of Arm and WebAssembly."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Call] = []
        self.seen: dict[int, Array] = {}
        v2 = library.Library("v2")
        functions = {
            "f": SimpleNamespace(**{name: self.wrap(v2, name, "f32") for name in library.SIGNATURES}),
            "d": SimpleNamespace(**{name: self.wrap(v2, name, "f64") for name in library.SIGNATURES}),
        }
        monkeypatch.setattr(library.LIBRARY, "functions", functions, raising=False)
        for module in list(sys.modules.values()):
            if module.__name__.startswith("handgrad.kernels") and hasattr(module, "pointer"):
                monkeypatch.setattr(module, "pointer", self.pointer)

    def pointer(self, array: Array) -> int:
        address: int = array.ctypes.data
        if array.size:
            assert byte_bounds(array) == (address, address + array.nbytes), "a kernel got an array with holes"
            self.seen[address] = array
        return address

    def wrap(self, opened: library.Library, name: str, suffix: str) -> Callable[..., int | None]:
        function = getattr(opened.functions["f" if suffix == "f32" else "d"], name)

        def call(*arguments: Any) -> int | None:
            letters = library.SIGNATURES[name]
            used = {value for letter, value in zip(letters, arguments, strict=True) if letter == "p"}
            arrays = [(address, array) for address, array in self.seen.items() if address in used]
            before = [ctypes.string_at(address, array.nbytes) for address, array in arrays]
            result: int | None = function(*arguments)
            after = [ctypes.string_at(address, array.nbytes) for address, array in arrays]
            self.calls.append(Call(name, suffix, list(arguments), arrays, before, after, result, []))
            return result

        return call

    def record(self, binding: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call a binding; its C functions are checked by its arguments and its result."""
        first = len(self.calls)
        result = binding(*arguments, **options)
        visible = [byte_bounds(array) for array in arrays_of((arguments, result)) if array.size]
        for call in self.calls[first:]:
            call.visible = visible
        return result


def arrays_of(value: Any) -> Iterator[Array]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, SimpleNamespace):
        yield from arrays_of(tuple(vars(value).values()))
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays_of(item)


def learn(
    hidden: SimpleNamespace,
    output: SimpleNamespace,
    dhidden: SimpleNamespace,
    doutput: SimpleNamespace,
    *batch: Array,
) -> None:
    x, labels = batch
    mlp.mlp_gradient(hidden, output, dhidden, doutput)(x, labels, 0.1, len(x))


def record_all(record: Callable[..., Any], dtype: type) -> None:
    """Call every binding with sizes that fill no vector."""
    rng = np.random.default_rng(17)

    def floats(*shape: int) -> Array:
        return rng.standard_normal(shape).astype(dtype)

    x, dy = floats(7, 13), floats(7, 13)
    record(activations.relu, x)
    record(activations.relu_backward, dy, x)
    for inputs, outputs in ((37, 10), (45, 3), (784, 10), (784, 40)):
        weights, dweights = floats(inputs, outputs).T, floats(inputs, outputs).T
        biases, dbiases, dy = floats(outputs), floats(outputs), floats(19, outputs)
        pixels = rng.integers(1, 256, (19, inputs), np.uint8) * (rng.random((19, inputs)) < 0.2)
        for x in (floats(19, inputs), pixels.astype(np.uint8)):
            record(dense.dense, x, weights, biases)
            record(dense.dense_backward, dy, x, weights, dweights, dbiases)
    for units, classes in ((17, 10), (128, 3)):
        layers = [
            SimpleNamespace(weights=floats(i, o).T, biases=floats(o))
            for i, o in 2 * [(45, units), (units, classes)]
        ]
        labels = rng.integers(0, classes, 19)
        for x in (floats(19, 45), rng.integers(0, 3, (19, 45), np.uint8)):
            record(lambda hidden, output, x: mlp.mlp(hidden, output)(x), *layers[:2], x)
            record(learn, *layers, x, labels)
    for shape, outputs, window, stride, padding in (((5, 3, 9, 7), 5, 3, 1, 1), ((17, 2, 8, 8), 9, 5, 2, 0)):
        x, weights, biases = floats(*shape), floats(outputs, shape[1], window, window), floats(outputs)
        y = record(convolution.convolution, x, weights, biases, stride, padding)
        sums = np.zeros_like(weights), np.zeros_like(biases)
        record(convolution.convolution_backward, floats(*y.shape), x, weights, *sums, stride, padding)
        image = shape[2], shape[3]
        y, places = record(pooling.max_pool, x, 2, 2)
        record(pooling.max_pool_backward, floats(*y.shape), places, image, 2, 2)
        record(pooling.average_pool, x, 3, 2)
        record(pooling.average_pool_backward, floats(*pooling.average_pool(x, 3, 2).shape), image, 3, 2)
    x, scale, shift = floats(5, 33), floats(5), floats(5)
    y, normalised = record(normalization.batch_norm, x, scale, shift, 1e-5)
    record(normalization.batch_norm_backward, floats(5, 33), normalised, scale, floats(5), floats(5))
    logits, labels = floats(21, 10), rng.integers(0, 10, 21)
    record(softmax.softmax, logits)
    record(losses.softmax_cross_entropy, logits, labels, 0.1)
    record(losses.count_correct, logits, labels)
    w, g, m, v = floats(53), floats(53), floats(53), np.abs(floats(53))
    record(optimizers.sgd, w, g, 0.1)
    record(optimizers.momentum, w, g, m, 0.9, 0.1)
    record(optimizers.nesterov, w, g, m, 0.9, 0.1)
    record(optimizers.rmsprop, w, g, v, 0.9, 1e-6, 0.01)
    record(optimizers.adam, w, g, m, v, 0.9, 0.999, 1e-6, 0.01, 3)
    record(optimizers.move_average, m, w, 0.1)
    record(images.warp, floats(3, 2, 11, 9), (3 * rng.standard_normal((3, 2, 11, 9))).astype(np.float32))
    points, pens = rng.uniform(0, 28, (3, 9, 2)), rng.random((3, 8)) < 0.8
    record(images.draw_strokes, points, rng.uniform(1, 2, (3, 9)), pens, rng.uniform(0.5, 1, 3), 28)


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        recorder = Recorder(monkeypatch)
        for dtype in (np.float32, np.float64):
            record_all(recorder.record, dtype)
            recorder.seen.clear()
    return recorder.calls


C_DRIVER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
{prototypes}
#define N(k) arguments[k]
#define P(k) (arguments[k] < 0 ? 0 : memory + arguments[k])
#define R(k) ((double *)arguments)[k]
int main(void) {{
    int64_t head[3], arguments[64];
    while (fread(head, 8, 3, stdin) == 3) {{
        int64_t size = head[1], result = 0;
        char *memory = aligned_alloc(64, (size + 63) / 64 * 64);
        if (fread(arguments, 8, head[2], stdin) + fread(memory, 1, size, stdin) != head[2] + size) return 2;
        switch (head[0]) {{
{cases}
        default: return 3;
        }}
        fwrite(&result, 8, 1, stdout);
        fwrite(memory, 1, size, stdout);
        free(memory);
    }}
    return 0;
}}
"""

NODE_DRIVER = """
const fs = require("fs");
const table = JSON.parse(process.argv[2]);
const kernels = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[1]))).exports;
const input = fs.readFileSync(0);
const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
const base = 65536 * kernels.memory.grow(256);
const output = [];
for (let at = 0; at < input.length; ) {
    const [index, size, count] = [0, 8, 16].map(k => Number(view.getBigInt64(at + k, true)));
    const [name, letters] = table[index];
    const read = (letter, k) => {
        if (letter === "r") return view.getFloat64(at + 24 + 8 * k, true);
        const value = view.getBigInt64(at + 24 + 8 * k, true);
        return letter === "n" ? value : value < 0 ? 0 : base + Number(value);
    };
    const start = at + 24 + 8 * count;
    new Uint8Array(kernels.memory.buffer).set(input.subarray(start, start + size), base);
    const result = Buffer.alloc(8);
    result.writeBigInt64LE(kernels[name](...Array.from(letters, read)) ?? 0n);
    output.push(result, Buffer.from(new Uint8Array(kernels.memory.buffer, base, size).slice()));
    at = start + size;
}
fs.writeFileSync(1, Buffer.concat(output));
"""


def table() -> list[tuple[str, str]]:
    """Return the C functions, in the order by which a driver numbers them, with the letters of their arguments."""
    suffixes = ("f32", "f64")
    return [
        (f"{name}_{suffix}", letters) for name, letters in library.SIGNATURES.items() for suffix in suffixes
    ]


def program(name: str) -> str:
    """Return the path of a program, or skip the test, which CI does not allow."""
    path = shutil.which(name)
    if path is None and not os.environ.get("HANDGRAD_REQUIRE_TARGETS"):
        pytest.skip(f"there is no {name}")
    assert path, f"there is no {name}"
    return path


def replay(command: list[str], calls: list[Call]) -> None:
    answer = subprocess.run(
        command, input=b"".join(call.message() for call in calls), stdout=subprocess.PIPE, check=True
    ).stdout
    for call in calls:
        answer = answer[call.compare(answer) :]
    assert not answer


def test_every_kernel_is_replayed(calls: list[Call]) -> None:
    assert {call.name for call in calls} == set(library.SIGNATURES)


def test_aarch64(calls: list[Call], tmp_path: Path) -> None:
    qemu = program("qemu-aarch64")
    counting = {f"{call.name}_{call.suffix}" for call in calls if call.result is not None}
    types = {"n": "int64_t", "p": "void *", "r": "double"}
    prototypes, cases = [], []
    for k, (name, letters) in enumerate(table()):
        kind, assignment = ("int64_t", "result = ") if name in counting else ("void", "")
        prototypes.append(f"{kind} {name}({', '.join(types[letter] for letter in letters)});")
        values = ", ".join(f"{letter.upper()}({index})" for index, letter in enumerate(letters))
        cases.append(f"        case {k}: {assignment}{name}({values}); break;")
    driver = C_DRIVER.format(prototypes="\n".join(prototypes), cases="\n".join(cases))
    (tmp_path / "driver.c").write_text(driver)
    options = ["-target", "aarch64-linux-musl", "-static", "-DVECTOR_BYTES=16", "driver.c"]
    native_build.run_zig([*options, *native_build.UNITS, "-o", "driver"], tmp_path)
    replay([qemu, str(tmp_path / "driver")], calls)


def test_webassembly(calls: list[Call], tmp_path: Path) -> None:
    node = program("node")
    native_build.run_zig([*native_build.WASM, *native_build.UNITS, "-o", "kernels.wasm"], tmp_path)
    replay([node, "-e", NODE_DRIVER, str(tmp_path / "kernels.wasm"), json.dumps(table())], calls)
