"""The machine: what it is, what is installed on it, and what it can do at the most."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.contest import compete

from handgrad.kernels.threads import choose_threads

PACKAGES = ("handgrad", "numpy", "numba", "torch", "scikit-learn", "scipy", "onnxruntime")


def describe() -> dict[str, Any]:
    """Tell processor, cores, Python and versions."""
    return {
        "processor": processor(),
        "cores": choose_threads(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := installed(name))},
    }


def processor() -> str:
    """Tell the model, as the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def installed(name: str) -> str:
    """Tell the version of a package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def limits(rounds: int) -> dict[str, float]:
    """Measure floating-point operations and bytes a second, on all cores; the best of some turns is the limit."""
    cores = choose_threads()
    found = compete("machine", cores, rounds, "arithmetic")
    best = {result.name: max(result.values("rate")) for result in found if result.threads == cores}
    return {"flops": best["arithmetic"], "bytes": best["reading"]}
