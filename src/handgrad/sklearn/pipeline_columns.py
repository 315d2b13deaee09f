"""The columns that a fitted pipeline takes: which are numbers, which categories, and which may be missing."""

from copy import copy
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from handgrad.data.columns import IS
from handgrad.errors import HandgradError, quoted

SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)
SUPPORTED = (ColumnTransformer, Pipeline, SimpleImputer, OneHotEncoder, *SCALERS)


def is_missing(cell: Any) -> bool:
    """Whether a cell is None or NaN."""
    return cell is None or (isinstance(cell, float) and isnan(cell))


class Cells(NamedTuple):
    """What a step takes or returns: the cells of a column, scaled or filled, or numbers that encode them."""

    source: int
    encoded: bool = False
    filled: bool = False


class Input(NamedTuple):
    """An input of the folded network: the number in a column, whether it is missing, or whether it is a category.

    It is 1 in a row of those that `pipelines` transforms.
    """

    source: int
    feature: str
    kind: Literal["number", "missing", "category"]
    row: int


class Columns:
    """The columns that the first step takes, by position; `note` collects from the steps what they hold."""

    def __init__(self, first: Any) -> None:
        self.named = hasattr(first, "feature_names_in_")
        names = first.feature_names_in_ if self.named else [f"x{k}" for k in range(first.n_features_in_)]
        self.names = [*map(str, names)]
        self.numbers: set[int] = set()
        self.categories: dict[int, dict[str, Any]] = {}
        """For each column that is encoded, its categories by their texts."""
        self.missing: dict[int, Any] = {}
        """For each column that is filled in, what stands for a missing cell: None or NaN."""
        self.shift, self.divisor = np.zeros(len(self.names)), np.ones(len(self.names))
        self.inputs: list[Input] = []
        self.outputs: dict[int, list[int]] = {}
        """For each column the outputs of the last step that depend on it."""

    def note(self, step: Any, cells: list[Cells]) -> list[Cells]:
        """Note what a step does with columns, and return what it computes."""
        if type(step) in SCALERS and not getattr(step, "clip", False):
            self.numbers |= {each.source for each in cells if not each.encoded}
            return cells
        if type(step) is SimpleImputer and is_missing(step.missing_values):
            self.missing |= {each.source: step.missing_values for each in cells if not each.encoded}
            empty = [not step.keep_empty_features and is_missing(value) for value in step.statistics_]
            filled = [
                each._replace(filled=True) for each, drops in zip(cells, empty, strict=True) if not drops
            ]
            indicators = step.indicator_.features_ if step.add_indicator else []
            return filled + [cells[k]._replace(encoded=True) for k in indicators]
        if type(step) is OneHotEncoder and not any(each.encoded for each in cells):
            for each, categories in zip(cells, step.categories_, strict=True):
                for category in categories.tolist():
                    self._add_category(each.source, category)
            names = getattr(step, "feature_names_in_", [f"x{k}" for k in range(len(cells))])
            sources = {name: each.source for name, each in zip(names, cells, strict=True)}
            of_columns = copy(step).set_params(feature_name_combiner=lambda name, category: name)
            return [Cells(sources[name], encoded=True) for name in of_columns.get_feature_names_out()]
        known = ", ".join(kind.__name__ for kind in SUPPORTED)
        raise HandgradError(f"{step!r:.99} cannot be exported as a part of a network; use {known}")

    def _add_category(self, source: int, category: Any) -> None:
        text = "" if is_missing(category) else str(category)
        if isinstance(category, float) and category.is_integer():
            text = str(int(category))
        known = self.categories.setdefault(source, {}).setdefault(text, category)
        if repr(known) != repr(category):
            problem = f"and {known!r:.40}, which are the same as text"
        elif text != text.strip():
            problem = "with spaces around it"
        elif text and not isinstance(category, str | int | float):
            problem = "which is not a text or number"
        else:
            return
        where = f"column {quoted(self.names[source])} has the category {category!r:.40}"
        raise HandgradError(f"{where} {problem}; replace it, and fit again")

    def note_outputs(self, outputs: list[Cells]) -> None:
        """Note what the last step computes, and with it the inputs of the network, in the order of the columns."""
        for index, each in enumerate(outputs):
            self.outputs.setdefault(each.source, []).append(index)
            if not each.encoded:
                self.numbers.add(each.source)
            if not each.encoded and not each.filled:
                self.missing.pop(each.source, None)  # the estimator refuses NaN
        for source in self.missing.keys() & self.categories.keys():
            self._add_category(source, self.missing[source])
        for source in sorted(self.outputs):
            name, categories = self.names[source], self.categories.get(source, {})
            if IS in name and (self.named or self.categories):
                raise HandgradError(
                    f"column {quoted(name)} has '{IS}' in its name, as inputs have; rename it"
                )
            if categories and source in self.numbers:
                raise HandgradError(
                    f"column {quoted(name)} is a number and encoded, too; only one can be exported"
                )
            for row, text in enumerate(sorted(categories), 3):
                self.inputs.append(Input(source, f"{name}{IS}{text}", "category", row))
            if not categories:
                self.inputs.append(Input(source, name, "number", 1))
            if not categories and source in self.missing:
                self.inputs.append(Input(source, f"{name}{IS}", "missing", 2))
