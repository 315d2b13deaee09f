"""The compiled library: the choice for this CPU, and the signatures of its functions."""

import ctypes
import platform
import struct
import sys
from ctypes import c_double, c_int64, c_void_p
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from handgrad.errors import HandgradError

FOLDER = Path(__file__).parent
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")

INSTRUCTION_SETS: dict[str, frozenset[str]] = {
    "v4": frozenset({"AVX512F", "AVX512BW", "AVX512CD", "AVX512DQ", "AVX512VL", "AVX2", "FMA3"}),
    "v3": frozenset({"AVX2", "FMA3", "F16C"}),
    "v2": frozenset({"SSE42", "POPCNT"}),
    "neon": frozenset({"NEON"}),
}
"""The instruction sets that there are libraries for, best first, with the CPU features that each needs.

v2, v3 and v4 are the levels of x86-64; neon is every 64-bit Arm processor.
"""

SIGNATURES = {
    "relu": "npp",
    "relu_backward": "nppp",
    "average_pool": "nnnnnnpp",
    "average_pool_backward": "nnnnnnpp",
    "batch_norm": "nnrpppppp",
    "batch_norm_backward": "nnppppppp",
    "convolution": "nnnnnnnnppppp",
    "convolution_backward": "nnnnnnnnppppppp",
    "dense": "nnnppppp",
    "dense_backward": "nnnppppppp",
    "dense_bytes": "nnnppppp",
    "dense_bytes_backward": "nnnppppp",
    "mlp": "nnnnn" + "p" * 8,
    "mlp_gradient": "nnnnn" + "p" * 10 + "rr" + "pp",
    "max_pool": "nnnnnnppp",
    "max_pool_backward": "nnnnnnppp",
    "softmax": "nnpp",
    "softmax_cross_entropy": "nnpprpp",
    "count_correct": "nnpp",
    "sgd": "nppr",
    "momentum": "npppr" + "r",
    "nesterov": "npppr" + "r",
    "rmsprop": "npppr" + "rr",
    "adam": "npppp" + "rrrrr",
    "move_average": "nppr",
    "warp": "nnnnpppp",
    "draw_strokes": "nnnppppp",
}
"""The arguments of the C functions: n is a size (int64), p the address of an array, r a real number (double)."""

_TYPES = {"n": c_int64, "p": c_void_p, "r": c_double}
_COUNTING = ("softmax_cross_entropy", "count_correct", "mlp_gradient")


@cache
def cpu_features() -> frozenset[str]:
    """Return the names of the CPU's features, as NumPy detects them."""
    from numpy._core._multiarray_umath import __cpu_features__  # type: ignore[import-not-found]

    return frozenset(name for name, present in __cpu_features__.items() if present)


def suitable() -> list[str]:
    """Return the instruction sets that this CPU has, best first."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    names = ["neon"] if arm else ["v4", "v3", "v2"]
    return [name for name in names if INSTRUCTION_SETS[name] <= cpu_features()]


def load_library(names: list[str]) -> tuple[str, dict[str, SimpleNamespace]]:
    """Load the compiled library for the first of several instruction sets for which that is possible.

    Returns
    -------
    name : str
        The instruction set.
    functions : dict
        By the character of a dtype, "f" or "d", the functions; their arguments are those in `SIGNATURES`.

    Raises
    ------
    HandgradError
        If no library can be loaded.
    """
    reason = f"there are no compiled kernels for this CPU ({platform.machine()})"
    for name in names:
        path = FOLDER / f"libhandgrad_{name}{SUFFIX}"
        try:
            if path.exists() and not _is_whole(path):
                raise OSError("the file is cut short")
            library = ctypes.CDLL(str(path))
            return name, {"f": _bind(library, "f32"), "d": _bind(library, "f64")}
        except (OSError, AttributeError) as error:
            problem = (
                f"cannot be loaded: {str(error)[:200]}" if path.exists() else f"are missing: {_advice()}"
            )
            reason = f"the compiled kernels {path.name} {problem}"
    raise HandgradError(reason)


def _is_whole(path: Path) -> bool:
    """Whether an ELF file is as long as its header states: loading one that is cut short ends the process."""
    content = path.read_bytes()
    if SUFFIX != ".so" or len(content) < 64:
        return SUFFIX != ".so"
    (offset,), (size, count) = struct.unpack_from("<Q", content, 40), struct.unpack_from("<HH", content, 58)
    return len(content) >= offset + size * count


def _advice() -> str:
    """Return what the build wrote down where it could not compile; see hatch_build.py."""
    try:
        return (FOLDER / "libhandgrad_error.txt").read_text("utf-8").splitlines()[0][:200]
    except (OSError, IndexError):
        return "in a clone, uv sync --reinstall-package handgrad compiles them"


def _bind(library: ctypes.CDLL, suffix: str) -> SimpleNamespace:
    functions = SimpleNamespace()
    for name, arguments in SIGNATURES.items():
        function = getattr(library, f"{name}_{suffix}")
        function.argtypes = [_TYPES[letter] for letter in arguments]
        function.restype = c_int64 if name in _COUNTING else None
        setattr(functions, name, function)
    return functions
