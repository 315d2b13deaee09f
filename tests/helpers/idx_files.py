"""Write IDX files, which the library only reads."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx import idx_header


def write_idx(path: Path, array: NDArray[Any]) -> None:
    """Write an array, gzipped where the name ends in ``.gz``."""
    content = idx_header(array) + np.ascontiguousarray(array, array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
