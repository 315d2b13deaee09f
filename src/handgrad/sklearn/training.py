"""How an estimator is trained: from its data to a network, in one call or in several."""

from contextlib import closing
from copy import copy
from math import inf
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, check_random_state

from handgrad.data.splits import Splits
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling, begin_statistics
from handgrad.sklearn import parameters
from handgrad.sklearn.convergence import has_plateau, warn_unless_converged
from handgrad.sklearn.inputs import check_inputs
from handgrad.sklearn.networks import build_network, in_form, rescale_targets, scaled_dataset
from handgrad.sklearn.targets import Targets, check_constants
from handgrad.training.optimizers import Optimizer
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train
from handgrad.training.weights import check_weights


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


class Examples(NamedTuple):
    """What an estimator learns from: rows to train with, and others to validate on, if any."""

    inputs: Any
    labels: NDArray[Any]
    weights: NDArray[Any] | None
    validation: tuple[Any, NDArray[Any]] | None
    features: tuple[str, ...]
    targets: Targets
    seed: int


def _prepare(
    estimator: Any, X: Any, y: Any, sample_weight: Any, known: Targets | None, validation: Any, partial: bool
) -> Any:
    """Check all arguments, and return the training, whose network and state are those of the estimator."""
    parameters.check_parameters(estimator)
    continued = (estimator.warm_start or partial) and hasattr(estimator, "network_")
    examples = _read(estimator, X, y, sample_weight, known, validation, partial, continued)
    schedule = parameters.choose_schedule(estimator, partial=partial)
    optimizer = parameters.build_optimizer(estimator, schedule, *examples.inputs.shape)
    if examples.validation is None and (estimator.validation_fraction or estimator.early_stopping):
        examples = _hold_out(estimator, examples)
    if continued:
        network, state = estimator.network_, estimator._state
        records, scores = estimator.records_, estimator._scores
        if tuple(parameters.build_layers(estimator, len(examples.targets.names))) != network.layers:
            raise HandgradError("the layers differ from those trained so far; fit without warm_start")
        scaling, statistics = network.scaling, estimator._statistics
        if partial and statistics:
            scaling, statistics = parameters.learn_scaling(statistics, examples.inputs, examples.weights)
    else:
        scaling, statistics = parameters.choose_scaling(estimator, examples.inputs, examples.weights)
        network = build_network(
            estimator, examples.inputs, scaling, examples.seed, examples.features, examples.targets
        )
        state, records, scores = TrainingState(np.random.default_rng([examples.seed, 1])), [], []
    known_statistics = estimator._target_statistics if continued else None
    target_scaling, target_statistics = network.target_scaling, known_statistics
    if examples.targets.task == "regression" and (partial or not continued):
        if not partial:
            check_constants(examples.targets, examples.labels, examples.weights)
        earlier = known_statistics or begin_statistics(examples.labels)
        target_scaling, target_statistics = parameters.learn_scaling(
            earlier, examples.labels, examples.weights, "y"
        )
    trained = copy(network)  # with the same parameters, for inputs as the data set has them
    unscaled = not (isinstance(examples.inputs, SparseRows) or scaling.for_bytes)
    trained.scaling = Scaling(np.array(0.0), np.array(1.0)) if unscaled else scaling
    trained.target_scaling = target_scaling
    training, state, settings = _start(
        estimator, trained, scaling, state, examples, schedule, optimizer, partial, continued
    )
    rescale_targets(network, target_scaling, known_statistics)
    network.scaling = scaling
    estimator.network_, estimator.records_, estimator._scores = network, records, scores
    estimator._targets, estimator._seed, estimator._earlier = examples.targets, examples.seed, len(records)
    estimator._state, estimator._settings = state, settings
    estimator._statistics, estimator._target_statistics = statistics, target_statistics
    if examples.targets.task == "regression" and examples.validation:
        scaled = network.scale_targets(examples.validation[1])
        estimator._validation_variance = float(scaled.var(axis=0, dtype=np.float64).mean())
    return training


def _read(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    known: Targets | None,
    validation: Any,
    partial: bool,
    continued: bool,
) -> Examples:
    """Check the data, and return them as the network takes them."""
    inputs, features = check_inputs(estimator, X, estimator.network_.features if continued else None)
    weights = check_weights(sample_weight, len(inputs), np.float64, "sample_weight")
    targets, labels = estimator._encode(y, estimator._targets if continued else known, 1 if partial else 2)
    check_consistent_length(inputs, labels)
    weights = estimator._weigh(targets, labels, weights)
    random = check_random_state(estimator.random_state)
    seed = estimator._seed if continued else int(random.randint(np.iinfo(np.int32).max))
    if validation is not None:
        X_val, y_val = validation
        X_val = in_form(check_inputs(estimator, X_val, features)[0], isinstance(inputs, SparseRows))
        validation = X_val, estimator._encode(y_val, targets, 1)[1]
        check_consistent_length(*validation)
    return Examples(inputs, labels, weights, validation, features, targets, seed)


def _hold_out(estimator: Any, examples: Examples) -> Examples:
    """Return the examples with a random part of them to validate on."""
    inputs, labels, weights, _, _, targets, seed = examples
    size = float(estimator.validation_fraction or 0.1)
    strata = targets.classes[labels] if targets.task == "classification" else None
    indices = np.arange(len(labels))
    rows, held_out = train_test_split(indices, test_size=size, stratify=strata, random_state=seed)
    return examples._replace(
        inputs=inputs[rows],
        labels=labels[rows],
        weights=None if weights is None else weights[rows],
        validation=(inputs[held_out], labels[held_out]),
    )


def _start(
    estimator: Any,
    trained: Network,
    scaling: Scaling,
    state: TrainingState,
    examples: Examples,
    schedule: Any,
    optimizer: Optimizer,
    partial: bool,
    continued: bool,
) -> tuple[Any, TrainingState, Any]:
    """Return the training, its state, and what a training must have in common with it to continue that state."""
    stopping = EarlyStopping(estimator.patience, estimator.monitor)
    data = scaled_dataset(trained, scaling, examples.inputs, examples.labels)
    settings = type(optimizer), estimator.averaging, estimator.early_stopping and stopping
    if continued and settings != estimator._settings:
        state = TrainingState(state.rng)
    elif continued and (partial or state.fingerprint != data.fingerprint()):  # continue with other data
        state = TrainingState(state.rng, moments=state.moments, updates=state.updates)
    validation, weights = examples.validation, examples.weights
    training: Any = train(
        trained,
        Splits(data, scaled_dataset(trained, scaling, *validation) if validation else None),
        optimizer=optimizer,
        schedule=schedule,
        loss=estimator._build_loss(examples.targets),
        augmentation=estimator.augmentation,
        averaging=estimator.averaging,
        early_stopping=stopping if estimator.early_stopping else None,
        batch_size=estimator.batch_size,
        epochs=state.epoch + (1 if partial else int(estimator.epochs)),
        sample_weights=weights if weights is None or partial else weights / weights.mean(),
        threads=parameters.usable_threads(estimator.threads),
        state=state,
    )
    return training, state, settings


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
        estimator._scores.append(estimator._validation_score(record))
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
