"""Arrays in every memory order, for the tests of compiled kernels."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

DTYPES = st.sampled_from([np.dtype(np.float32), np.dtype(np.float64)])
ORDERS = st.sampled_from(["first", "last", "strided", "reversed"])


def laid(x: NDArray[Any], order: str) -> NDArray[Any]:
    """Return an equal array (N, …) in another memory order."""
    if order == "last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    if order == "strided":
        gap = np.nan if x.dtype.kind == "f" else 255
        wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), gap, x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return x[..., ::-1].copy()[..., ::-1] if order == "reversed" else x


def close(actual: Any, expected: Any, scale: float = 1.0) -> None:
    """Compare to rounding, types included; `scale` is how large the numbers typically are."""
    assert actual.dtype == expected.dtype
    tolerance = 1e-4 if actual.dtype == np.float32 else 1e-10
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=scale * tolerance)
