"""Training `mlp` from a cold process, start to exit: the command of the README, and a PyTorch script."""

import json
from pathlib import Path

from bench.work.data import Clock
from bench.work.processes import new_folder, run_python

SCRIPT = Path(__file__).with_name("pytorch_mlp.py")
COMMAND = ("-m", "handgrad", "train", "mlp", "--data", "mnist", "--no-test", "--out")


def handgrad(threads):
    """Run the command; it trains with all processors by default."""

    def run():
        with new_folder() as out:
            clock = Clock()
            run_python(*COMMAND, out)
            seconds = clock()
            last = (out / "log.jsonl").read_text("utf-8").splitlines()[-1]
        return {"seconds": seconds, "accuracy": json.loads(last)["validation_accuracy"]}

    return run


def pytorch(threads):
    """Run the script on the same files."""
    import torch  # noqa: F401  # without it the contestant is reported as missing

    from handgrad.data.mnist import ensure

    folder = ensure("mnist")

    def run():
        with new_folder() as out:
            clock = Clock()
            output = run_python(SCRIPT, folder, out, threads=threads)
            return {"seconds": clock(), "accuracy": float(output.split()[-1])}

    return run


def contestants():
    """Return the two; the accuracy is that on the validation split."""
    return {"handgrad": handgrad, "PyTorch": pytorch}
