"""Examples as the files have them: bytes stay bytes until a batch is needed, and memory maps stay in their files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import (
    PART,
    MappedRows,
    as_array,
    convert_inputs,
    encode_classes,
    is_mapped,
    random_access,
    read_ahead,
    row_slices,
)
from handgrad.data.batches import Rows, batches, epoch_order, window_sizes
from handgrad.errors import HandgradError

FRAMINGS = ("digit", "plain")
FINGERPRINTED = 2**28
"""Bytes of inputs that identify a data set: all of smaller ones, evenly spaced blocks of larger ones."""


@contextmanager
def naming(where: Path | str) -> Iterator[None]:
    """Put a file name before the message of an error about its data."""
    try:
        yield
    except HandgradError as error:
        raise HandgradError(f"{where}: {error}") from error.__cause__


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples with their labels.

    Parameters
    ----------
    inputs : array-like, (N, ...)
        Numbers; examples are flattened to (N, I). uint8 stays uint8, and integers of another type become uint8 where
        they are pixels: from 0 to 255, with a maximum of 128 or more. Everything else becomes float32. Memory maps
        are not copied: their rows are converted when they are used.
    labels : array-like, (N,)
        Whole numbers from 0 to C − 1, or names of classes.
    classes : sequence of str, or int, optional
        The names of the classes, or their number. Default: the names that occur in `labels`, sorted, or the numbers
        up to the largest.
    input_shape : tuple of int, optional
        Of one example, e.g. ``(1, 28, 28)`` for grey images; default: the shape of `inputs` without N.
    framing : {"digit", "plain"}, optional
        How an image file becomes an example: framed as MNIST frames digits, or only resized. Default: ``"digit"``
        for images of shape ``(1, 28, 28)``, else ``"plain"``.
    features : sequence of str, optional
        The names of the I inputs.

    Raises
    ------
    HandgradError
        If the arrays do not belong together, or hold NaN, infinity or a label out of range.
    """

    inputs: Any
    labels: Any
    classes: Any = None
    input_shape: tuple[int, ...] = ()
    framing: str = ""
    features: Sequence[str] = ()

    def __post_init__(self) -> None:
        inputs = self.inputs if is_mapped(self.inputs) else as_array(self.inputs, "inputs")
        shape = tuple(map(int, self.input_shape)) or inputs.shape[1:]
        if inputs.ndim < 2 or prod(inputs.shape[1:]) != prod(shape):
            raise HandgradError(f"inputs of shape {inputs.shape} are not examples of shape {shape}")
        if not prod(shape):
            raise HandgradError(f"inputs of shape {inputs.shape} hold no values")
        labels, names = encode_classes(as_array(self.labels, "labels"), self.classes)
        if len(labels) != len(inputs):
            raise HandgradError(f"there are {len(inputs)} inputs, but labels of shape {labels.shape}")
        framing = self.framing or ("digit" if shape == (1, 28, 28) else "plain")
        if framing not in FRAMINGS:
            raise HandgradError(f"unknown framing '{framing}'; choose from {', '.join(FRAMINGS)}")
        if len(self.features) not in (0, prod(shape)):
            raise HandgradError(f"there are {prod(shape)} inputs, but {len(self.features)} names of them")
        self._set(
            inputs=convert_inputs(inputs, prod(shape)),
            labels=labels,
            classes=names,
            input_shape=shape,
            framing=framing,
            features=tuple(map(str, self.features)),
        )

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def with_arrays(self, inputs: Any, labels: NDArray[Any]) -> "Dataset":
        """Return a data set with other inputs and labels, which are not checked again."""
        dataset = copy(self)
        dataset._set(inputs=inputs, labels=labels)
        return dataset

    def __repr__(self) -> str:
        shape = "×".join(map(str, self.input_shape))
        return (
            f"Dataset({len(self):,} examples of {shape} {self.inputs.dtype}, {len(self.class_names)} classes)"
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(self.classes)

    def take(self, rows: NDArray[np.integer] | slice) -> "Dataset":
        """Return the examples at `rows` as a data set; many examples of a memory map stay in its file."""
        inputs = self.inputs
        if is_mapped(inputs) and not isinstance(rows, slice) and len(rows) * self._row_bytes > PART:
            inputs = MappedRows(inputs, rows)
        else:
            inputs = inputs[rows]
        return self.with_arrays(inputs, self.labels[rows])

    def fingerprint(self) -> int:
        """Return a checksum that identifies the data."""
        checksum = crc32(np.ascontiguousarray(self.labels).data)
        slices = list(row_slices(self.inputs, FINGERPRINTED // 256))
        for part in slices[:: -(-len(slices) // 256)]:
            checksum = crc32(np.ascontiguousarray(self.inputs[part]).data, checksum)
        return checksum

    def sample(self, count: int) -> NDArray[Any]:
        """Return the inputs of about `count` examples, evenly spaced, (n, I)."""
        return np.ascontiguousarray(self.inputs[:: max(1, len(self) // count)])

    def parts(self) -> "Iterator[Dataset]":
        """Yield the examples in parts of at most 64 MB."""
        return map(self.take, row_slices(self.inputs))

    def cut(self, examples: int, rng: np.random.Generator) -> "tuple[Dataset, Dataset]":
        """Split off some examples, drawn at random; returns the others, and those."""
        order = rng.permutation(len(self))
        return self.take(np.sort(order[examples:])), self.take(np.sort(order[:examples]))

    def draw_order(self, batch_size: int, rng: np.random.Generator) -> NDArray[np.integer] | None:
        """Draw the order of an epoch; see `data/batches.py`."""
        return epoch_order(len(self), batch_size, rng, self._row_bytes)

    def batches(self, order: NDArray[np.integer] | None, batch_size: int, start: int = 0) -> Iterator[Rows]:
        """Cut an epoch into batches, after the first `start` examples of it; a memory map is read ahead."""
        block, window = window_sizes(self._row_bytes)
        if order is None or not is_mapped(self.inputs) or len(self) <= window:
            yield from batches(order, len(self), batch_size, start)
            return
        ahead = start // window
        with random_access(self.inputs):
            for rows in batches(order, len(self), batch_size, start):
                while ahead * window <= start + window:  # this window and the next
                    for number in np.unique(order[ahead * window : (ahead + 1) * window] // block).tolist():
                        read_ahead(self.inputs, number * block, min((number + 1) * block, len(self)))
                    ahead += 1
                start += batch_size
                yield rows

    @property
    def _row_bytes(self) -> int:
        return self.inputs.shape[1] * self.inputs.dtype.itemsize


class Splits:
    """A training split, and perhaps a validation and a test split; what `load_data` returns.

    Parameters
    ----------
    train : Dataset
    validation : Dataset, optional
    test : Dataset, or a function that opens it, optional
        A function is called when the test split is first used.
    source : str
        The name or path of the data.

    Raises
    ------
    HandgradError
        If examples of two splits differ in size.
    """

    def __init__(
        self,
        train: Dataset,
        validation: Dataset | None = None,
        test: Dataset | Callable[[], Dataset] | None = None,
        source: str = "",
    ) -> None:
        self.train = train
        self.source = source
        self.validation = self._checked(validation, "validation")
        self._test = test

    def __repr__(self) -> str:
        unopened = callable(self._test) and "test" not in vars(self)
        test = "not opened" if unopened else self.test
        return f"Splits({self.source!r}, train={self.train}, validation={self.validation}, test={test})"

    @cached_property
    def test(self) -> Dataset | None:
        """The test split, for `evaluate`; training never opens it."""
        return self._checked(self._test() if callable(self._test) else self._test, "test")

    def split(self, name: str) -> Dataset:
        """Return a split by name: train, validation or test.

        Raises
        ------
        HandgradError
            If there is no such split.
        """
        splits = ("train", "validation", "test")
        if name not in splits:
            raise HandgradError(f"unknown split '{name}'; choose from {', '.join(splits)}")
        split: Dataset | None = getattr(self, name)
        if split is None:
            others = [other for other in splits[:2] if getattr(self, other) is not None]
            raise HandgradError(
                f"{self.source or 'the data'} has no {name} split; choose {' or '.join(others)}"
            )
        return split

    def _checked(self, split: Dataset | None, name: str) -> Dataset | None:
        """Raise HandgradError where the examples of a split have another size than those of the training split."""
        if split is not None and split.inputs.shape[1] != self.train.inputs.shape[1]:
            raise HandgradError(
                f"{self.source or 'the data'}: training examples have {self.train.inputs.shape[1]} values, "
                f"{name} examples have {split.inputs.shape[1]}"
            )
        return split

    def with_validation(self, validation: Dataset) -> "Splits":
        """Return the same splits with other examples for validation.

        Raises
        ------
        HandgradError
            If they are empty, or have another size or other classes than the training examples.
        """
        if not len(validation):
            raise HandgradError("the validation data hold no examples")
        if validation.class_names != self.train.class_names:
            raise HandgradError(
                f"the validation data have the classes {', '.join(validation.class_names):.60}, "
                f"the training data {', '.join(self.train.class_names):.60}"
            )
        return Splits(self.train, validation, self._test, self.source)

    def split_validation(self, examples: int, rng: np.random.Generator) -> "Splits":
        """Move `examples` random examples from train to validation, unless there is a validation split already.

        Raises
        ------
        HandgradError
            If fewer than one training example would be left.
        """
        if self.validation is not None:
            return self
        if not 0 < examples < len(self.train):
            raise HandgradError(
                f"cannot split {examples} validation examples from {len(self.train)} training examples"
            )
        train, validation = self.train.cut(examples, rng)
        return Splits(train, validation, self._test, self.source)
