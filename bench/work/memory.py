"""Peak memory of training `classic` on MNIST: of the whole process, and of one that only has its libraries at work.

Numba builds its tables of types when the first function is compiled, or loaded; they count as a library's.
"""

import subprocess
import sys

PEAK = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
LIBRARIES = """
import handgrad.cli.main, handgrad.runs, numpy, numba, polars, rich, pydantic
numba.njit(lambda: 0)()
"""
TRAINING = """
import numpy as np
import handgrad as hg
from bench.work.data import splits
network = hg.Network([hg.Dense(10), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
for record in hg.train(network, splits(), batch_size="all", steps=5, threads=2):
    pass
"""


def process(program):
    """Give a contestant that runs a program and tells its peak memory."""

    def ready(threads):
        def run():
            done = subprocess.run([sys.executable, "-c", program + PEAK], stdout=subprocess.PIPE, check=True)
            return {"megabytes": int(done.stdout) / 1000}

        return run

    return ready


def contestants():
    """Give the two."""
    return {"handgrad": process(LIBRARIES + "\n" + TRAINING), "libraries": process(LIBRARIES)}
