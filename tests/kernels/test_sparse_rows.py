"""Sparse rows hold the numbers of any sparse matrix, which they do not change."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows

DENSE = np.array([[0, 0, 0, 0], [1, 0, -2, 0], [0, 0, 0, 0], [3, 4, 5, 6], [0, 0, 0, 7]])
MASK = [True, False, True, True, False]
FORMS = ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
TYPES = (bool, np.int8, np.uint16, np.int64, np.float32, np.float64)


def damaged(**arrays: Any) -> Any:
    matrix = sparse.csr_array(DENSE)
    for name, values in arrays.items():
        setattr(matrix, name, np.array(values))
    return matrix


@pytest.mark.parametrize("kind", ["array", "matrix", ""])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", TYPES)
def test_every_form_and_type(form: str, kind: str, dtype: Any) -> None:
    dense = DENSE.astype(dtype)
    rows = SparseRows.of(getattr(sparse, f"{form}_{kind}")(sparse.csr_array(dense)) if kind else dense)
    np.testing.assert_array_equal(rows.toarray(), dense)
    assert rows.dtype == (np.float64 if dtype in (np.int64, np.float64) else np.float32)
    assert (rows.shape, len(rows), len(rows.values)) == ((5, 4), 5, 7)
    assert rows._is_canonical()
    assert rows.columns.dtype == np.int32
    assert rows.starts.dtype == np.int64


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_duplicates_zeros_and_another_order(index: Any) -> None:
    values, columns = np.array([5.0, 0, 2, 1, 3, 3, -3, 1]), np.array([3, 0, 1, 3, 0, 2, 2, 1], index)
    matrix = sparse.csr_array((values, columns, np.array([0, 4, 4, 8], index)), shape=(3, 4))
    dense, before = matrix.toarray(), [array.copy() for array in (matrix.data, matrix.indices, matrix.indptr)]
    rows = SparseRows.of(matrix)
    assert rows.columns.dtype == np.int32
    assert (rows.values.tolist(), rows.columns.tolist()) == ([2, 6, 3, 1], [1, 3, 0, 1])
    assert rows.starts.tolist() == [0, 2, 2, 4]
    np.testing.assert_array_equal(rows.toarray(), dense)
    for array, old in zip((matrix.data, matrix.indices, matrix.indptr), before, strict=True):
        np.testing.assert_array_equal(array, old)
        assert array.dtype == old.dtype
    assert (
        SparseRows.of(sparse.csr_array(([0.0], ([0], [1])), shape=(2, 3))).toarray().tolist() == [[0] * 3] * 2
    )


@pytest.mark.parametrize(
    "rows",
    [
        slice(1, 3),
        slice(None),
        slice(3, 1),
        slice(-2, None),
        slice(None, None, 2),
        [4, 1, 1],
        [],
        -1,
        2,
        MASK,
    ],
    ids=str,
)
def test_rows_are_indexed_as_those_of_an_array(rows: Any) -> None:
    found = SparseRows.of(sparse.csr_array(DENSE))[rows]
    array = found.toarray() if isinstance(found, SparseRows) else found
    np.testing.assert_array_equal(array, DENSE[np.arange(5)[rows]] if rows != [] else DENSE[:0])


def test_columns_in_another_order() -> None:
    rows = SparseRows.of(sparse.csr_array(DENSE)).with_columns([4, -1, 0, 2], 5)
    expected = np.zeros((5, 5))
    expected[:, [4, 0, 2]] = DENSE[:, [0, 2, 3]]
    np.testing.assert_array_equal(rows.toarray(), expected)
    assert rows.columns.tolist() == [0, 4, 0, 2, 4, 2]


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (sparse.csr_array(DENSE * 1j), "real numbers"),
        (sparse.coo_array(DENSE[1]), "real numbers"),
        (sparse.coo_array(([1.0], ([0], [2**31])), shape=(1, 2**32)), "below 2\\^31"),
        (damaged(indices=[0, 2, 0, 1, 2, 3, 4]), "indices"),
        (damaged(indices=[0, 2, 0, 1, 2, 3, -1]), "indices"),
        (damaged(indptr=[0, 0, 2, 2, 6, 9]), "indices"),
        (damaged(indptr=[0, 0, 7, 2, 6, 7]), "indices"),
        (damaged(indptr=[1, 1, 2, 2, 6, 7]), "indices"),
        (damaged(indptr=[0, 2, 6, 7]), "indices"),
    ],
)
def test_invalid_matrices(matrix: Any, reason: str) -> None:
    with pytest.raises(HandgradError, match=reason) as error:
        SparseRows.of(matrix)
    assert "\n" not in str(error.value)
