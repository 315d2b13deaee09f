"""Write IDX files, which the library only reads."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx import idx_header


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write an array, gzipped where the name ends in ``.gz``."""
    content = idx_header(array) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
