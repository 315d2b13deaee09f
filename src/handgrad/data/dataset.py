"""Examples as the files have them: bytes stay bytes until a batch is needed, and memory maps stay in their files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.config import FRAMINGS, count_outputs
from handgrad.data.arrays import (
    PART,
    MappedRows,
    arrays_of,
    convert_inputs,
    is_mapped,
    reading_ahead,
    row_slices,
)
from handgrad.data.batches import Rows, chunks, epoch_order, window_sizes
from handgrad.data.labels import encode_targets
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows, is_sparse
from handgrad.kernels.types import as_array


@contextmanager
def naming(where: Path | str) -> Iterator[None]:
    """Put a file name before the message of an error about its data."""
    try:
        yield
    except HandgradError as error:
        raise HandgradError(f"{where}: {error}") from error.__cause__


@dataclass(eq=False, repr=False)
class Dataset:
    """Examples with their labels.

    Parameters
    ----------
    inputs : array-like of shape (N, ...) or sparse matrix
        Numbers. Examples are flattened to (N, I). uint8 stays uint8. Integers of another type become uint8 where they
        are pixels: from 0 to 255, with a maximum of 128 or more. All other numbers become float32. Memory maps in C
        order are not copied.
    labels : array-like of shape (N,), (N, L) or (N, T)
        Classes (N,), as integers from 0 to C − 1 or as names; for several labels 0 or 1 (N, L); for a regression
        numbers (N,) or (N, T).
    classes : sequence of str or int, optional
        Names of the classes, labels or targets, or their number. Default: the sorted names in `labels`, or the
        numbers up to the largest. The attribute is a tuple of names.
    input_shape : tuple of int, optional
        Shape of one example, e.g. ``(1, 28, 28)`` for grey images. Default: the shape of `inputs` without N.
    framing : {"digit", "plain"}, optional
        How an image file becomes an example: framed as MNIST frames digits, or only resized. Default: ``"digit"`` for
        images of shape ``(1, 28, 28)``, else ``"plain"``.
    features : sequence of str, optional
        Names of the I inputs.
    task : {"classification", "multilabel", "regression"}
        Task: one class, any number of labels, or one or several numbers per example.
    means : mapping from str to float, optional
        Numbers that stand for missing values, by column of a table.

    Attributes
    ----------
    inputs : array of shape (N, I) or sparse rows
        Inputs.
    labels : array of shape (N,), (N, L) or (N, T)
        Numbers of the classes; uint8 for several labels; float64 for a regression.

    Raises
    ------
    HandgradError
        If the arrays do not match, or hold NaN or infinity.

    See Also
    --------
    load_data : Read data sets from files.

    Examples
    --------
    >>> import handgrad as hg
    >>> inputs = [[5.1, 3.5], [6.2, 2.9], [5.9, 3.0]]
    >>> labels = ["setosa", "virginica", "virginica"]
    >>> dataset = hg.Dataset(inputs, labels)
    >>> dataset
    Dataset(3 examples of 2 float32, 2 classes)
    >>> dataset.classes, dataset.labels
    (('setosa', 'virginica'), array([0, 1, 1]))
    """

    inputs: Any
    labels: Any
    classes: Any = None
    input_shape: tuple[int, ...] = ()
    framing: str = ""
    features: Sequence[str] = ()
    task: str = "classification"
    means: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs = self.inputs
        if is_sparse(inputs):
            inputs = SparseRows.of(inputs)
        elif not is_mapped(inputs):
            inputs = as_array(inputs, "inputs")
        labels = as_array(self.labels, "labels")
        shape = tuple(map(int, self.input_shape)) or inputs.shape[1:]
        if inputs.ndim < 2 or prod(inputs.shape[1:]) != prod(shape) or not prod(shape):
            raise HandgradError(f"inputs of shape {inputs.shape} are not examples of shape {shape}")
        if labels.shape[:1] != inputs.shape[:1]:
            raise HandgradError(f"there are {len(inputs)} inputs, but labels of shape {labels.shape}")
        framing = self.framing or ("digit" if shape == (1, 28, 28) else "plain")
        if framing not in FRAMINGS:
            raise HandgradError(f"unknown framing '{framing}'; choose from {', '.join(FRAMINGS)}")
        if len(self.features) not in (0, prod(shape)):
            raise HandgradError(f"there are {prod(shape)} inputs, but {len(self.features)} names of them")
        self.labels, self.classes = encode_targets(labels, self.classes, self.task)
        self.input_shape, self.framing, self.features = shape, framing, tuple(map(str, self.features))
        self.inputs = convert_inputs(inputs, prod(shape))

    def __repr__(self) -> str:
        shape, outputs = "×".join(map(str, self.input_shape)), count_outputs(self.task, len(self.classes))
        return f"Dataset({len(self):,} examples of {shape} {self.inputs.dtype}, {outputs})"

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.integer] | slice) -> "Dataset":
        """Return some of the examples as a data set.

        Parameters
        ----------
        rows : slice or array of int
            Their numbers, from 0.

        Returns
        -------
        Dataset
            The examples. Those of a memory map stay in its file if they are many.
        """
        dataset = copy(self)
        if is_mapped(self.inputs) and not isinstance(rows, slice) and len(rows) * self._row_bytes > PART:
            dataset.inputs = MappedRows(self.inputs, rows)
        else:
            dataset.inputs = self.inputs[rows]
        dataset.labels = self.labels[rows]
        return dataset

    def fingerprint(self) -> int:
        """Compute a checksum that identifies the data.

        Returns
        -------
        int
            Checksum of inputs and labels. Of inputs above 1 GB it covers evenly spaced parts.
        """
        checksum = crc32(np.ascontiguousarray(self.labels).data)
        for array in arrays_of(self.inputs):
            parts = list(row_slices(array))
            for part in parts[:: max(1, -(-len(parts) // 16))]:  # an array may be empty
                checksum = crc32(np.ascontiguousarray(array[part]).data, checksum)
        return checksum

    def sample(self, count: int) -> Any:
        """Return the inputs of some examples, evenly spaced.

        Parameters
        ----------
        count : int
            Approximate number of examples.

        Returns
        -------
        array of shape (n, I) or sparse rows
            Inputs.
        """
        rows = self.inputs[:: max(1, len(self) // count)]
        return rows if isinstance(rows, SparseRows) else np.ascontiguousarray(rows)

    def parts(self) -> "Iterator[Dataset]":
        """Split the examples into parts of at most 64 MB.

        Returns
        -------
        iterator of Dataset
            The parts in order.
        """
        return map(self.take, row_slices(self.inputs))

    def draw_order(self, batch_size: int, rng: np.random.Generator) -> NDArray[np.integer] | None:
        """Draw the order of an epoch.

        Parameters
        ----------
        batch_size : int
            Number of examples per batch.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        array of shape (N,) or None
            Numbers of the examples. None stands for the order of the data, in which one batch holds all.
        """
        return epoch_order(len(self), batch_size, rng, self._row_bytes)

    def batches(self, order: NDArray[np.integer] | None, batch_size: int, start: int = 0) -> Iterator[Rows]:
        """Split an epoch into batches.

        Parameters
        ----------
        order : array of shape (N,) or None
            Order of the examples, from `draw_order`.
        batch_size : int
            Number of examples per batch.
        start : int
            Number of examples that are left out at the beginning.

        Yields
        ------
        array of int or slice
            The examples of a batch. A memory map is read ahead.
        """
        rest = chunks(slice(start, len(self)) if order is None else order[start:], batch_size)
        block, window = window_sizes(self._row_bytes)
        if order is None or not is_mapped(self.inputs) or len(self) <= window:
            yield from rest
            return
        ahead = start // window
        with reading_ahead(self.inputs) as read:
            for rows in rest:
                while ahead * window <= start + window:  # this window and the next
                    for number in np.unique(order[ahead * window : (ahead + 1) * window] // block).tolist():
                        read(number * block, min((number + 1) * block, len(self)))
                    ahead += 1
                start += batch_size
                yield rows

    @property
    def _row_bytes(self) -> int:
        if isinstance(self.inputs, SparseRows):
            return self.inputs.nbytes // max(1, len(self))
        return self.inputs.shape[1] * self.inputs.dtype.itemsize
