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

from handgrad.data.splits import Splits
from handgrad.errors import HandgradError, require
from handgrad.recipes.loading import override
from handgrad.recipes.recipe import Recipe
from handgrad.training.loop import Diverged
from handgrad.training.train import train
from handgrad.tuning.space import first_proposals, propose

FEW, FOLDS = 2_000, 5
"""Training examples below which a trial is the mean over this number of folds, as one split would be too small."""
FIRST = 10
"""Number of trials with random settings, during which none is ended early."""
SEARCH, FINALISTS = 0.6, 6
"""The share of the time until the best trials are repeated, and the number of these, the first two included."""


@dataclass(frozen=True)
class Trial:
    """Result of one recipe.

    Parameters
    ----------
    number : int
        Number of the trial, from 1.
    recipe : Recipe
        Recipe that was trained.
    loss, accuracy : float, float or None
        Validation results without options of the loss, means over the repetitions. A trial that was ended early has
        those of that time. The accuracy of a regression is None.
    parameters : int
        Number of parameters of the network.
    seconds : float
        Time of the first training or cross-validation.
    complete : bool
        Whether the trial was trained to its end.
    repetitions : int
        Number of trainings or cross-validations.

    Examples
    --------
    >>> import handgrad as hg
    >>> from handgrad.tuning import Trial
    >>> trial = Trial(1, hg.load_recipe("mlp"), 0.3, 0.9, 100, 1.0, True)
    >>> trial.recipe.name, trial.repetitions
    ('mlp', 1)
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
    stop: Callable[[], bool] | None = None,
) -> Iterator[Trial]:
    """Search for a recipe for a time, and yield each trial.

    Parameters
    ----------
    recipe : Recipe
        First trial. The others keep its seed, data and early stopping.
    splits : Splits
        Data; the test split is never opened. Fewer than 2,000 training examples are cross-validated on five folds;
        more need a validation split.
    seconds : float
        Time after which the search ends. The trial that is then running is dropped, except the first.
    threads : int, optional
        As for `handgrad.train`.
    stop : callable, optional
        Function without arguments that returns True to end the search.

    Yields
    ------
    Trial
        Result of a trial. In the last part of the time the best trials are repeated, and yielded again after each
        repetition. `best` chooses among them.

    Raises
    ------
    HandgradError
        If the extra ``tune`` or the validation split is missing, or there are too few examples.

    Examples
    --------
    >>> import handgrad as hg
    >>> from handgrad.tuning import tune
    >>> X = [[k / 20] for k in range(20)]
    >>> data = hg.Splits(hg.Dataset(X, [k // 10 for k in range(20)]))
    >>> trials = list(tune(hg.load_recipe("mlp"), data, seconds=0.1))
    >>> trials[0].recipe.name, trials[0].complete
    ('mlp', True)
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
        return (stop is not None and stop()) or (bool(trials) and perf_counter() - begin >= share * seconds)

    while not expired(SEARCH):
        trial = study.ask()
        proposed = override(recipe, propose(trial, splits.train), "tuning") if trials else recipe
        if not trials:
            for settings in first_proposals(splits.train):
                study.enqueue_trial(settings)
        found = _measure(len(trials) + 1, proposed, folds, threads, expired, trial)
        if not found.complete and expired():
            return
        trials.append(found)
        state = optuna.trial.TrialState.COMPLETE if found.complete else optuna.trial.TrialState.PRUNED
        study.tell(trial, found.loss if found.complete else None, state=state)
        yield found
    ranked = sorted((trial for trial in trials[2:] if trial.complete), key=lambda trial: trial.loss)
    finalists = [trial for trial in (*trials[:2], *ranked[: FINALISTS - 2]) if trial.complete]
    while len(finalists) > 1:
        repeated = []
        for earlier in finalists:
            other = replace(earlier.recipe, seed=recipe.seed + earlier.repetitions)
            found = _measure(earlier.number, other, _folds(splits, other.seed), threads, expired)
            if expired():
                return
            if found.complete:  # it has not diverged
                repeated.append(_averaged(earlier, found))
        finalists = repeated
        yield from finalists


def best(trials: Iterable[Trial]) -> Trial | None:
    """Return the trial with the smallest loss of those that were repeated most often.

    Parameters
    ----------
    trials : iterable of Trial
        Trials, in any order.

    Returns
    -------
    Trial or None
        Best trial; None if no trial is complete.

    Examples
    --------
    >>> import handgrad as hg
    >>> from handgrad.tuning import Trial, best
    >>> mlp = hg.load_recipe("mlp")
    >>> first = Trial(1, mlp, 0.3, 0.9, 100, 1.0, True)
    >>> second = Trial(2, mlp, 0.2, 0.9, 100, 1.0, True)
    >>> best([first, second]).number
    2
    """
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


def _folds(splits: Splits, seed: int) -> list[Splits]:
    """Return the data of a trial: training and validation split, or five folds of few training examples."""
    data = splits.train
    if len(data) >= FEW:
        return [Splits(data, splits.validation)]
    if len(data) < 2 * FOLDS:
        raise HandgradError(f"tuning needs {2 * FOLDS} training examples or more; there are {len(data)}")
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
        accuracies.append(last.validation_accuracy if last else None)
        complete = complete and last is not None and not expired()
        if not complete:
            break
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    accuracy = float(np.mean(known)) if known else None
    return Trial(
        number, recipe, float(np.mean(losses)), accuracy, parameters, perf_counter() - begin, complete
    )
