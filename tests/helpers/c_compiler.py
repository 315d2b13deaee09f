"""The C compiler, and exported headers compiled into a library that ctypes calls."""

import ctypes
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import handgrad as hg
from documents import output
from failing import missing

STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")


def compiler() -> str:
    """Return the C compiler."""
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return found or missing("CC", "there is no C compiler: install gcc or clang")


def compile_c(source: Path, *options: str) -> Path:
    """Compile a C file, without warnings, and return the program."""
    output(compiler(), *STRICT, source.name, "-o", source.stem, *options, "-lm", folder=source.parent)
    return source.with_suffix("")


def load_c(folder: Path, code: str) -> ctypes.CDLL:
    """Compile C code that may include headers of a folder, and load it."""
    source = folder / f"code{len(list(folder.glob('code*')))}.c"  # a name is loaded once only
    source.write_text(code, "utf-8")
    return ctypes.CDLL(str(compile_c(source, "-shared", "-fPIC")))


class Headers:
    """Networks as headers, all in one library."""

    def __init__(self, folder: Path, networks: Mapping[str, hg.Network], *, int8: bool = False) -> None:
        code = ""
        for name, network in networks.items():
            hg.export(network, folder / f"{name}.h", int8=int8)
            code += f'#include "{name}.h"\n'
            kind, keyword = (
                ("void", "") if network.task in ("multilabel", "regression") else ("int", "return")
            )
            code += f"{kind} run_{name}(const void *x, float *y) {{ {keyword} {name}_predict(x, y); }}\n"
        self.networks, self.library = networks, load_c(folder, code)

    def predict(self, name: str, inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return classes (N,) and probabilities (N, C); of another task, its numbers twice."""
        network, run = self.networks[name], self.library[f"run_{name}"]
        kind = np.uint8 if network.scaling and network.scaling.for_bytes else np.float32
        x = np.ascontiguousarray(inputs.reshape(len(inputs), -1), kind)
        probabilities = np.empty((len(x), len(network.classes)), np.float32)
        classes = [run(row.ctypes, found.ctypes) for row, found in zip(x, probabilities, strict=True)]
        if network.task in ("multilabel", "regression"):
            return probabilities, probabilities
        assert run(x[0].ctypes, None) == classes[0]  # without probabilities
        return np.array(classes), probabilities
