"""The machine: its CPU, the installed versions, and the limits of its speed."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.contest import compete

from handgrad.kernels.backend import kernels
from handgrad.kernels.native.library import suitable
from handgrad.kernels.threads import choose_threads

PACKAGES = ("handgrad", "numpy", "torch", "scikit-learn", "scipy", "onnxruntime")


def describe() -> dict[str, Any]:
    """Return date, CPU, instruction sets, cores, Python and versions."""
    with kernels.using("native"):
        used = kernels.name
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": cpu_info("model name") or platform.processor() or platform.machine(),
        "kernels": used,
        "instruction_sets": suitable(),
        "amx": "amx_tile" in cpu_info("flags").split(),
        "cores": choose_threads(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := installed(name))},
    }


def further_instruction_sets() -> tuple[str, ...]:
    """Return ("v3",) if the CPU has a better instruction set too, else ()."""
    return ("v3",) if "v3" in suitable()[1:] else ()


def cpu_info(field: str) -> str:
    """Return a field of the first CPU in /proc/cpuinfo; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


def installed(name: str) -> str:
    """Return the version of a package; empty if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def limits(rounds: int) -> dict[str, float]:
    """Measure floating-point operations and bytes per second on all cores, each the best of several turns."""
    cores = choose_threads()
    found = compete("machine", cores, rounds, "arithmetic")
    best = {result.name: max(result.values("rate")) for result in found if result.threads == cores}
    return {"flops": best["arithmetic"], "bytes": best["reading"]}


def summary(machine: dict[str, Any]) -> str:
    """Return one paragraph of the facts of `describe` and `limits`."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    amx = "with AMX" if machine["amx"] else "without AMX"
    return (
        f"{machine['date']}: {machine['processor']}, {machine['cores']} cores, instruction sets "
        f"{', '.join(machine['instruction_sets'])} ({machine['kernels']} in use), {amx}; "
        f"{machine['flops'] / 1e9:.0f} GFLOP/s by `np.matmul` in float32, {machine['bytes'] / 1e9:.1f} GB/s read; "
        f"Python {machine['python']}, {versions}."
    )
