"""A fitted pipeline as one network: the steps before the estimator become scaling, names of inputs and weights.

Steps that scale numbers, fill in missing ones or encode categories compute each output from one column: a x + b of a
number, and a constant for each category. Transforming a few rows measures these, whatever the options of the steps
are. From the scaled columns u, the steps compute A u + b, and with the first layer of the estimator that is
W (A u + b) + w = (W A) u + (W b + w), again a Dense layer.
"""

import json
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array, eye_array, issparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from handgrad.data.columns import IS
from handgrad.errors import HandgradError
from handgrad.model.files import model_tensors, network_from_tensors
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.sklearn.pipeline_columns import Cells, Columns, is_missing

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
        raise HandgradError("the estimator of this pipeline encodes text; put a OneHotEncoder before it")
    columns = Columns(first)
    columns.note_outputs(_through([*steps], [Cells(k) for k in range(len(columns.names))], columns.note))
    for _ in range(2):  # the second time near the root, where rounding is small
        _scale(columns, *_measure(columns, steps, network))
    weights, biases = _measure(columns, steps, network)
    if not (np.isfinite(weights.data).all() and np.isfinite(biases).all()):
        raise HandgradError("the steps of this pipeline compute numbers that are not finite")

    tensors, metadata = model_tensors(network)
    numbers = [each.kind == "number" for each in columns.inputs]
    sources = [each.source for each in columns.inputs]
    size = len(sources)
    shift, divisor = columns.shift[sources], columns.divisor[sources]
    for index, each in enumerate(columns.inputs):
        if (
            each.kind != "number"
        ):  # 0 or 1 until here; if the estimator standardizes, the shift is the frequency
            weight, output = _largest(weights, index)
            used = abs(weight) > ROUNDING
            shift[index], divisor[index] = (-biases[output] / weight, 1 / abs(weight)) if used else (0, 1)
    tensors |= {"scaling.shift": shift, "scaling.divisor": divisor}
    biases = biases + weights @ np.where(numbers, 0, shift)
    weights = weights @ diags_array(np.where(numbers, 1, divisor))
    same = weights.shape == (size, size) and abs(weights - eye_array(size)).max() < ROUNDING
    if not same or np.abs(biases).max() > ROUNDING:
        layer = network.layers[0]
        if type(layer) is not Dense:
            raise HandgradError(
                f"the steps before {layer!r:.60} may only scale columns; begin with a Dense layer"
            )
        dense = tensors["layers.0.weights"].astype(np.float64)
        tensors["layers.0.biases"] = (tensors["layers.0.biases"] + dense @ biases).astype(network.dtype)
        tensors["layers.0.weights"] = (dense @ weights).astype(network.dtype)
        metadata |= dict.fromkeys(("input_shape", "example_shape"), json.dumps([size]))
    features = [each.feature for each in columns.inputs] if columns.named or False in numbers else []
    return network_from_tensors(tensors, metadata | {"features": json.dumps(features)}, Path("the pipeline"))


def _is_identity(step: Any) -> bool:
    unchanged = type(step) is FunctionTransformer and step.func is None
    return unchanged or step is None or (isinstance(step, str) and step == "passthrough")


def _through(step: Any, columns: list[Any], compute: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """Pass columns through a step, or steps in a row; `compute` is called for those that contain no others."""
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


def _measure(
    columns: Columns, steps: Sequence[Any], network: Network
) -> tuple[csc_array, NDArray[np.float64]]:
    """Return A (J, I) and b (J,), where A u + b are the J scaled inputs of `network`.

    Rows are transformed in which all numbers are at their shift and all categories unknown, then one in which all
    numbers are larger by the divisor, one in which they are missing, and one for the first category of each
    column, for the second and so on.
    """
    rows = np.tile(columns.shift.astype(object), (1 + max(each.row for each in columns.inputs), 1))
    for source, categories in columns.categories.items():
        known = [cell for cell in categories.values() if not is_missing(cell)]
        texts = any(isinstance(cell, str) for cell in known)
        rows[:, source] = "\0" if texts else max(known, default=0) + 1  # an unknown category
    for source, feature, kind, row in columns.inputs:
        match kind:
            case "number":
                rows[row, source] += columns.divisor[source]
            case "missing":
                rows[row, source] = columns.missing[source]
            case "category":
                rows[row, source] = columns.categories[source][feature.partition(IS)[2]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown categories, and of arrays in place of DataFrames
        outputs = np.column_stack(_through([*steps], [*rows.T], _transform)).astype(np.float64)
    scaled = network.scaling(outputs, np.float64) if network.scaling else outputs
    entries = [
        (scaled[row, output] - scaled[0, output], output, index)
        for index, (source, _, _, row) in enumerate(columns.inputs)
        for output in columns.outputs[source]
    ]
    values, *places = zip(*entries, strict=True)
    return csc_array((values, places), (scaled.shape[1], len(columns.inputs))), scaled[0]


def _scale(columns: Columns, weights: csc_array, biases: NDArray[np.float64]) -> None:
    """Scale numbers so that the output which depends most on one has the weight 1, and 0 at the shift."""
    for index, (source, _, kind, _) in enumerate(columns.inputs):
        weight, output = _largest(weights, index)
        if kind == "number" and weight:
            columns.shift[source] -= columns.divisor[source] * biases[output] / weight
            columns.divisor[source] /= abs(weight)


def _largest(weights: csc_array, index: int) -> tuple[np.float64, int]:
    """Return the largest weight of an input, and its output."""
    entries = slice(weights.indptr[index], weights.indptr[index + 1])
    largest = np.abs(weights.data[entries]).argmax()
    return weights.data[entries][largest], weights.indices[entries][largest]
