"""A classifier as scikit-learn has them, around a network and its training; no mathematics of its own."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted

from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn.inputs import checked, checked_inputs, checked_validation, example_shape, numbered
from handgrad.sklearn.parameters import (
    build_layers,
    build_loss,
    build_optimizer,
    choose_dtype,
    choose_scaling,
    training_arguments,
)
from handgrad.sklearn.results import Results
from handgrad.sklearn.session import Plateau, Session
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Schedule
from handgrad.training.state import TrainingState

SET_ASIDE = 0.1
"""Share of the training data that early stopping validates on, unless it is told otherwise."""


class HandgradClassifier(Results, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A neural network that classifies, for scikit-learn.

    Inputs are numbers (N, I), dense or sparse, or a DataFrame of numbers and names; labels are numbers or strings. In
    a column of names each becomes an input of its own; one that training did not see counts as none.

    Parameters
    ----------
    hidden : int, or sequence of int
        Widths of the hidden layers; ``()`` for none, which is softmax regression.
    activation : str, Layer or None, or a sequence of them, one for each hidden layer
        ``"relu"``, ``"leaky_relu"``, ``"tanh"``, ``"sigmoid"``, ``"gelu"``, or one such as ``hg.LeakyReLU(0.1)``.
    dropout : float, or a sequence of them, one for each hidden layer
        Share of a hidden layer's outputs that is missing in training, from 0 to below 1.
    layers : list of Layer, optional
        All layers but the last, instead of those three; a `Dense` with one output for each class is added.
    input_shape : tuple of int, optional
        Of one example: ``(1, 28, 28)`` for grey images, which convolution and augmentation ask for. ``(I,)`` unless
        given; ``(1, 28, 28)`` for 784 bytes, which are MNIST's.
    framing : "digit" or "plain"
        How the saved model makes an example of a picture: as MNIST frames digits, or only resized. That of the
        `Dataset` that X is from.
    scaling : "auto", "standard", Scaling or None
        "auto" divides bytes (uint8) by 255, where any of them reaches 128, and standardises all other numbers: each
        input to mean 0 and standard deviation 1 over the training data. "standard" standardises bytes, too; None
        takes inputs as they are. Scaling is a part of the network.
    dtype : "float32", "float64" or None
        Of parameters and arithmetic. None computes bytes and float32, which is faster, in float32, all other numbers
        in float64.
    label_smoothing : float
        Share of the target that is spread over all classes, from 0 to below 1.
    class_weight : dict, "balanced" or None
        What an example of each class counts; 1 unless given.
    optimizer : str or Optimizer
        ``"adam"``, ``"sgd"``, ``"momentum"``, ``"muon"`` …, or one such as ``hg.Adam(beta1=0.8)``.
    learning_rate : float, optional
        Positive. Default: that of the optimizer, 0.001 for Adam.
    weight_decay : float, optional
        From 0. Default: that of the optimizer.
    schedule : str or Schedule, optional
        What becomes of the learning rate: ``"cosine"``, ``"one_cycle"`` …; it stays the same unless given.
    augmentation : Augmentation, optional
        Deforms the images of every batch anew.
    averaging : Averaging, optional
        Averages the parameters on their way; the average is the result.
    batch_size : int or "all"
        Examples a step.
    epochs : int
        At most so many passes over the training data in one call of `fit`.
    time_limit : float, optional
        Seconds after which one call of `fit` ends, in the middle of an epoch if need be.
    tol : float, optional
        Without early stopping, training ends when the loss has not fallen by more than this for `patience` epochs;
        None goes on to the last epoch.
    patience : int
        Epochs without improvement after which training ends.
    early_stopping : bool
        Whether to end training when validation no longer improves, and to restore the best parameters. Without
        ``X_val``, a tenth of the training data is set aside for it, unless `validation_fraction` says otherwise.
    validation_fraction : float, optional
        Share of the training data, the same of every class, to set aside and measure each epoch, with or without
        early stopping.
    monitor : "validation_loss" or "validation_accuracy"
        What early stopping watches.
    warm_start : bool
        Whether `fit` goes on where the last one ended. On the same data, with the same seed and without a schedule,
        k epochs and then m more give what k + m do, bit for bit; on others, network and optimizer go on.
    random_state : int, RandomState or None
        For first parameters, order of the data, dropout, and what is set aside.
    threads : int, optional
        All processors unless given, or as many as joblib leaves to a worker. The same seed and threads give the
        same bits.
    callbacks : callable, or sequence of them, optional
        Each is called after each epoch, with the classifier and the `Record`; one that answers True ends training.
    verbose : int
        1 shows a progress bar, 2 prints a line for each epoch.

    Attributes
    ----------
    classes_ : (C,)
    network_ : Network
        What was trained; ``hg.save_model(classifier, "model.safetensors")`` writes it.
    n_features_in_, feature_names_in_
        Number of inputs, and their names where a DataFrame has names.
    n_iter_ : int
        Epochs trained.
    records_ : list of Record
        All that training told, one for each epoch.
    loss_, loss_curve_ : float, list of float
        The training loss of the last epoch, and of each.
    validation_loss_curve_, validation_scores_ : list of float, or None without validation data
        Loss and accuracy on validation data after each epoch.
    best_epoch_, best_validation_score_ : int, float, or None without early stopping
        The epoch, from 1, whose parameters were kept, and their accuracy.
    """

    def __init__(
        self,
        hidden: int | Sequence[int] = (128,),
        activation: Any = "relu",
        *,
        dropout: float | Sequence[float] = 0.0,
        layers: Sequence[Layer] | None = None,
        input_shape: Sequence[int] | None = None,
        framing: str = "digit",
        scaling: str | Scaling | None = "auto",
        dtype: str | None = None,
        label_smoothing: float = 0.0,
        class_weight: dict[Any, float] | str | None = None,
        optimizer: str | Optimizer = "adam",
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        schedule: str | Schedule | None = None,
        augmentation: Augmentation | None = None,
        averaging: Averaging | None = None,
        batch_size: int | str = 64,
        epochs: int = 200,
        time_limit: float | None = None,
        tol: float | None = 1e-4,
        patience: int = 10,
        early_stopping: bool = False,
        validation_fraction: float | None = None,
        monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss",
        warm_start: bool = False,
        random_state: Any = None,
        threads: int | None = None,
        callbacks: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.layers = layers
        self.input_shape = input_shape
        self.framing = framing
        self.scaling = scaling
        self.dtype = dtype
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.augmentation = augmentation
        self.averaging = averaging
        self.batch_size = batch_size
        self.epochs = epochs
        self.time_limit = time_limit
        self.tol = tol
        self.patience = patience
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.monitor = monitor
        self.warm_start = warm_start
        self.random_state = random_state
        self.threads = threads
        self.callbacks = callbacks
        self.verbose = verbose

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
            A class for each.
        sample_weight : (N,), optional
            What each example counts, from 0; 1 unless given.
        X_val, y_val : (M, I), (M,), optional
            Examples to measure after each epoch, and for early stopping.

        Returns
        -------
        HandgradClassifier
            This one.

        Raises
        ------
        ValueError, TypeError
            From scikit-learn, if the data are not what it asks for; a `HandgradError`, which is a ValueError, if a
            parameter is refused.
        Diverged
            If the loss is no longer finite; good parameters, of at most ten steps before, are kept.
        """
        arguments = training_arguments(self)
        going_on = self.warm_start and hasattr(self, "_session")
        known = self.network_.features if going_on else None
        inputs, y, weights, features = checked(self, X, y, sample_weight, known)
        classes = LabelEncoder().fit(y).classes_
        if going_on and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start goes on with the classes of the last fit, {self.classes_}; y has {classes}"
            )
        seed = self._session.seed if going_on else self._draw_seed()
        labels = numbered(y, classes)
        validation = checked_validation(self, X_val, y_val, classes, features)
        fraction = self.validation_fraction or (SET_ASIDE if self.early_stopping else None)
        if validation is None and fraction:
            rows, held = train_test_split(
                np.arange(len(labels)), test_size=float(fraction), stratify=labels, random_state=seed
            )
            validation = inputs[held], labels[held]
            inputs, labels = inputs[rows], labels[rows]
            weights = None if weights is None else weights[rows]
        if not going_on:
            self._begin(inputs, weights, classes, seed, features)
        train = self._dataset(inputs, labels)
        self._take_up(train)
        splits = Splits(train, self._dataset(*validation) if validation else None)
        self._train(splits, weights, arguments)
        return self

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch on more examples, however large or small a part of all.

        Scaling is learned from the first ones. Early stopping, schedules and averages need to know the whole
        training, and are refused.

        Parameters
        ----------
        X : (N, I) array, sparse matrix or DataFrame
        y : (N,)
        classes : (C,), optional
            All classes that will ever come; needed at the first call, unless `fit` came before.
        sample_weight : (N,), optional
            What each example counts, from 0; 1 unless given.

        Returns
        -------
        HandgradClassifier
            This one.

        Raises
        ------
        ValueError
            If a class was not named at first, or a parameter needs to know the whole training; else as `fit`.
        """
        arguments = training_arguments(self) | {"epochs": 1, "plateau": Plateau(None, 1)}
        for name in ("early_stopping", "validation_fraction", "schedule", "averaging"):
            if getattr(self, name):
                raise ValueError(f"partial_fit does not support {name}; it sees but a part of the training")
        if self.class_weight == "balanced":
            raise ValueError(
                "partial_fit cannot balance classes that it has not seen; give class_weight as a dict"
            )
        going_on = hasattr(self, "_session")
        known = self.network_.features if going_on else None
        inputs, y, weights, features = checked(self, X, y, sample_weight, known)
        _check_partial_fit_first_call(self, classes)
        labels = numbered(y, self.classes_)
        if not going_on:
            self._begin(inputs, weights, self.classes_, self._draw_seed(), features)
        self._take_up(None)
        self._train(Splits(self._dataset(inputs, labels)), weights, arguments)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each example, (N,)."""
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Give the probability of each class, (N, C), in the order of ``classes_``."""
        return kernels.softmax(self._logits(X))

    def predict_log_proba(self, X: Any) -> NDArray[np.floating]:
        """Give the logarithm of each class's probability, (N, C); it stays finite."""
        return log_softmax(self._logits(X), axis=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def network_(self) -> Network:
        """The network that was trained."""
        return self._session.network

    @property
    def records_(self) -> list[Record]:
        """All that training told, one record for each epoch."""
        return self._session.records

    def _logits(self, X: Any) -> NDArray[np.floating]:
        check_is_fitted(self, "_session")
        return self.network_.logits(checked_inputs(self, X, self.network_))

    def _draw_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _layers(self, classes: NDArray[Any]) -> list[Layer]:
        return build_layers(self.hidden, self.activation, self.dropout, self.layers, len(classes))

    def _begin(
        self,
        inputs: NDArray[Any],
        weights: NDArray[Any] | None,
        classes: NDArray[Any],
        seed: int,
        features: tuple[str, ...],
    ) -> None:
        """Make a network and all that its training needs; random numbers are drawn as a recipe does."""
        example = example_shape(inputs, self.input_shape)
        network = Network(
            self._layers(classes),
            inputs.shape[1:] if self.layers is None else example,
            np.random.default_rng([seed, 0]),
            choose_dtype(self.dtype, inputs),
            scaling=choose_scaling(self.scaling, inputs, weights),
            classes=tuple(map(str, classes)),
        )
        network.example_shape, network.framing, network.features = example, self.framing, features
        optimizer = build_optimizer(self.optimizer, self.learning_rate, self.weight_decay)
        state = TrainingState(np.random.default_rng([seed, 1]))
        self._session, self.classes_ = Session(network, optimizer, state, seed), classes

    def _dataset(self, inputs: NDArray[Any], labels: NDArray[np.int64]) -> Dataset:
        """Make a data set as the session takes it."""
        network = self._session.network
        return Dataset(
            self._session.scaled(inputs),
            labels,
            network.classes,
            network.example_shape,
            network.framing,
            network.features,
        )

    def _take_up(self, dataset: Dataset | None) -> None:
        """Go on with the training on these data, or on a part of data without end."""
        session = self._session
        if tuple(self._layers(self.classes_)) != session.network.layers:
            raise HandgradError(
                "the layers are others than those that were trained so far; a new fit without warm_start takes them"
            )
        optimizer = build_optimizer(self.optimizer, self.learning_rate, self.weight_decay)
        if type(optimizer) is not type(session.optimizer):
            session.state.moments, session.state.updates = {}, 0
        session.optimizer = optimizer
        if dataset is not None:
            session.on(dataset)
        else:
            session.on_other_data()

    def _train(self, splits: Splits, weights: NDArray[Any] | None, arguments: dict[str, Any]) -> None:
        session, weights = self._session, None if weights is None else weights / weights.mean()
        arguments["callbacks"] = [partial(callback, self) for callback in arguments["callbacks"]]
        try:
            loss = build_loss(self, splits.train.labels)
            session.train(splits, loss=loss, sample_weights=weights, **arguments)
        except (ValueError, TypeError):
            if not session.records and not session.state.step:  # refused, so that nothing was learned
                del self._session
            raise
