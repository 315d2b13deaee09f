"""Sizes of exports, and the accuracy of each format on MNIST's test digits in a client that reads it.

    uv run python -m bench.exports runs/mlp runs/convnet

Needs onnxruntime and a C compiler.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

import handgrad as hg

IMAGES = 1000
"""The number of images whose probabilities are compared."""

PROGRAM = """
#include <stdio.h>
#include "m.h"
int main(void)
{
    unsigned char x[M_INPUTS];
    while (fread(x, sizeof x, 1, stdin) == 1)
        putchar(m_predict(x, NULL));
    return 0;
}
"""


def main() -> None:
    """Print a row of a table for each run and format."""
    digits = hg.load_data("mnist").test
    print("| run | format | file | MNIST test | largest difference |")
    print("|---|---|---:|---:|---:|")
    for run in sys.argv[1:]:
        network = hg.load_model(run)
        right = hg.evaluate(network, digits).accuracy
        file = (Path(run) / "model.safetensors").stat().st_size
        print(f"| `{run}` | model.safetensors | {file:,} | {right:.2%} | |", flush=True)
        with TemporaryDirectory() as folder:
            onnx_row(run, network, digits, Path(folder) / "m.onnx")
            for int8 in (False, True):
                c_row(run, network, digits, Path(folder) / "m.h", int8)


def onnx_row(run: str, network: hg.Network, digits: hg.Dataset, path: Path) -> None:
    """Measure ONNX in onnxruntime."""
    hg.export(network, path, "onnx")
    session = onnxruntime.InferenceSession(path)
    (answers,) = session.run(["probabilities"], {"input": digits.inputs})
    right = (answers.argmax(axis=1) == digits.labels).mean()
    difference = np.abs(answers - network.predict_proba(digits.inputs))[:IMAGES].max()
    print(f"| `{run}` | ONNX | {path.stat().st_size:,} | {right:.2%} | {difference:.1e} |", flush=True)


def c_row(run: str, network: hg.Network, digits: hg.Dataset, path: Path, int8: bool) -> None:
    """Measure a header in a C program."""
    hg.export(network, path, "c", int8=int8)
    path.with_suffix(".c").write_text(PROGRAM)
    subprocess.run(["cc", "-std=c99", "-O2", "m.c", "-o", "m", "-lm"], cwd=path.parent, check=True)
    done = subprocess.run(
        [path.with_suffix("")], input=digits.inputs.tobytes(), capture_output=True, check=True
    )
    right = (np.frombuffer(done.stdout, np.uint8) == digits.labels).mean()
    weights = "int8" if int8 else "float32"
    print(f"| `{run}` | C, {weights} | {path.stat().st_size:,} | {right:.2%} | |", flush=True)


if __name__ == "__main__":
    main()
