"""Search for a good recipe on validation data: layers, learning rate, decay, batches, and augmentation of images.

Optuna proposes settings by a tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for
hyper-parameter optimization", NIPS 2011) and ends trials early that are worse than the median of those before. The
smallest of many losses on validation data is too small, by luck. So the best trials are repeated, with other seeds
and folds, and the best mean counts. Needs the extra ``tune``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError, require
from handgrad.recipes.loading import override
from handgrad.recipes.recipe import Recipe
from handgrad.training.loop import Diverged
from handgrad.training.train import train

FEW, FOLDS = 2_000, 5
"""Training examples below which a trial is the mean over this number of folds, as one split would be too small."""
FIRST = 10
"""Trials with random settings, before which none is ended early."""
SEARCH, FINALISTS = 0.6, 6
"""The share of the time until the best trials are repeated, and the number of these, the first two included."""
Table = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One recipe that was tried.

    Attributes
    ----------
    number : int
        From 1.
    recipe : Recipe
    loss, accuracy : float, float or None
        On validation data, without options of the loss, means over the repetitions; of a trial that was ended early
        those at that time. The accuracy of a regression is None.
    parameters : int
    seconds : float
        Of the first training, or cross-validation.
    complete : bool
        Whether the trial was trained to its end.
    repetitions : int
        How many times it was trained or cross-validated.
    """

    number: int
    recipe: Recipe
    loss: float
    accuracy: float | None
    parameters: int
    seconds: float
    complete: bool
    repetitions: int = 1


def tune(
    recipe: Recipe,
    splits: Splits,
    seconds: float,
    threads: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Trial]:
    """Try recipes for a time, and yield each trial; the test split is never opened.

    In the last part of the time, the best trials are repeated, and yielded again after each repetition. `best`
    chooses among the trials.

    Parameters
    ----------
    recipe : Recipe
        The first trial; the others keep its seed and data.
    splits : Splits
        With fewer than 2,000 examples to train on, trials are cross-validated on five folds of these; otherwise the
        validation split is used, which must exist.
    seconds : float
        The search ends after this time; the trial that is then running is dropped, unless it is the first.
    threads : int, optional
        As for `handgrad.train`.
    stop : callable
        Ends the search when it returns True.
    """
    require("tuning needs", "tune", "optuna")
    import optuna

    if len(splits.train) >= FEW and splits.validation is None:
        raise HandgradError("tuning needs validation data; set validation to a fraction such as 0.1")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(n_startup_trials=FIRST, seed=recipe.seed)
    study = optuna.create_study(sampler=sampler, pruner=optuna.pruners.MedianPruner(FIRST, 30))
    begin, folds, trials = perf_counter(), _folds(splits, recipe.seed), list[Trial]()

    def expired(share: float = 1.0) -> bool:
        return bool(trials) and (stop() or perf_counter() - begin >= share * seconds)

    while not expired(SEARCH):
        trial = study.ask()
        proposed = override(recipe, propose(trial, splits.train), "tuning") if trials else recipe
        if not trials:
            for settings in _first_proposals(splits.train):
                study.enqueue_trial(settings)
        found = _measure(len(trials) + 1, proposed, folds, threads, expired, trial)
        if expired() and not found.complete:
            return
        trials.append(found)
        state = optuna.trial.TrialState.COMPLETE if found.complete else optuna.trial.TrialState.PRUNED
        study.tell(trial, found.loss if found.complete else None, state=state)
        yield found
    ranked = sorted((trial for trial in trials[2:] if trial.complete), key=lambda trial: trial.loss)
    finalists = [*trials[:2], *ranked[: FINALISTS - 2]]
    while len(finalists) > 1:
        for k, earlier in enumerate(finalists):
            other = earlier.recipe.model_copy(update={"seed": recipe.seed + earlier.repetitions})
            found = _measure(earlier.number, other, _folds(splits, other.seed), threads, expired)
            if not found.complete:
                return
            finalists[k] = _averaged(earlier, found)
        yield from finalists


def best(trials: Iterable[Trial]) -> Trial | None:
    """Return the trial with the smallest loss of those that were repeated most often; None if none is complete."""
    complete = [trial for trial in trials if trial.complete]
    most = max((trial.repetitions for trial in complete), default=0)
    often = (trial for trial in complete if trial.repetitions == most)
    return min(often, key=lambda trial: trial.loss, default=None)


def _averaged(trial: Trial, repetition: Trial) -> Trial:
    """Return a trial with its means after one more repetition."""
    share = 1 / (trial.repetitions + 1)
    loss = trial.loss + share * (repetition.loss - trial.loss)
    accuracy = trial.accuracy
    if accuracy is not None and repetition.accuracy is not None:
        accuracy += share * (repetition.accuracy - accuracy)
    return replace(trial, loss=loss, accuracy=accuracy, repetitions=trial.repetitions + 1)


def propose(trial: Any, data: Dataset) -> Table:
    """Draw the changes of a recipe from the space of the search; `trial` is Optuna's."""
    images = len(data.input_shape) == 3 and min(data.input_shape[1:]) >= 16
    convolutional = (
        images and trial.suggest_categorical("kind", ["dense", "convolutional"]) == "convolutional"
    )
    dropout = trial.suggest_float("dropout", 0, 0.5)
    layers: list[Table] = []
    if convolutional:
        filters = trial.suggest_int("filters", 8, 32, step=8)
        for count in (filters, 2 * filters):
            layers += [{"type": "Conv2D", "filters": count, "kernel_size": 3}, {"type": "MaxPool2D"}]
            layers.append({"type": "ReLU"})
        layers.append({"type": "Flatten"})
    for number in range(1 if convolutional else trial.suggest_int("depth", 1, 3)):
        units = trial.suggest_int(f"units{number + 1}", 16, 512, log=True)
        layers += [{"type": "Dense", "units": units}, {"type": "ReLU"}]
        layers += [{"type": "Dropout", "rate": dropout}] if dropout > 0.05 else []
    epochs = (
        trial.suggest_int("epochs", 1, 10)
        if convolutional
        else trial.suggest_int("passes", 10, 100, log=True)
    )
    changes: Table = {
        "network": {
            "input": "image" if convolutional else "flat",
            "layers": [*layers, {"type": "Dense", "units": "classes"}],
        },
        "optimizer": {
            "type": "AdamW",
            "learning_rate": trial.suggest_float("learning_rate", 5e-4, 3e-2, log=True),
            "weight_decay": trial.suggest_float("weight_decay", 1e-3, 2, log=True),
        },
        "schedule": {"type": "OneCycle"},
        "training": {
            "batch_size": 2 ** trial.suggest_int("log2_batch_size", 5, 8),
            "epochs": epochs,
            "record_every": -(-epochs // 10),
        },
    }
    if images and trial.suggest_categorical("augmented", [False, True]):
        shift = trial.suggest_float("shift", 0, 3)
        rotate = trial.suggest_float("rotate", 0, 15)
        changes["augmentation"] = {"type": "Augmentation", "shift": shift, "rotate": rotate}
    return changes


def _first_proposals(data: Dataset) -> Iterator[Table]:
    """Yield the defaults of `HandgradClassifier`, and variants of them, each of one setting."""
    decay = min(max(0.1, 20 * data.inputs.shape[1] / len(data)), 2)
    layers = {"kind": "dense", "dropout": 0.0, "depth": 1, "units1": 128}
    usual = {**layers, "passes": 50, "learning_rate": 0.01, "weight_decay": decay, "log2_batch_size": 6}
    yield usual
    yield {**usual, "depth": 2, "units2": 128}
    yield {**usual, "weight_decay": decay / 3}
    yield {**usual, "units1": 256}
    yield {**usual, "dropout": 0.2}
    yield {**usual, "passes": 100}
    yield {**usual, "weight_decay": min(3 * decay, 2)}


def _folds(splits: Splits, seed: int) -> list[Splits]:
    """Return the data of a trial: training and validation split, or five folds of few training examples."""
    data = splits.train
    if len(data) >= FEW:
        return [Splits(data, splits.validation)]
    if len(data) < 2 * FOLDS:
        raise HandgradError(f"tuning needs {2 * FOLDS} examples or more; the data have {len(data)}")
    order = np.random.default_rng([seed, 3]).permutation(len(data))
    if data.task == "classification":  # with nearly the same classes in each
        order = order[np.argsort(data.labels[order], kind="stable")]
    parts = [np.sort(order[number::FOLDS]) for number in range(FOLDS)]
    rest = [np.sort(np.concatenate(parts[:k] + parts[k + 1 :])) for k in range(FOLDS)]
    return [Splits(data.take(train), data.take(part)) for train, part in zip(rest, parts, strict=True)]


def _measure(
    number: int,
    recipe: Recipe,
    folds: list[Splits],
    threads: int | None,
    expired: Callable[[], bool],
    trial: Any = None,
) -> Trial:
    """Train a recipe on each fold, and average the results; Optuna may end its `trial` early."""
    begin, complete, parameters, reported = perf_counter(), True, 0, -1
    losses: list[float] = []
    accuracies: list[float | None] = []
    arguments = recipe.training_arguments()
    for k, fold in enumerate(folds):
        network = recipe.build_network(fold.train.input_shape, fold.train.classes)
        parameters, last = network.parameter_count, None
        try:
            for last in train(network, fold, **arguments, threads=threads, seed=recipe.seed, stop=expired):
                part = last.epoch / recipe.training.epochs if recipe.training.epochs else 1.0
                percent = int(100 * (k + part) / len(folds))
                if trial and percent > reported:
                    trial.report(float(np.mean([*losses, last.validation_loss or 0.0])), percent)
                    reported = percent
                if trial and not expired() and trial.should_prune():
                    complete = False
                    break
        except Diverged:
            last = None
        losses.append(np.inf if last is None or last.validation_loss is None else last.validation_loss)
        accuracies.append(last.validation_accuracy if last else 0.0)
        complete = complete and last is not None and not expired()
        if not complete:
            break
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    accuracy = float(np.mean(known)) if known else None
    return Trial(
        number, recipe, float(np.mean(losses)), accuracy, parameters, perf_counter() - begin, complete
    )
