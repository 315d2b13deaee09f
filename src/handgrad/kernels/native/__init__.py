"""The kernels in C: for each NumPy module a `.c` file, and bindings in Python that call them with the same names.

A binding checks what the C function takes for granted: types, shapes, contiguous and writeable memory.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from numpy.typing import NDArray

from handgrad.kernels.backend import MODULES, functions_of
from handgrad.kernels.memory import is_real

_NUMPY_KERNELS = functions_of("handgrad.kernels", MODULES)


def or_numpy(binding: Callable[..., Any]) -> Any:
    """Decorate a binding: where it returns NotImplemented, NumPy's kernel computes, or raises the error."""
    numpy_kernel = _NUMPY_KERNELS[binding.__name__]

    @wraps(numpy_kernel)
    def kernel(*arguments: Any, **options: Any) -> Any:
        result = binding(*arguments, **options)
        return numpy_kernel(*arguments, **options) if result is NotImplemented else result

    kernel.__module__ = binding.__module__
    return kernel


def fits(pattern: str, *arrays: NDArray[Any]) -> bool:
    """Whether arrays have one type, float32 or float64, and shapes like ``"NI OI O"``: (N, I), (O, I) and (O,)."""
    sizes: dict[str, int] = {}
    for letters, array in zip(pattern.split(), arrays, strict=True):
        if array.ndim != len(letters) or array.dtype != arrays[0].dtype:
            return False
        for letter, size in zip(letters, array.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                return False
    return is_real(arrays[0])


def is_written(*arrays: NDArray[Any]) -> bool:
    """Whether C can write arrays in place."""
    return all(array.flags.carray for array in arrays)
