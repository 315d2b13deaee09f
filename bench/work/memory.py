"""Peak memory of the whole process ``handgrad train classic``, and of one that only imports NumPy."""

import sys

from bench.work.processes import new_folder, run_python

MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Measures one child from a small process: a child's peak includes that of the process that started it."""

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts."""


def peak(*arguments):
    """Return the peak memory of a Python process in megabytes."""
    return {"megabytes": int(run_python("-c", MEASURE, sys.executable, *arguments)) * UNIT / 1e6}


def handgrad(threads):
    """Train with all processors, as the command does by default."""
    import resource  # noqa: F401  # where it is missing, so is the contestant

    def run():
        with new_folder() as out:
            return peak("-m", "handgrad", "train", "classic", "--data", "mnist", "--out", out)

    return run


def contestants():
    """Return the two."""
    return {"handgrad": handgrad, "import numpy": lambda threads: lambda: peak("-c", "import numpy")}
