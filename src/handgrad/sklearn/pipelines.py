"""A fitted pipeline as one network: the steps before the estimator become scaling, names of inputs and weights.

Steps that scale numbers, fill in missing ones or encode categories compute each output from one column: a x + b of a
number, and a constant for each category. Transforming rows that differ in one cell measures these, whatever the
options of the steps are. From the scaled columns u, the steps compute A u + b, and with the first layer of the
estimator that is W (A u + b) + w = (W A) u + (W b + w), again a Dense layer.
"""

import json
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from handgrad.data.columns import IS
from handgrad.errors import HandgradError, quoted
from handgrad.model.files import model_tensors, network_from_tensors
from handgrad.model.layers import Dense
from handgrad.model.network import Network

SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)
SUPPORTED = (ColumnTransformer, Pipeline, SimpleImputer, OneHotEncoder, *SCALERS)
ROUNDING = 1e-9
"""Of scaled values."""


def fold(steps: Sequence[Any], network: Network) -> Network:
    """Return the network that takes the columns of the first step, where `network` takes the outputs of the last.

    HandgradError names what cannot be part of a network.
    """
    first = next((step for step in steps if not _is_identity(step)), None)
    if first is None:
        return network
    if any(IS in feature for feature in network.features):
        raise HandgradError(
            "the estimator of this pipeline encodes text; let a OneHotEncoder among the steps do that"
        )
    columns = _Columns(first)
    columns.note_numbers(_through([*steps], [*range(len(columns.names))], columns.note))
    inputs = columns.inputs()
    for _ in range(2):  # the second time near the root, where rounding is small
        columns.scale(inputs, *columns.measure(inputs, steps, network))
    weights, biases = columns.measure(inputs, steps, network)
    # NaN goes through a scaler, but the estimator refuses it: only an imputer makes an input of missing numbers
    kept = [each.kind != "missing" or np.isfinite(w).all() for each, w in zip(inputs, weights.T, strict=True)]
    inputs, weights = [each for each, keep in zip(inputs, kept, strict=True) if keep], weights[:, kept]
    if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
        raise HandgradError("the steps of this pipeline compute numbers that are not finite")

    tensors, metadata = model_tensors(network)
    numbers, sources = [each.kind == "number" for each in inputs], [each.source for each in inputs]
    tensors["scaling.shift"] = np.where(numbers, columns.shift[sources], 0.0)
    tensors["scaling.divisor"] = np.where(numbers, columns.divisor[sources], 1.0)
    size = len(inputs)
    same = weights.shape == (size, size) and np.allclose(weights, np.eye(size), atol=ROUNDING)
    if not same or np.abs(biases).max() > ROUNDING:
        layer = network.layers[0]
        if type(layer) is not Dense:
            raise HandgradError(
                f"before {layer!r:.60} steps can only scale columns; before Dense, they can do more"
            )
        dense = tensors["layers.0.weights"].astype(np.float64)
        tensors["layers.0.biases"] = (tensors["layers.0.biases"] + dense @ biases).astype(network.dtype)
        tensors["layers.0.weights"] = (dense @ weights).astype(network.dtype)
        metadata |= dict.fromkeys(("input_shape", "example_shape"), json.dumps([size]))
    features = [each.feature for each in inputs] if columns.named or False in numbers else []
    return network_from_tensors(tensors, metadata | {"features": json.dumps(features)}, Path("the pipeline"))


def _is_identity(step: Any) -> bool:
    unchanged = type(step) is FunctionTransformer and step.func is None
    return unchanged or step is None or (isinstance(step, str) and step == "passthrough")


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and isnan(cell))


def _through(step: Any, columns: list[Any], compute: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """Pass columns through a step, or steps in a row; `compute` does it for those that are not made of others."""
    if _is_identity(step):
        return columns
    if isinstance(step, str) and step == "drop":
        return []
    if type(step) is Pipeline:
        step = [part for _, part in step.steps]
    if isinstance(step, list):
        for part in step:
            columns = _through(part, columns, compute)
        return columns
    if type(step) is ColumnTransformer and not step.transformer_weights:
        chosen = step._transformer_to_input_indices  # however the columns were selected
        parts = [
            (step.named_transformers_[name], indices) for name, indices in chosen.items() if len(indices)
        ]
        return [c for part, indices in parts for c in _through(part, [columns[k] for k in indices], compute)]
    return compute(step, columns)


def _transform(step: Any, columns: list[Any]) -> list[Any]:
    """Transform columns of cells, (N,) each."""
    if type(step) is OneHotEncoder and step.handle_unknown == "error":
        step = copy(step).set_params(handle_unknown="ignore")
    cells = np.column_stack(columns)
    if getattr(step, "missing_values", nan) is not None:  # else it takes objects
        with suppress(TypeError, ValueError):  # text stays
            cells = cells.astype(np.float64)
    outputs = step.transform(cells)
    return [*np.asarray(outputs.toarray() if issparse(outputs) else outputs).T]


@dataclass(frozen=True)
class _Input:
    """An input of the folded network: the number in a column, whether it is missing, or whether it is a category."""

    source: int
    feature: str
    kind: Literal["number", "missing", "category"]
    cell: Any = None


class _Columns:
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

    def note(self, step: Any, sources: list[int | None]) -> list[int | None]:
        """Note what a step does with columns, and return for each output its column, or None once it is encoded."""
        if type(step) in SCALERS and not getattr(step, "clip", False):
            self.note_numbers(sources)
            return sources
        if type(step) is SimpleImputer and _is_missing(step.missing_values):
            self.missing |= {source: step.missing_values for source in sources if source is not None}
            pairs = zip(sources, step.statistics_, strict=True)
            kept = [source for source, value in pairs if step.keep_empty_features or not _is_missing(value)]
            return kept + [None] * (len(step.get_feature_names_out()) - len(kept))
        if type(step) is OneHotEncoder and None not in sources:
            for source, categories in zip(sources, step.categories_, strict=True):
                for category in categories.tolist():
                    self._add_category(source, category)
            return [None] * len(step.get_feature_names_out())
        known = ", ".join(kind.__name__ for kind in SUPPORTED)
        raise HandgradError(
            f"{step!r:.99} cannot be exported as a part of a network; {known} can, with most options"
        )

    def note_numbers(self, sources: list[int | None]) -> None:
        """Note columns that are used as numbers."""
        self.numbers |= {source for source in sources if source is not None}

    def _add_category(self, source: Any, category: Any) -> None:
        text = "" if _is_missing(category) else str(category)
        if isinstance(category, float) and category.is_integer():
            text = str(int(category))
        known = self.categories.setdefault(source, {})
        same = repr(known.setdefault(text, category)) == repr(category)
        if text != text.strip() or not same:
            problem = (
                "with spaces around it" if same else f"and {known[text]!r:.40}, which are the same as text"
            )
            where = f"column {quoted(self.names[source])} has the category {category!r:.40}"
            raise HandgradError(f"{where} {problem}; replace it, and fit again")

    def inputs(self) -> list[_Input]:
        """Return the inputs of the network in the order of the columns."""
        for source in self.missing.keys() & self.categories.keys():
            self._add_category(source, self.missing[source])
        inputs = []
        for source in sorted(self.numbers | self.categories.keys()):
            name, categories = self.names[source], self.categories.get(source, {})
            if IS in name and (self.named or self.categories):
                raise HandgradError(
                    f"column {quoted(name)} has '{IS}' in its name, as inputs have; rename it"
                )
            if categories and source in self.numbers:
                raise HandgradError(
                    f"column {quoted(name)} is a number and encoded, too; only one can be exported"
                )
            for text in sorted(categories):
                inputs.append(_Input(source, f"{name}{IS}{text}", "category", categories[text]))
            if not categories:
                inputs.append(_Input(source, name, "number"))
                inputs.append(_Input(source, f"{name}{IS}", "missing", self.missing.get(source, nan)))
        return inputs

    def measure(
        self, inputs: list[_Input], steps: Sequence[Any], network: Network
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return A (J, I) and b (J,), where A u + b are the J scaled inputs of `network`."""
        row = self.shift.astype(object)
        for source, categories in self.categories.items():
            cells = [cell for cell in categories.values() if not _is_missing(cell)]
            row[source] = (
                "\0" if any(isinstance(cell, str) for cell in cells) else max(cells, default=0) + 1
            )  # unknown
        rows = np.tile(row, (1 + len(inputs), 1))
        for k, each in enumerate(inputs, 1):
            number = self.shift[each.source] + self.divisor[each.source]
            rows[k, each.source] = number if each.kind == "number" else each.cell
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unknown categories, and of arrays in place of DataFrames
            outputs = np.column_stack(_through([*steps], [*rows.T], _transform)).astype(np.float64)
        scaled = network.scaling(outputs, np.float64) if network.scaling else outputs
        return (scaled[1:] - scaled[0]).T, scaled[0]

    def scale(self, inputs: list[_Input], weights: NDArray[np.float64], biases: NDArray[np.float64]) -> None:
        """Scale numbers so that the output which depends most on one has the weight 1, and 0 at the shift."""
        for each, column in zip(inputs, weights.T, strict=True):
            output = np.abs(column).argmax()
            if each.kind == "number" and column[output]:
                self.shift[each.source] -= self.divisor[each.source] * biases[output] / column[output]
                self.divisor[each.source] /= np.abs(column[output])
