"""Training and results that estimators share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import KW_ONLY, dataclass
from math import inf
from time import perf_counter
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.layers import Layer
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn.inputs import check_inputs, check_training_data, example_shape
from handgrad.sklearn.parameters import (
    build_layers,
    build_optimizer,
    check_parameters,
    choose_dtype,
    choose_scaling,
    usable_threads,
)
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Schedule
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train

VALIDATION_FRACTION = 0.1
"""Default of early stopping."""


@dataclass(eq=False, repr=False)
class NetworkEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the estimators: parameters, which `HandgradClassifier` describes, training and its results."""

    hidden: int | Sequence[int] = (128,)
    activation: Any = "relu"
    _: KW_ONLY
    dropout: float | Sequence[float] = 0.0
    layers: Sequence[Layer] | None = None
    input_shape: int | Sequence[int] | None = None
    framing: str = "digit"
    scaling: str | Scaling | None = "auto"
    dtype: str | None = None
    optimizer: str | Optimizer = "adam"
    learning_rate: float | None = None
    weight_decay: float | None = None
    schedule: str | Schedule | None = None
    augmentation: Augmentation | None = None
    averaging: str | Averaging | None = None
    batch_size: int | str = 64
    epochs: int = 200
    time_limit: float | None = None
    tol: float | None = 1e-4
    patience: int = 10
    early_stopping: bool = False
    validation_fraction: float | None = None
    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    warm_start: bool = False
    random_state: Any = None
    threads: int | None = None
    callbacks: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None
    verbose: int = 0

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train on examples.

        Parameters
        ----------
        X : (N, I) array, sparse matrix or DataFrame
        y : (N,)
            The target of each example.
        sample_weight : (N,), optional
            The weight of each example, from 0; default: 1.
        X_val, y_val : (M, I), (M,), optional
            Examples to validate on after each epoch, also for early stopping.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If scikit-learn refuses the data, or handgrad a parameter (`HandgradError` is a ValueError).
        Diverged
            If the loss is no longer finite; parameters of at most ten steps before are kept.
        """
        options = self._training_options()
        continued = self.warm_start and hasattr(self, "network_")
        data = check_training_data(self, X, y, sample_weight, self.network_.features if continued else None)
        targets = self._encode(data.targets, reset=not continued)
        seed = self._seed if continued else self._draw_seed()
        inputs, weights, validation = data.inputs, data.weights, None
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; only one of them was given")
        if X_val is not None and self.validation_fraction is not None:
            raise HandgradError("X_val and validation_fraction both choose validation data; give one of them")
        if X_val is not None and y_val is not None:
            found = check_training_data(self, X_val, y_val, None, data.features)
            validation = found.inputs, self._encode(found.targets, reset=False)
        elif self.validation_fraction or self.early_stopping:
            rows, held_out = train_test_split(
                np.arange(len(targets)),
                test_size=float(self.validation_fraction or VALIDATION_FRACTION),
                stratify=targets if is_classifier(self) else None,
                random_state=seed,
            )
            validation = inputs[held_out], targets[held_out]
            inputs, targets = inputs[rows], targets[rows]
            weights = None if weights is None else weights[rows]
        if not continued:
            self._start(inputs, weights, seed, data.features)
        dataset = self._dataset(inputs, targets)
        self._resume(dataset)
        self._train(Splits(dataset, self._dataset(*validation) if validation else None), weights, options)
        return self

    def _partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None) -> Self:
        """Train for one epoch on more examples."""
        options = self._training_options() | {"epochs": 1, "tol": None}
        for name in ("early_stopping", "validation_fraction", "schedule", "averaging"):
            if getattr(self, name):
                raise ValueError(f"partial_fit does not support {name}, which needs the whole training")
        continued = hasattr(self, "network_")
        features = self.network_.features if continued else None
        data = check_training_data(self, X, y, sample_weight, features)
        targets = self._encode(data.targets, reset=False)
        if not continued:
            self._start(data.inputs, data.weights, self._draw_seed(), data.features)
        self._resume(None)
        self._train(Splits(self._dataset(data.inputs, targets)), data.weights, options)
        return self

    @abstractmethod
    def _encode(self, y: NDArray[Any], *, reset: bool) -> NDArray[Any]:
        """Return targets as the loss takes them; learn the outputs if `reset`."""

    @abstractmethod
    def _output_names(self) -> tuple[str, ...]:
        """Return the names of the outputs, which become the classes of the network."""

    @abstractmethod
    def _build_loss(self, targets: NDArray[Any]) -> Loss:
        """Return the loss for encoded targets."""

    def _outputs(self, X: Any) -> NDArray[np.floating[Any]]:
        """Compute the outputs of the network, (N, O)."""
        check_is_fitted(self, "network_")
        return self.network_.logits(check_inputs(self, X, self.network_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained."""
        return len(self.records_)

    @property
    def loss_(self) -> float:
        """The training loss of the last epoch."""
        return self.records_[-1].loss

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        return [record.loss for record in self.records_]

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """The validation loss after each epoch; None without validation data."""
        return self._curve("validation_loss")

    @property
    def best_epoch_(self) -> int | None:
        """The epoch, from 1, whose parameters early stopping kept; None without early stopping."""
        records = self._complete_records()
        if self._monitor is None or self._state.best is None or not records:
            return None
        curve = [getattr(record, self._monitor) for record in records]
        best = np.argmin(curve) if self._monitor == "validation_loss" else np.argmax(curve)
        return self._earlier + int(best) + 1

    def _curve(self, field: str) -> list[float] | None:
        curve = [getattr(record, field) for record in self.records_]
        return None if None in curve else curve

    def _complete_records(self) -> list[Record]:
        """Return the records of complete epochs on the current data."""
        return [record for record in self.records_[self._earlier :] if record.epoch <= self._state.epoch]

    def _draw_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _build_layers(self) -> list[Layer]:
        outputs = len(self._output_names())
        return build_layers(self.hidden, self.activation, self.dropout, self.layers, outputs)

    def _training_options(self) -> dict[str, Any]:
        """Check the parameters of training, and return those of `_train`."""
        check_parameters(self)
        callbacks = self.callbacks if isinstance(self.callbacks, list | tuple) else [self.callbacks]
        callbacks = [callback for callback in callbacks if callback is not None]
        for callback in callbacks:
            if not callable(callback):
                raise HandgradError(f"callbacks must be callable; got {callback!r:.60}")
        augmentation, averaging = self.augmentation, self.averaging
        if augmentation is not None:
            augmentation = Augmentation.resolve(augmentation, "augmentation")
        return {
            "epochs": int(self.epochs),
            "tol": None if self.early_stopping else self.tol,
            "callbacks": callbacks,
            "optimizer": build_optimizer(self.optimizer, self.learning_rate, self.weight_decay),
            "early_stopping": EarlyStopping(int(self.patience), self.monitor)
            if self.early_stopping
            else None,
            "batch_size": self.batch_size,
            "threads": usable_threads(self.threads),
            "schedule": self.schedule,
            "augmentation": augmentation,
            "averaging": None if averaging is None else Averaging.resolve(averaging, "averaging"),
        }

    def _start(
        self, inputs: NDArray[Any], weights: NDArray[Any] | None, seed: int, features: tuple[str, ...]
    ) -> None:
        """Create the network and the state of a training, with random numbers drawn as for a recipe."""
        shape = example_shape(inputs, self.input_shape)
        self.network_ = Network(
            self._build_layers(),
            inputs.shape[1:] if self.layers is None else shape,
            np.random.default_rng([seed, 0]),
            choose_dtype(self.dtype, inputs),
            scaling=choose_scaling(self.scaling, inputs, weights),
            classes=self._output_names(),
            example_shape=shape,
            framing="plain" if self.input_shape is None else self.framing,
            features=features,
        )
        self.records_, self._seed, self._earlier = list[Record](), seed, 0
        self._state = TrainingState(np.random.default_rng([seed, 1]))
        self._monitor: str | None = None

    def _dataset(self, inputs: NDArray[Any], targets: NDArray[Any]) -> Dataset:
        """Return a data set of scaled inputs; bytes stay bytes, which layers scale faster."""
        network = self.network_
        if network.scaling and not network.scaling.for_bytes:
            with np.errstate(over="ignore", invalid="ignore"):
                inputs = network.scaling(inputs, np.float32)
            if not np.isfinite(inputs).all():
                raise HandgradError(
                    "X holds numbers that are too large for float32, even scaled; divide them"
                )
        return Dataset(
            inputs, targets, network.classes, network.example_shape, network.framing, network.features
        )

    def _resume(self, dataset: Dataset | None) -> None:
        """Continue exactly if these are the data of the last training, else from its result; None is other data."""
        if tuple(self._build_layers()) != self.network_.layers:
            raise HandgradError("the layers differ from those trained so far; fit without warm_start")
        try:
            if dataset is None:
                raise HandgradError
            self._state.check_data(dataset)
        except HandgradError:
            state = self._state
            self._state = TrainingState(state.rng, moments=state.moments, updates=state.updates)
            self._earlier = len(self.records_)

    def _train(self, splits: Splits, weights: NDArray[Any] | None, options: dict[str, Any]) -> None:
        """Train, and forget a training that was refused before its first step."""
        try:
            loss = self._build_loss(splits.train.labels)
            weights = None if weights is None else weights / weights.mean()
            self._run(splits, loss=loss, sample_weights=weights, **options)
        except (ValueError, TypeError):
            if not self.records_ and not self._state.step:
                del self.network_, self.records_
            raise

    def _run(
        self, splits: Splits, *, epochs: int, tol: float | None, callbacks: Sequence[Any], **arguments: Any
    ) -> None:
        """Train for a number of epochs, until the loss has reached a plateau, time is up or a callback is True."""
        state, network = self._state, copy(self.network_)  # with the same parameters, for scaled inputs
        if network.scaling and not network.scaling.for_bytes:
            network.scaling = Scaling(np.array(0.0), np.array(1.0))
        stopping: EarlyStopping | None = arguments["early_stopping"]
        self._monitor = stopping.monitor if stopping else None
        if stopping is None:  # forget the best parameters of an earlier fit
            state.best, state.best_score, state.waited = None, None, 0
        if not arguments["averaging"]:
            state.average, state.averaged = None, 0
        if state.moments and set(state.moments) != set(arguments["optimizer"].moment_names):
            state.moments, state.updates = {}, 0
        self.records_[self._earlier :] = self._complete_records()  # an incomplete epoch is continued
        plateau = Plateau(tol, self.patience)
        if any([plateau(record.loss) for record in self.records_[self._earlier :]][-1:]):
            return
        deadline = perf_counter() + (inf if self.time_limit is None else self.time_limit)
        total = state.epoch + epochs
        training: Any = train(
            network, splits, state=state, epochs=total, stop=lambda: perf_counter() > deadline, **arguments
        )
        with closing(training), progress(self.verbose, total) as show:
            for record in training:
                self.records_.append(record)
                show(record)
                answers = [callback(self, record) for callback in callbacks]
                if plateau(record.loss) or any(isinstance(a, bool | np.bool_) and a for a in answers):
                    break


class Plateau:
    """Whether the loss has not fallen by more than a tolerance for a number of epochs; with None it never has."""

    def __init__(self, tol: float | None, patience: int) -> None:
        self.tol = -inf if tol is None else tol
        self.patience = patience
        self.best, self.waited = inf, 0

    def __call__(self, loss: float) -> bool:
        """Include the loss of one more epoch."""
        self.waited = self.waited + 1 if loss > self.best - self.tol else 0
        self.best = min(self.best, loss)
        return self.waited >= self.patience


@contextmanager
def progress(verbose: int, epochs: int) -> Iterator[Callable[[Record], None]]:
    """Yield a function that shows a record: not at all, in a progress bar (1), or as a line (2)."""

    def describe(record: Record) -> str:
        text = (
            f"epoch {record.epoch} of {epochs}: loss {record.loss:.4f}, accuracy {record.train_accuracy:.2%}"
        )
        if record.validation_loss is None or record.validation_accuracy is None:
            return text
        return f"{text}; validation {record.validation_loss:.4f}, {record.validation_accuracy:.2%}"

    if not verbose:
        yield lambda record: None
    elif verbose > 1:
        yield lambda record: print(describe(record), flush=True)
    else:
        from rich.progress import Progress

        with Progress() as bar:
            task = bar.add_task("", total=epochs)
            yield lambda record: bar.update(task, completed=record.epoch, description=describe(record))
