"""Rows of a matrix of which most numbers are zero: only the others take memory (compressed sparse rows)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError

MOST_COLUMNS = 2**31 - 1


@dataclass(frozen=True, eq=False)
class SparseRows:
    """N rows of I numbers; those of row n that are not zero are at `starts[n]` to `starts[n + 1]`.

    C trusts these arrays; `of` checks them.

    Parameters
    ----------
    values : (K,) float32 or float64
    columns : (K,) int32
        The columns of the values, rising in each row.
    starts : (N + 1,) int64
    width : int
        I.
    """

    values: NDArray[np.floating[Any]]
    columns: NDArray[np.int32]
    starts: NDArray[np.int64]
    width: int

    ndim = 2

    @classmethod
    def of(cls, matrix: Any) -> "SparseRows":
        """Convert an array, or a matrix that has ``tocsr``, such as those of SciPy, which is not changed.

        Duplicate entries are added, zeros are left out, and integers become floats. HandgradError where the matrix
        is not one of real numbers, or its indices are invalid.
        """
        if isinstance(matrix, SparseRows):
            return matrix
        if matrix.ndim != 2 or matrix.dtype.kind not in "uifb" or matrix.shape[1] > MOST_COLUMNS:
            got = f"{matrix.shape} {matrix.dtype}"
            raise HandgradError(f"a sparse matrix must hold real numbers (N, I), I below 2^31; got {got}")
        if isinstance(matrix, np.ndarray):
            rows, columns = np.nonzero(matrix)
            starts = np.searchsorted(rows, np.arange(len(matrix) + 1))
            return cls(_as_real(matrix[rows, columns]), columns.astype(np.int32), starts, matrix.shape[1])
        matrix = matrix.tocsr()
        starts = np.asarray(matrix.indptr, np.int64)
        values, columns = matrix.data[: starts[-1]], matrix.indices[: starts[-1]]
        valid = starts[0] == 0 and len(starts) == matrix.shape[0] + 1 and (np.diff(starts) >= 0).all()
        valid = valid and values.shape == columns.shape == starts[-1:]
        if not valid or (len(columns) and not 0 <= columns.min() <= columns.max() < matrix.shape[1]):
            raise HandgradError("the indices of the sparse matrix do not fit its shape; build it again")
        found = cls(_as_real(values), columns.astype(np.int32), starts, matrix.shape[1])
        return found if found._is_canonical() else found._sorted()

    def _is_canonical(self) -> bool:
        rising = np.diff(self.columns) > 0  # within a row
        begins = self.starts[1:-1]
        rising[begins[(begins > 0) & (begins < len(self.columns))] - 1] = True
        return bool(rising.all() and self.values.all())

    def _sorted(self) -> "SparseRows":
        """Sort the columns of each row, add duplicates, and remove zeros."""
        places = self._rows() * self.width + self.columns
        order = np.argsort(places, kind="stable")
        places, first = np.unique(places[order], return_index=True)
        values = np.add.reduceat(self.values[order], first) if len(first) else self.values
        places, values = places[values != 0], values[values != 0]
        starts = np.searchsorted(places, np.arange(len(self) + 1) * self.width)
        columns = (places % self.width).astype(np.int32)
        return SparseRows(values, columns, starts, self.width)

    def _rows(self) -> NDArray[np.int64]:
        """Return the row of each value, (K,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def shape(self) -> tuple[int, int]:
        """(N, I)."""
        return len(self), self.width

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self.values.dtype

    @property
    def nbytes(self) -> int:
        """The memory that the arrays take."""
        return self.values.nbytes + self.columns.nbytes + self.starts.nbytes

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, rows: Any) -> Any:
        """Return some rows, or for an integer one row as an array (I,)."""
        if isinstance(rows, slice) and rows.step in (None, 1):
            first, last, _ = rows.indices(len(self))
            starts = self.starts[first : max(first, last) + 1]
            part = slice(starts[0], starts[-1])
            return SparseRows(self.values[part], self.columns[part], starts - starts[0], self.width)
        rows = np.arange(len(self))[rows]
        if rows.ndim == 0:
            return self[rows : rows + 1].toarray()[0]
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.append(0, np.cumsum(lengths))
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return SparseRows(self.values[places], self.columns[places], starts, self.width)

    def entries(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.floating[Any]]]]:
        """Yield the columns and values of each row."""
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.columns[first:last], self.values[first:last]

    def with_values(self, values: NDArray[np.floating[Any]]) -> "SparseRows":
        """Return other values (K,) at the same places."""
        return replace(self, values=values)

    def astype(self, dtype: DTypeLike) -> "SparseRows":
        """Return the rows with values of another type, without a copy if they have it already."""
        return self.with_values(self.values.astype(dtype, copy=False))

    def toarray(self) -> NDArray[np.floating[Any]]:
        """Return all numbers, (N, I)."""
        dense = np.zeros(self.shape, self.dtype)
        dense[self._rows(), self.columns] = self.values
        return dense

    def with_columns(self, places: Sequence[int], width: int) -> "SparseRows":
        """Return rows of another width, with column k at `places[k]`, or left out if that is negative."""
        columns = np.array(places, np.int32)[self.columns]
        rest = columns >= 0
        starts = np.searchsorted(self._rows()[rest], np.arange(len(self) + 1))
        return SparseRows(self.values[rest], columns[rest], starts, width)._sorted()

    def column_sums(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add numbers (K,), one for each value, in each column, (I,)."""
        return np.bincount(self.columns, numbers, self.width).astype(np.float64)  # integers of no values


def _as_real(values: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Return a copy of numbers as float32, or float64 where that does not hold them."""
    return values.astype(np.float32 if np.can_cast(values.dtype, np.float32) else np.float64)


def is_sparse(values: Any) -> bool:
    """Whether values are sparse rows, or a sparse matrix that `SparseRows.of` converts."""
    return isinstance(values, SparseRows) or hasattr(values, "tocsr")
