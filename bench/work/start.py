"""Start of a new process: the first prediction with a model file, the program's help, the import of the library."""

from tempfile import mkdtemp
from weakref import finalize

from bench.work.data import Clock
from bench.work.processes import run_python

PREDICT = """
import sys
import handgrad as hg
import numpy as np
print(hg.load_model(sys.argv[1]).predict(np.zeros((1, 784), np.uint8)))
"""


def process(*arguments):
    """Return a contestant that runs a Python process with these arguments."""

    def ready(threads):
        def run():
            clock = Clock()
            run_python(*arguments)
            return {"seconds": clock()}

        return run

    return ready


def first_predict(threads):
    """Save 784-128-10 once, and predict one image in a new process each turn."""
    from pathlib import Path
    from shutil import rmtree

    import numpy as np

    import handgrad as hg

    folder = mkdtemp()
    model = Path(folder) / "model.safetensors"
    network = hg.Network([hg.Dense(128), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
    network.scaling = hg.Scaling.of_bytes()
    hg.save_model(network, model)
    run = process("-c", PREDICT, model)(threads)
    finalize(run, rmtree, folder)
    return run


def contestants():
    """Return the library's processes, and two that none of them can be faster than."""
    return {
        "first predict": first_predict,
        "handgrad --help": process("-m", "handgrad", "--help"),
        "import handgrad": process("-c", "import handgrad"),
        "import numpy": process("-c", "import numpy"),
        "python": process("-c", ""),
    }
