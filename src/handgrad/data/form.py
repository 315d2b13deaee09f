"""The form of a table: what is known of it before it is read, from the user, the training split or a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from handgrad.config import check_task, unique_names
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError

LABEL = "label"
"""The column that is predicted, unless others are named."""


@dataclass(frozen=True)
class Form:
    """How a table should be read; what is not given is found in the file.

    Parameters
    ----------
    targets : str or sequence of str
        The columns to predict; default: those of the names of the targets, if these are known, else ``label``. Where
        they have these names they are taken by name, and otherwise in their order.
    task : {"classification", "multilabel", "regression"}, optional
    classes : sequence of str, optional
        The names of all classes, labels or targets.
    features : sequence of str
        The names of the inputs.
    inputs : int
        Their number, where they may have no names; 0 if it is not known.
    dtype : numpy dtype, optional
        Of the inputs.
    means : mapping from str to float
        By column the number that stands for missing ones.
    """

    targets: Sequence[str] = ()
    task: str | None = None
    classes: Sequence[str] | None = None
    features: Sequence[str] = ()
    inputs: int = 0
    dtype: Any = None
    means: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        targets = (self.targets,) if isinstance(self.targets, str) else self.targets
        names = unique_names(targets, "targets")
        if self.task is not None:
            check_task(self.task)
        if self.task in ("multilabel", "regression") and self.classes is not None and len(self.classes) > 1:
            known = tuple(map(str, self.classes))
            if {*names} == {*known}:
                names = known  # by name, in whatever order they were given
            elif not {*names}.isdisjoint(known):
                ours, theirs = ", ".join(known), ", ".join(names)
                raise HandgradError(f"the targets {theirs:.80} are not all those of the model: {ours:.120}")
        object.__setattr__(self, "targets", names)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns to predict."""
        named = () if self.task in (None, "classification") else self.classes
        return tuple(self.targets or named or (LABEL,))

    def key(self) -> list[str]:
        """Return what identifies the result of reading a file with this form."""
        means = map(str, sorted(self.means.items()))
        return [str(self.task), *self.columns, "", *(self.classes or ()), "", *self.features, *means]

    @classmethod
    def of(cls, dataset: Dataset, targets: Sequence[str] = ()) -> Self:
        """Return the form of a data set, for other examples of the same kind."""
        width, dtype = dataset.inputs.shape[1], np.dtype(dataset.inputs.dtype)
        return cls(targets, dataset.task, dataset.classes, dataset.features, width, dtype, dataset.means)
