"""The compiled library: the choice for this CPU, and the signatures of its functions."""

import ctypes
import platform
import struct
import sys
from ctypes import c_double, c_int64, c_void_p
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from handgrad.errors import HandgradError
from handgrad.kernels.memory import address

FOLDER = Path(__file__).parent
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")

INSTRUCTION_SETS = {
    "v4": ("AVX512F", "AVX512BW", "AVX512CD", "AVX512DQ", "AVX512VL", "AVX2", "FMA3"),
    "v3": ("AVX2", "FMA3", "F16C"),
    "v2": ("SSE42", "POPCNT"),
    "neon": ("NEON",),
}
"""By instruction set the CPU features that it needs: the levels of x86-64, and every 64-bit Arm processor."""

SIGNATURES = {
    "relu": "npp",
    "relu_backward": "nppp",
    "leaky_relu": "nprp",
    "leaky_relu_backward": "npprp",
    "tanh": "npp",
    "tanh_backward": "nppp",
    "sigmoid": "npp",
    "sigmoid_backward": "nppp",
    "gelu": "npp",
    "gelu_backward": "nppp",
    "maxout": "nnnppp",
    "maxout_backward": "nnnppp",
    "average_pool": "nnnnnnpp",
    "average_pool_backward": "nnnnnnpp",
    "batch_norm": "nnrpppppp",
    "batch_norm_backward": "nnppppppp",
    "batch_norm_inference": "nnrpppppp",
    "batch_norm_inference_backward": "nnrpppppppp",
    "convolution": "nnnnnnnnppppp",
    "convolution_backward": "nnnnnnnnppppppp",
    "dense": "nnnppppp",
    "dense_backward": "nnnppppppp",
    "dense_bytes": "nnnppppp",
    "dense_bytes_backward": "nnnppppp",
    "mlp": "nnnnn" + "a" * 8,
    "mlp_gradient": "nnnnnanr" + "a" * 10 + "raa",
    "mlp_steps": "nna" + "nnnnnanr" + "aaaa" + "naan" + "aaaa",
    "max_pool": "nnnnnnppp",
    "max_pool_backward": "nnnnnnppp",
    "softmax": "nnpp",
    "softmax_cross_entropy": "nnpprpp",
    "count_correct": "nnpp",
    "binary_cross_entropy": "nnpppp",
    "squared_error": "nnpppp",
    "huber": "nnpprpp",
    "sparse_dense": "nnpppppp",
    "sparse_dense_backward": "nnpppppp",
    "sgd": "nppr",
    "momentum": "npppr" + "r",
    "nesterov": "npppr" + "r",
    "rmsprop": "npppr" + "rr",
    "adam": "npppp" + "rrrrr",
    "move_average": "nppr",
    "warp": "nnnnpppp",
    "draw_strokes": "nnnppppp",
}
"""The arguments of the C functions: n is a size, r a real number, p an array, a the address of an array."""

_ARRAY = SimpleNamespace(from_param=address)
_TYPES: dict[str, Any] = {"n": c_int64, "r": c_double, "p": _ARRAY, "a": c_void_p}
COUNTING = ("softmax_cross_entropy", "count_correct", "mlp_gradient", "mlp_steps")
"""The functions that return a number, of examples or of steps."""


def suitable() -> list[str]:
    """Return the instruction sets that this CPU has, best first."""
    from numpy._core._multiarray_umath import __cpu_features__  # type: ignore[import-not-found]

    arm = platform.machine().lower() in ("arm64", "aarch64")
    names = ["neon"] if arm else ["v4", "v3", "v2"]
    return [name for name in names if all(map(__cpu_features__.get, INSTRUCTION_SETS[name]))]


def load_library(names: list[str]) -> tuple[str, dict[str, SimpleNamespace]]:
    """Load the library for the first of several instruction sets for which that is possible.

    Return the instruction set and, by the character of a dtype, "f" or "d", the functions in `SIGNATURES`; raise
    HandgradError if no library can be loaded.
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
            problem = f"cannot be loaded: {error}" if path.exists() else "are missing"
            reason = f"the compiled kernels {path.name} {problem:.200}; {_advice():.200}"
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
    error = FOLDER / "libhandgrad_error.txt"
    found = error.read_text("utf-8").partition("\n")[0] if error.exists() else ""
    return found or "in a clone, uv sync --reinstall-package handgrad compiles them"


def _bind(library: ctypes.CDLL, suffix: str) -> SimpleNamespace:
    functions = SimpleNamespace()
    for name, arguments in SIGNATURES.items():
        function = getattr(library, f"{name}_{suffix}")
        function.argtypes = [_TYPES[letter] for letter in arguments]
        function.restype = c_int64 if name in COUNTING else None
        setattr(functions, name, function)
    return functions
