"""Parameters, data and network of the estimators."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from math import prod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.architecture import check_shape
from handgrad.model.layers import Layer
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn.inputs import check_inputs, check_weights
from handgrad.sklearn.parameters import (
    build_layers,
    build_optimizer,
    check_parameters,
    choose_scaling,
    usable_threads,
)
from handgrad.sklearn.training import ResumableTraining
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Schedule
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping

VALIDATION_FRACTION = 0.1
"""Default of early stopping."""

NEED_ALL_DATA = ("early_stopping", "validation_fraction", "schedule", "averaging")
"""Parameters that `partial_fit` refuses."""


@dataclass(eq=False, repr=False)
class NetworkEstimator(ResumableTraining, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the estimators: parameters, which `HandgradClassifier` describes, and `fit`."""

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
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; only one of them was given")
        if X_val is not None and self.validation_fraction is not None:
            raise HandgradError("X_val and validation_fraction both choose validation data; give one of them")
        return self._fit(X, y, sample_weight, None if X_val is None else (X_val, y_val))

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: Any = None, partial: bool = False) -> Self:
        """Train on examples as `fit` does, or for one epoch if they are a part of the data."""
        for name in NEED_ALL_DATA if partial else ():
            if getattr(self, name):
                raise ValueError(f"partial_fit does not support {name}, which needs the whole training")
        arguments = self._training_arguments()
        continued = (self.warm_start or partial) and hasattr(self, "network_")
        inputs, features = check_inputs(self, X, self.network_.features if continued else None)
        weights = check_weights(sample_weight)
        check_consistent_length(inputs, y, weights)  # before the classes of a fitted estimator are replaced
        targets = self._encode(y, reset=not (continued or partial))
        seed = self._seed if continued else self._draw_seed()
        if validation is not None:
            X_val, y_val = validation
            validation = check_inputs(self, X_val, features)[0], self._encode(y_val, reset=False)
            check_consistent_length(*validation)
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
            self._start(inputs, weights, seed, features)
        try:
            data = self._dataset(inputs, targets)
            arguments["loss"] = self._build_loss(targets)
            arguments["sample_weights"] = None if weights is None else weights / weights.mean()
            if tuple(build_layers(self, len(self._output_names()))) != self.network_.layers:
                raise HandgradError("the layers differ from those trained so far; fit without warm_start")
            self._resume(data, partial, arguments)
            self._train(Splits(data, self._dataset(*validation) if validation else None), partial, arguments)
        except (ValueError, TypeError):
            if not self.records_ and not self._state.step:  # refused before the first step
                del self.network_, self.records_
            raise
        return self

    @abstractmethod
    def _encode(self, y: Any, *, reset: bool) -> NDArray[Any]:
        """Check targets, and return them as the loss takes them; learn the outputs if `reset`."""

    @abstractmethod
    def _output_names(self) -> tuple[str, ...]:
        """Return the names of the outputs, which become the classes of the network."""

    @abstractmethod
    def _build_loss(self, targets: NDArray[Any]) -> Loss:
        """Return the loss for encoded targets."""

    def _outputs(self, X: Any) -> NDArray[np.floating[Any]]:
        """Compute the outputs of the network, (N, O)."""
        check_is_fitted(self, "network_")
        inputs, scaling = check_inputs(self, X, self.network_.features)[0], self.network_.scaling
        floats = inputs.dtype != np.uint8 and scaling is not None and scaling.for_bytes
        if floats and inputs.max() <= 1 and (inputs % 1).any():
            raise HandgradError("the estimator was trained on bytes, 0 to 255; X is scaled to 0 to 1 already")
        return self.network_.logits(inputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _draw_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _training_arguments(self) -> dict[str, Any]:
        """Check the parameters of training, and return arguments of `train`."""
        check_parameters(self)
        for callback in self._callbacks():
            if not callable(callback):
                raise HandgradError(f"callbacks must be callable; got {callback!r:.60}")
        stopping = EarlyStopping(self.patience, self.monitor)
        return {
            "optimizer": build_optimizer(self),
            "schedule": self.schedule,
            "augmentation": self.augmentation,
            "averaging": self.averaging,
            "early_stopping": stopping if self.early_stopping else None,
            "batch_size": self.batch_size,
            "threads": usable_threads(self.threads),
        }

    def _start(
        self, inputs: NDArray[Any], weights: NDArray[Any] | None, seed: int, features: tuple[str, ...]
    ) -> None:
        """Create the network and the state of a training, with random numbers drawn as for a recipe."""
        columns, dtype = inputs.shape[1], self.dtype
        if dtype is None:
            dtype = "float64" if inputs.dtype == np.float64 else "float32"
        shape = check_shape(columns if self.input_shape is None else self.input_shape, "input_shape")
        if prod(shape) != columns:
            raise HandgradError(f"input_shape {shape} is of {prod(shape)} inputs; X has {columns}")
        outputs = self._output_names()
        self.network_ = Network(
            build_layers(self, len(outputs)),
            columns if self.layers is None else shape,
            np.random.default_rng([seed, 0]),
            dtype,
            scaling=choose_scaling(self.scaling, inputs, weights),
            classes=outputs,
            example_shape=shape,
            framing="plain" if self.input_shape is None else self.framing,
            features=features,
        )
        self.records_, self._seed, self._earlier = list[Record](), seed, 0
        self._state = TrainingState(np.random.default_rng([seed, 1]))

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
