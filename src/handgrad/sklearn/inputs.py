"""What scikit-learn's users hand over, checked with its own functions, as the library takes it."""

from math import prod
from operator import index
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_array, check_X_y, validate_data

from handgrad.data.columns import aligned, columns_of
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.sklearn.frames import spread_frame

TYPES = (np.float64, np.float32, np.uint8)
"""What inputs may be; all other numbers become the first."""

DIGITS = 28 * 28
"""So many bytes are a digit of MNIST, unless something else is said."""


class Checked(NamedTuple):
    """Examples to train on.

    Parameters
    ----------
    inputs : (N, I) float64, float32 or uint8
    labels : (N,)
    weights : (N,) float64, or None
    features : tuple of str
        The names of the inputs, where X was a DataFrame that has them.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]
    weights: NDArray[np.float64] | None
    features: tuple[str, ...]


def checked(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
    features: tuple[str, ...] | None = None,
) -> Checked:
    """Check examples to train on.

    Parameters
    ----------
    estimator : HandgradClassifier
        Learns number and names of the columns where no `features` are given; else they must be those that it knows.
    X, y, sample_weight
        As `fit` takes them.
    features : tuple of str, optional
        The names of the inputs, as an earlier call gave them.

    Returns
    -------
    Checked

    Raises
    ------
    ValueError, TypeError
        As scikit-learn has them.
    """
    reset = features is None
    if (found := spread_frame(X)) is None:
        X, labels = validate_data(estimator, X, y, reset=reset, accept_sparse="csr", dtype=TYPES)
        _refuse_bare(X, features or ())
        names = getattr(estimator, "feature_names_in_", ()) if X.dtype != np.uint8 else ()
        features = tuple(map(str, names)) if features is None else features
    else:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        X, labels = check_X_y(found[0], y, dtype=TYPES, estimator=estimator)
        X, features = (X, found[1]) if features is None else (_in_order(X, found[1], features), features)
    check_classification_targets(labels)
    weights = None
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("sample_weight is zero for every example")
    return Checked(dense(X), labels, weights, features)


def checked_validation(
    estimator: Any, X: Any, y: ArrayLike | None, classes: NDArray[Any], features: tuple[str, ...]
) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
    """Check examples to validate on, (M, I), and number their labels; None where there are none.

    Raises
    ------
    ValueError, TypeError
        As scikit-learn has them; also if but one of the two was given, or a share is to be set aside, too.
    """
    if X is None and y is None:
        return None
    if X is None or y is None:
        raise ValueError("X_val and y_val belong together; only one of them was given")
    if estimator.validation_fraction is not None:
        raise HandgradError("X_val and validation_fraction both say what to validate on; give one of them")
    found = checked(estimator, X, y, None, features)
    return found.inputs, numbered(found.labels, classes)


def checked_inputs(estimator: Any, X: Any, network: Network) -> NDArray[Any]:
    """Check examples to predict, (N, I); numbers from 0 to 1 are no bytes."""
    if (found := spread_frame(X)) is not None:
        validate_data(estimator, X, reset=False, skip_check_array=True)
        X = check_array(found[0], dtype=TYPES, estimator=estimator)
        return _in_order(X, found[1], network.features)
    X = dense(validate_data(estimator, X, reset=False, accept_sparse="csr", dtype=TYPES))
    _refuse_bare(X, network.features)
    bytes_wanted = network.scaling is not None and network.scaling.for_bytes
    if bytes_wanted and X.dtype != np.uint8 and X.max() <= 1 and (X % 1).any():
        raise HandgradError("the classifier was trained on bytes, 0 to 255; X is scaled to 0 to 1 already")
    return X


def _in_order(X: NDArray[Any], own: tuple[str, ...], features: tuple[str, ...]) -> NDArray[Any]:
    """Put inputs into the order of training; names that it did not see count as none."""
    try:
        return aligned(X, own, features, leniently=True)
    except HandgradError as error:
        raise HandgradError(f"X: {error}") from error


def _refuse_bare(X: Any, features: tuple[str, ...]) -> None:
    """Refuse columns of numbers alone where the classifier was trained on names, too."""
    if features and X.shape[1] != len(features):
        wanted = next(column for column, names in columns_of(features).items() if names)
        raise HandgradError(
            f"the classifier was trained on names in the column '{wanted:.40}', and X has none there; "
            "give a DataFrame as that was"
        )


def dense(X: Any) -> NDArray[Any]:
    """Write a sparse matrix out; leave an array as it is."""
    return X.toarray() if issparse(X) else X


def numbered(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    """Number labels, (N,), by their classes; scikit-learn's ValueError tells of one that is unknown."""
    encoder = LabelEncoder()
    encoder.classes_ = classes
    return encoder.transform(y).astype(np.int64)


def example_shape(inputs: NDArray[Any], shape: Any) -> tuple[int, ...]:
    """Give the shape of one example: the one that was asked for, or the natural one.

    Raises
    ------
    HandgradError
        If the inputs do not have it.
    """
    if shape is None:
        return (1, 28, 28) if inputs.dtype == np.uint8 and inputs.shape[1] == DIGITS else inputs.shape[1:]
    try:
        sides = tuple(map(index, shape))
    except TypeError:
        sides = ()
    if not sides or min(sides) < 1:
        raise HandgradError(f"input_shape must be whole numbers from 1, as (1, 28, 28); got {shape!r:.60}")
    if prod(sides) != inputs.shape[1]:
        raise HandgradError(
            f"input_shape is {sides}, which makes {prod(sides)} inputs; X has {inputs.shape[1]}"
        )
    return sides
