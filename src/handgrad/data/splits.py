"""The training, validation and test split of a data set."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from handgrad.config import TASKS
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError


class Splits:
    """A training split, and optionally a validation and a test split, as `load_data` returns them.

    Parameters
    ----------
    train : Dataset
        Examples to train on.
    validation : Dataset, optional
        Examples to choose epochs and hyper-parameters on.
    test : Dataset or function, optional
        Examples to measure the result on, or a function without arguments that opens them when they are first used.
    source : str
        Name or path of the data.

    Raises
    ------
    HandgradError
        If examples of two splits differ in size, or a split is not a `Dataset`.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> rng = np.random.default_rng(0)
    >>> splits = hg.load_data("strokes:600").split_validation(100, rng)
    >>> splits.train
    Dataset(500 examples of 1×28×28 uint8, 10 classes)
    >>> len(splits.validation), len(splits.test)
    (100, 100)
    """

    def __init__(
        self,
        train: Dataset,
        validation: Dataset | None = None,
        test: Dataset | Callable[[], Dataset] | None = None,
        source: str = "",
    ) -> None:
        self.train, self.validation, self.source, self._test = train, validation, source, test
        self._check(train, "training")
        if validation is not None:
            self._check(validation, "validation")

    def __repr__(self) -> str:
        return f"Splits({self.source!r}, train={self.train}, validation={self.validation})"

    @cached_property
    def test(self) -> Dataset | None:
        """Test split, for `evaluate`, or None. Training never opens it."""
        test = self._test() if callable(self._test) else self._test
        return None if test is None else self._check(test, "test")

    def _check(self, split: Any, name: str) -> Dataset:
        where = self.source or "the data"
        if not isinstance(split, Dataset):
            raise HandgradError(f"{where}: the {name} examples must be a Dataset; got {type(split).__name__}")
        width, expected = split.inputs.shape[1], self.train.inputs.shape[1]
        if width != expected:
            raise HandgradError(f"{where}: training examples have {expected} values, {name} examples {width}")
        return split

    def split(self, name: str) -> Dataset:
        """Return a split by name.

        Parameters
        ----------
        name : {"train", "validation", "test"}
            Name of the split.

        Returns
        -------
        Dataset
            The split.

        Raises
        ------
        HandgradError
            If there is no such split.
        """
        if name not in ("train", "validation", "test"):
            raise HandgradError(f"unknown split '{name}'; choose from train, validation, test")
        split: Dataset | None = getattr(self, name)
        if split is None:
            others = "train or validation" if self.validation else "train"
            raise HandgradError(f"{self.source or 'the data'} has no {name} split; choose {others}")
        return split

    def with_validation(self, validation: Dataset) -> "Splits":
        """Return the splits with other examples for validation.

        Parameters
        ----------
        validation : Dataset
            Examples of the same form and classes.

        Returns
        -------
        Splits
            The splits.

        Raises
        ------
        HandgradError
            If the examples do not match those of the training split.
        """
        if not len(validation):
            raise HandgradError("the validation data hold no examples")
        if (validation.task, validation.classes) != (self.train.task, self.train.classes):
            names = f"{', '.join(validation.classes):.60}"
            other = f"other {TASKS[self.train.task]} than the training data: {names}"
            raise HandgradError(f"the validation data have {other}")
        return Splits(self.train, validation, self._test, self.source)

    def split_validation(self, examples: int, rng: np.random.Generator) -> "Splits":
        """Move random examples from the training split to the validation split, if there is none.

        Parameters
        ----------
        examples : int
            Number of examples to move.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        Splits
            The splits, unchanged if there is a validation split.

        Raises
        ------
        HandgradError
            If no training examples would be left.
        """
        if self.validation is not None:
            return self
        count = len(self.train)
        if not 0 < examples < count:
            held = f"cannot split {examples} validation examples from {count} training examples"
            hint = f"set validation to 1 to {count - 1}" if count > 1 else "add examples"
            raise HandgradError(f"{held}; {hint}")
        order = rng.permutation(count)
        train, validation = (self.train.take(np.sort(part)) for part in (order[examples:], order[:examples]))
        return Splits(train, validation, self._test, self.source)
