"""The C compiler, and exported headers compiled into a program that predicts its standard input."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.exports.c import write_c
from handgrad.model.network import Network

STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")

PROGRAM = """
#include <stdio.h>
#include <string.h>
#define IF_NAMED(name, kind, inputs, classes) \\
    if (!strcmp(argv[1], #name)) { \\
        kind x[inputs]; \\
        float answer[(classes) + 1]; \\
        while (fread(x, sizeof x, 1, stdin) == 1) { \\
            answer[0] = (float)name##_predict(x, answer + 1); \\
            if ((int)answer[0] != name##_predict(x, NULL)) \\
                return 1; \\
            fwrite(answer, sizeof answer, 1, stdout); \\
        } \\
        return 0; \\
    }
int main(int argc, char **argv)
{
    if (argc != 2)
        return 1;
"""


def compiler() -> str:
    """Return the C compiler; without one skip the test, or fail if HANDGRAD_REQUIRE_CC is 1."""
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None:
        reason = "there is no C compiler on this machine: install gcc or clang"
        if os.environ.get("HANDGRAD_REQUIRE_CC") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def compile_c(source: Path, *options: str) -> Path:
    """Compile a C file, without warnings, and return the program."""
    command = [compiler(), *STRICT, source.name, "-o", source.stem, *options, "-lm"]
    done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return source.with_suffix("")


class Headers:
    """Networks as headers, all in one program."""

    def __init__(self, folder: Path, networks: Mapping[str, Network], *, int8: bool = False) -> None:
        compiler()
        self.networks = networks
        for name, network in networks.items():
            write_c(network, folder / f"{name}.h", int8=int8)
        program = "".join(f'#include "{name}.h"\n' for name in networks) + PROGRAM
        for name in networks:
            kind, size = self.kind(name)[0], name.upper()
            program += f"    IF_NAMED({name}, {kind}, {size}_INPUTS, {size}_CLASSES)\n"
        (folder / "program.c").write_text(program + "    return 1;\n}\n")
        self.program = compile_c(folder / "program.c")

    def kind(self, name: str) -> tuple[str, Any]:
        """Return the type of a network's inputs, in C and in NumPy."""
        scaling = self.networks[name].scaling
        return ("unsigned char", np.uint8) if scaling and scaling.for_bytes else ("float", np.float32)

    def predict(self, name: str, inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Run the program, and return classes (N,) and probabilities (N, C)."""
        content = np.ascontiguousarray(inputs, self.kind(name)[1]).tobytes()
        done = subprocess.run([self.program, name], input=content, capture_output=True, check=True)
        answers = np.frombuffer(done.stdout, np.float32).reshape(len(inputs), -1)
        return answers[:, 0].astype(int), answers[:, 1:]
