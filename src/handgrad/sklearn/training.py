"""How a classifier is trained: from its data to a network, in one call or in several."""

from contextlib import closing
from copy import copy
from math import inf, prod
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.architecture import check_shape
from handgrad.model.losses import CrossEntropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn import parameters
from handgrad.sklearn.inputs import check_inputs
from handgrad.training.gradients import check_weights
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


def fit(
    classifier: Any, X: Any, y: Any, sample_weight: Any, validation: Any = None, partial: bool = False
) -> None:
    """Train a classifier as its `fit` does, or for one epoch if these examples are a part of the data.

    Nothing of a fitted classifier changes before all arguments are checked, except its scikit-learn attributes.
    """
    parameters.check_parameters(classifier)
    optimizer = parameters.build_optimizer(classifier)
    stopping = EarlyStopping(classifier.patience, classifier.monitor)
    continued = (classifier.warm_start or partial) and hasattr(classifier, "network_")
    inputs, features = check_inputs(classifier, X, classifier.network_.features if continued else None)
    sparse = isinstance(inputs, SparseRows)
    weights = check_weights(sample_weight, len(inputs), np.float64, "sample_weight")
    check_consistent_length(inputs, y)
    classes, targets = _encode(y, classifier.classes_ if continued or partial else None)
    random = check_random_state(classifier.random_state)
    seed = classifier._seed if continued else int(random.randint(np.iinfo(np.int32).max))
    if validation is not None:
        X_val, y_val = validation
        X_val = _in_form(check_inputs(classifier, X_val, features)[0], sparse)
        validation = X_val, _encode(y_val, classes)[1]
        check_consistent_length(*validation)
    elif classifier.validation_fraction or classifier.early_stopping:
        size = float(classifier.validation_fraction or 0.1)
        indices = np.arange(len(targets))
        rows, held_out = train_test_split(indices, test_size=size, stratify=targets, random_state=seed)
        validation = inputs[held_out], targets[held_out]
        inputs, targets = inputs[rows], targets[rows]
        weights = None if weights is None else weights[rows]

    if continued:
        network, state, records = classifier.network_, classifier._state, classifier.records_
        if tuple(parameters.build_layers(classifier, len(classes))) != network.layers:
            raise HandgradError("the layers differ from those trained so far; fit without warm_start")
        scaling, statistics = network.scaling, classifier._statistics
        if partial and statistics:
            scaling, statistics = parameters.learn_scaling(statistics, inputs, weights)
    else:
        scaling, statistics = parameters.choose_scaling(classifier.scaling, inputs, weights)
        network, records = _build_network(classifier, inputs, scaling, seed, features, classes), []
        state = TrainingState(np.random.default_rng([seed, 1]))
    data = _scaled_dataset(network, scaling, inputs, targets)
    settings = type(optimizer), classifier.averaging, classifier.early_stopping and stopping
    if continued and settings != classifier._settings:
        state = TrainingState(state.rng)
    elif continued and (partial or state.fingerprint != data.fingerprint()):  # continue with other data
        state = TrainingState(state.rng, moments=state.moments, updates=state.updates)

    trained = copy(network)  # with the same parameters, for inputs as `data` has them
    trained.scaling = scaling if sparse or scaling.for_bytes else Scaling(np.array(0.0), np.array(1.0))
    training: Any = train(
        trained,
        Splits(data, _scaled_dataset(network, scaling, *validation) if validation else None),
        optimizer=optimizer,
        schedule=classifier.schedule,
        loss=_build_loss(classifier, classes[targets], classes),
        augmentation=classifier.augmentation,
        averaging=classifier.averaging,
        early_stopping=stopping if classifier.early_stopping else None,
        batch_size=classifier.batch_size,
        epochs=state.epoch + (1 if partial else int(classifier.epochs)),
        sample_weights=None if weights is None else weights / weights.mean(),
        threads=parameters.usable_threads(classifier.threads),
        state=state,
    )
    classifier.classes_, classifier.network_, classifier.records_ = classes, network, records
    classifier._state, classifier._seed, classifier._settings = state, seed, settings
    network.scaling, classifier._statistics = scaling, statistics
    with closing(training):
        _run(classifier, training, None if partial or classifier.early_stopping else classifier.tol)


def _run(classifier: Any, training: Any, tol: float | None) -> None:
    """Train until the end, a plateau of the loss, the time limit, or a callback that returns True."""
    end = perf_counter() + (inf if classifier.time_limit is None else classifier.time_limit)
    if _has_plateau(classifier, tol):
        return
    for record in training:
        classifier.records_.append(record)
        if classifier.verbose:
            text = f"epoch {record.epoch}, loss {record.loss:.4f}"
            if record.validation_loss is not None:
                text += f", validation loss {record.validation_loss:.4f}"
            print(text, flush=True)
        answers = [callback(classifier, record) for callback in parameters.callbacks_of(classifier)]
        stops = any(isinstance(answer, bool | np.bool_) and answer for answer in answers)
        if stops or perf_counter() > end or _has_plateau(classifier, tol):
            break


def _has_plateau(classifier: Any, tol: float | None) -> bool:
    """Whether the loss on these data has not fallen by more than `tol` for `patience` epochs."""
    records, patience = classifier.records_, classifier.patience
    losses = np.array([record.loss for record in records[len(records) - classifier._state.epoch :]])
    if tol is None or len(losses) <= patience:
        return False
    lowest = np.minimum.accumulate(losses)[-patience - 1 : -1]
    return bool((losses[-patience:] > lowest - tol).all())


def _encode(y: Any, classes: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the classes, by default those of the labels `y`, and the labels as numbers, (N,)."""
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    encoder = LabelEncoder().fit(y)
    if classes is not None:
        encoder.classes_ = classes
    return encoder.classes_, encoder.transform(y).astype(np.int64)


def _build_loss(classifier: Any, labels: NDArray[Any], classes: NDArray[Any]) -> CrossEntropy:
    weights: Any = ()
    if classifier.class_weight is not None:
        weights = tuple(compute_class_weight(classifier.class_weight, classes=classes, y=labels))
    return CrossEntropy(classifier.label_smoothing, weights)


def _build_network(
    classifier: Any,
    inputs: NDArray[Any] | SparseRows,
    scaling: Scaling,
    seed: int,
    features: tuple[str, ...],
    classes: NDArray[Any],
) -> Network:
    """Create the network, with random numbers drawn as for a recipe."""
    columns, dtype = inputs.shape[1], classifier.dtype
    if dtype is None:
        dtype = "float64" if inputs.dtype == np.float64 else "float32"
    shape = check_shape(columns if classifier.input_shape is None else classifier.input_shape, "input_shape")
    if prod(shape) != columns:
        raise HandgradError(f"input_shape {shape} is of {prod(shape)} inputs; X has {columns}")
    return Network(
        parameters.build_layers(classifier, len(classes)),
        columns if classifier.layers is None else shape,
        np.random.default_rng([seed, 0]),
        dtype,
        scaling=scaling,
        classes=map(str, classes),
        example_shape=shape,
        framing="plain" if classifier.input_shape is None else classifier.framing,
        features=features,
    )


def _in_form(inputs: NDArray[Any] | SparseRows, sparse: bool) -> NDArray[Any] | SparseRows:
    """Return validation inputs in the form of those to train with."""
    if sparse and not isinstance(inputs, SparseRows):
        return SparseRows.of(csr_array(inputs))
    return inputs.toarray() if isinstance(inputs, SparseRows) and not sparse else inputs


def _scaled_dataset(
    network: Network, scaling: Scaling, inputs: NDArray[Any] | SparseRows, targets: NDArray[Any]
) -> Dataset:
    """Return a data set of scaled inputs; bytes and sparse rows stay as they are, for training scales them faster."""
    if not (scaling.for_bytes or isinstance(inputs, SparseRows)):
        with np.errstate(over="ignore", invalid="ignore"):
            inputs = scaling(inputs, np.float32)
        if not np.isfinite(inputs).all():
            raise HandgradError("X holds numbers that are too large for float32, even scaled; divide them")
    shape, framing, features = network.example_shape, network.framing, network.features
    return Dataset(inputs, targets, network.classes, shape, framing, features)
