"""How an estimator is trained: from its data to a network, in one call or in several."""

from contextlib import closing
from copy import copy
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, check_random_state

from handgrad.data.dataset import Splits, naming
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.scaling import Scaling, begin_statistics
from handgrad.sklearn import parameters
from handgrad.sklearn.convergence import has_plateau, warn_unless_converged
from handgrad.sklearn.inputs import check_inputs
from handgrad.sklearn.networks import build_network, in_form, rescale_targets, scaled_dataset
from handgrad.sklearn.targets import Targets, check_constants
from handgrad.training.gradients import check_weights
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


def fit(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    known: Targets | None = None,
    *,
    validation: Any = None,
    partial: bool = False,
) -> None:
    """Train an estimator as its `fit` does, or for one epoch if these examples are a part of the data.

    `known` are its outputs where `y` does not determine them. Nothing of a fitted estimator changes before all
    arguments are checked.
    """
    before = vars(estimator).copy()
    try:
        training = _prepare(estimator, X, y, sample_weight, known, validation, partial)
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
    with closing(training):
        _run(estimator, training, partial)


def _prepare(
    estimator: Any, X: Any, y: Any, sample_weight: Any, known: Targets | None, validation: Any, partial: bool
) -> Any:
    """Check all arguments, and return the training, whose network and state are those of the estimator."""
    parameters.check_parameters(estimator)
    stopping = EarlyStopping(estimator.patience, estimator.monitor)
    continued = (estimator.warm_start or partial) and hasattr(estimator, "network_")
    inputs, features = check_inputs(estimator, X, estimator.network_.features if continued else None)
    sparse = isinstance(inputs, SparseRows)
    weights = check_weights(sample_weight, len(inputs), np.float64, "sample_weight")
    targets, labels = estimator._encode(y, estimator._targets if continued else known, 1 if partial else 2)
    check_consistent_length(inputs, labels)
    weights = estimator._weigh(targets, labels, weights)
    random = check_random_state(estimator.random_state)
    seed = estimator._seed if continued else int(random.randint(np.iinfo(np.int32).max))
    schedule = parameters.choose_schedule(estimator, partial=partial)
    optimizer = parameters.build_optimizer(estimator, schedule, *inputs.shape)
    if validation is not None:
        X_val, y_val = validation
        X_val = in_form(check_inputs(estimator, X_val, features)[0], sparse)
        validation = X_val, estimator._encode(y_val, targets, 1)[1]
        check_consistent_length(*validation)
    elif estimator.validation_fraction or estimator.early_stopping:
        size = float(estimator.validation_fraction or 0.1)
        strata = targets.classes[labels] if targets.task == "classification" else None
        indices = np.arange(len(labels))
        rows, held_out = train_test_split(indices, test_size=size, stratify=strata, random_state=seed)
        validation = inputs[held_out], labels[held_out]
        inputs, labels = inputs[rows], labels[rows]
        weights = None if weights is None else weights[rows]

    if continued:
        network, state, records = estimator.network_, estimator._state, estimator.records_
        if tuple(parameters.build_layers(estimator, len(targets.names))) != network.layers:
            raise HandgradError("the layers differ from those trained so far; fit without warm_start")
        scaling, statistics = network.scaling, estimator._statistics
        if partial and statistics:
            scaling, statistics = parameters.learn_scaling(statistics, inputs, weights)
    else:
        scaling, statistics = parameters.choose_scaling(estimator, inputs, weights)
        network, records = build_network(estimator, inputs, scaling, seed, features, targets), []
        state = TrainingState(np.random.default_rng([seed, 1]))
    known_targets = estimator._of_targets if continued else None
    target_scaling, of_targets = network.target_scaling, known_targets
    if targets.task == "regression" and (partial or not continued):
        if not partial:
            check_constants(targets, labels, weights)
        before = known_targets or begin_statistics(labels)
        with naming("y"):
            target_scaling, of_targets = parameters.learn_scaling(before, labels, weights)
    trained = copy(network)  # with the same parameters, for inputs as `data` has them
    trained.scaling = scaling if sparse or scaling.for_bytes else Scaling(np.array(0.0), np.array(1.0))
    trained.target_scaling = target_scaling
    data = scaled_dataset(network, scaling, inputs, labels)
    settings = type(optimizer), estimator.averaging, estimator.early_stopping and stopping
    if continued and settings != estimator._settings:
        state = TrainingState(state.rng)
    elif continued and (partial or state.fingerprint != data.fingerprint()):  # continue with other data
        state = TrainingState(state.rng, moments=state.moments, updates=state.updates)
    training: Any = train(
        trained,
        Splits(data, scaled_dataset(network, scaling, *validation) if validation else None),
        optimizer=optimizer,
        schedule=schedule,
        loss=estimator._build_loss(targets),
        augmentation=estimator.augmentation,
        averaging=estimator.averaging,
        early_stopping=stopping if estimator.early_stopping else None,
        batch_size=estimator.batch_size,
        epochs=state.epoch + (1 if partial else int(estimator.epochs)),
        sample_weights=weights if weights is None or partial else weights / weights.mean(),
        threads=parameters.usable_threads(estimator.threads),
        state=state,
    )
    rescale_targets(network, target_scaling, known_targets)
    network.scaling = scaling
    estimator.network_, estimator.records_, estimator._targets = network, records, targets
    estimator._state, estimator._seed, estimator._settings = state, seed, settings
    estimator._statistics, estimator._of_targets, estimator._earlier = statistics, of_targets, len(records)
    if targets.task == "regression" and validation:
        scaled = network.scale_targets(validation[1])
        estimator._validation_variance = float(scaled.var(axis=0, dtype=np.float64).mean())
    return training


def _run(estimator: Any, training: Any, partial: bool) -> None:
    """Train until the end, a plateau of the loss, the time limit, or a callback that returns True."""
    end = perf_counter() + (inf if estimator.time_limit is None else estimator.time_limit)
    tol = None if partial or estimator.early_stopping else estimator.tol

    def losses() -> list[float]:  # on these data, those of earlier calls included
        return estimator.loss_curve_[len(estimator.records_) - estimator._state.epoch :]

    if has_plateau(losses(), tol, estimator.patience):
        return
    for record in training:
        estimator.records_.append(record)
        if estimator.verbose:
            text = f"epoch {record.epoch}, loss {record.loss:.4f}"
            if record.validation_loss is not None:
                text += f", validation loss {record.validation_loss:.4f}"
            print(text, flush=True)
        answers = [callback(estimator, record) for callback in parameters.callbacks_of(estimator)]
        stops = any(isinstance(answer, bool | np.bool_) and answer for answer in answers)
        if stops or perf_counter() > end or has_plateau(losses(), tol, estimator.patience):
            return
    if not partial and not estimator.early_stopping:
        warn_unless_converged(estimator, losses())
