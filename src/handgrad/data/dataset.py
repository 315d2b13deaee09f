"""Examples in memory, as the files have them: bytes stay bytes until a batch is needed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.config import FRAMINGS
from handgrad.data.batches import Rows, batches, epoch_order
from handgrad.errors import HandgradError


@contextmanager
def naming(where: Path | str) -> Iterator[None]:
    """Say in which file it was that data were refused."""
    try:
        yield
    except HandgradError as error:
        raise HandgradError(f"{where}: {error}") from error.__cause__


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples with their labels.

    Parameters
    ----------
    inputs : (N, I), uint8 or float32
        Images of any shape are flattened; other numbers become float32.
    labels : (N,), whole numbers from 0 to C − 1
    classes : sequence of str, or int
        The names of the classes, or only their number.
    input_shape : tuple of int, optional
        Of one example: ``(1, 28, 28)`` for grey images; ``(I,)`` unless given.
    framing : str
        How a picture becomes an example: ``"digit"`` as MNIST frames digits, ``"plain"`` only resized.
    features : sequence of str, optional
        The names of the I inputs, where a table has them.

    Raises
    ------
    HandgradError
        If the arrays do not belong together, or hold NaN, infinity or a label out of range.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]
    classes: Sequence[str] | int
    input_shape: tuple[int, ...] = ()
    framing: str = "digit"
    features: Sequence[str] = ()

    def __post_init__(self) -> None:
        inputs, labels = np.asarray(self.inputs), np.asarray(self.labels)
        classes = self.classes
        names = tuple(map(str, classes if isinstance(classes, Sequence) else range(classes)))
        shape = tuple(self.input_shape) or inputs.shape[1:]
        if inputs.ndim < 2 or prod(inputs.shape[1:]) != prod(shape):
            raise HandgradError(f"inputs of shape {inputs.shape} are not examples of shape {shape}")
        if not prod(shape):
            raise HandgradError(f"inputs of shape {inputs.shape} hold no values")
        if labels.shape != (len(inputs),):
            raise HandgradError(f"there are {len(inputs)} inputs, but labels of shape {labels.shape}")
        if inputs.dtype.kind not in "uifb" or labels.dtype.kind not in "ui":
            raise HandgradError(
                f"inputs must be numbers and labels whole numbers; got {inputs.dtype}, {labels.dtype}"
            )
        if len(set(names)) != len(names):
            raise HandgradError(f"two classes have the same name: {', '.join(names)}")
        if self.framing not in FRAMINGS:
            raise HandgradError(f"unknown framing '{self.framing}'; choose from {', '.join(FRAMINGS)}")
        if len(self.features) not in (0, prod(shape)):
            raise HandgradError(f"there are {prod(shape)} inputs, but {len(self.features)} names of them")
        if inputs.dtype != np.uint8:
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
                inputs = inputs.astype(np.float32, copy=False)
            if not np.isfinite(inputs).all():
                raise HandgradError("inputs hold NaN or infinity; remove or replace those values")
        if len(labels) and not (labels.min() >= 0 and labels.max() < len(names)):
            wrong = labels[(labels < 0) | (labels >= len(names))][0]
            raise HandgradError(f"label {wrong} is out of range: there are {len(names)} classes, 0 to C − 1")
        for field, value in (
            ("inputs", np.ascontiguousarray(inputs.reshape(len(inputs), prod(shape)))),
            ("labels", labels.astype(labels.dtype.newbyteorder("="), copy=False)),
            ("classes", names),
            ("input_shape", shape),
            ("features", tuple(self.features)),
        ):
            object.__setattr__(self, field, value)

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
        return tuple(self.classes)  # type: ignore[arg-type]  # a tuple of names since __post_init__

    def take(self, rows: NDArray[np.integer] | slice) -> "Dataset":
        """Give the examples at `rows` as a data set of their own."""
        return replace(self, inputs=self.inputs[rows], labels=self.labels[rows])

    def fingerprint(self) -> int:
        """Give a number that tells these examples from others."""
        return crc32(self.labels.tobytes(), crc32(self.inputs.data))

    def sample(self, count: int) -> NDArray[Any]:
        """Take the inputs of some `count` examples, evenly spread, (n, I)."""
        return self.inputs[:: max(1, len(self) // count)]

    def parts(self, rows: slice | None = None) -> "Iterator[Dataset]":
        """Give the examples, or a run of them, in parts that fit into memory: here in one."""
        start, stop, _ = (rows or slice(None)).indices(len(self))
        if stop - start == len(self):
            yield self
        elif start < stop:
            yield self.take(slice(start, stop))

    def cut(self, examples: int, rng: np.random.Generator) -> "tuple[Dataset, Dataset]":
        """Set some examples aside, drawn at random: gives the others, and those."""
        order = rng.permutation(len(self))
        return self.take(np.sort(order[examples:])), self.take(np.sort(order[:examples]))

    def draw_order(self, batch_size: int, rng: np.random.Generator) -> NDArray[np.integer] | None:
        """Draw the order of an epoch; see `data/batches.py`."""
        return epoch_order(len(self), batch_size, rng, self.inputs.shape[1] * self.inputs.dtype.itemsize)

    def batches(self, order: NDArray[np.integer] | None, batch_size: int, start: int = 0) -> Iterator[Rows]:
        """Cut an epoch into batches, after the first `start` examples of it."""
        return batches(order, len(self), batch_size, start)


class Splits:
    """What `load` gives: a train split, perhaps a validation split, perhaps a test split.

    Parameters
    ----------
    train : Dataset
    validation : Dataset, optional
    test : Dataset, or a function that opens it, optional
        Given as a function, the test split is read when `evaluate` first asks for it, and not before.
    source : str
        The name or path it all came from.
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
        self.validation = self._fitting(validation, "validation")
        self._test = test

    def __repr__(self) -> str:
        return f"Splits({self.source!r}, train={self.train}, validation={self.validation}, test unopened)"

    @cached_property
    def test(self) -> Dataset | None:
        """The test split; it is for `evaluate` alone."""
        return self._fitting(self._test() if callable(self._test) else self._test, "test")

    def split(self, name: str) -> Dataset:
        """Give the split of that name: train, validation or test.

        Raises
        ------
        HandgradError
            If there is none.
        """
        splits = ("train", "validation", "test")
        if name not in splits:
            raise HandgradError(f"unknown split '{name}'; choose from {', '.join(splits)}")
        split: Dataset | None = getattr(self, name)
        if split is None:
            others = [other for other in splits[:2] if getattr(self, other) is not None]
            raise HandgradError(
                f"{self.source or 'the data'} has no {name} split; it has {' and '.join(others)}; name "
                f"{'that' if len(others) == 1 else 'one of them'}: --split {' or --split '.join(others)}"
            )
        return split

    def _fitting(self, split: Dataset | None, name: str) -> Dataset | None:
        """Refuse a split whose examples are of another size than those to train on."""
        if split is not None and split.inputs.shape[1] != self.train.inputs.shape[1]:
            raise HandgradError(
                f"{self.source or 'the data'}: examples to train on have {self.train.inputs.shape[1]} values, "
                f"{name} examples have {split.inputs.shape[1]}"
            )
        return split

    def with_validation(self, validation: Dataset) -> "Splits":
        """Give the same splits with examples of one's own to validate on.

        Raises
        ------
        HandgradError
            If they hold no examples, or others than train: of another size, or with other classes.
        """
        if not len(validation):
            raise HandgradError("the data to validate on hold no examples")
        if validation.class_names != self.train.class_names:
            raise HandgradError(
                f"the data to validate on have the classes {', '.join(validation.class_names):.60}, "
                f"those to train on {', '.join(self.train.class_names):.60}"
            )
        return Splits(self.train, validation, self._test, self.source)

    def split_validation(self, examples: int, rng: np.random.Generator) -> "Splits":
        """Move `examples` examples, drawn at random, from train to validation.

        Data that bring a validation split of their own keep it, and nothing is cut.

        Raises
        ------
        HandgradError
            If fewer than one example would be left to train on.
        """
        if self.validation is not None:
            return self
        if not 0 < examples < len(self.train):
            raise HandgradError(
                f"cannot cut {examples} validation examples from {len(self.train)} training examples"
            )
        train, validation = self.train.cut(examples, rng)
        return Splits(train, validation, self._test, self.source)
