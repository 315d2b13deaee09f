"""The network: forward and backward through its layers, and predictions for values of the data set."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from handgrad.config import FRAMINGS, check_task, unique_names
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.sparse_rows import SparseRows, is_sparse
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats, Integers, as_array, as_floats
from handgrad.model.architecture import Architecture, check_shape
from handgrad.model.layers.layer import Backward, Layer, Rng
from handgrad.model.scaling import Scaling

FEW = 32
"""Examples up to which starting threads takes longer than predicting."""


class Network(Architecture):
    """Layers in a row, from scaled inputs to logits; HandgradError where they do not fit together.

    Parameters
    ----------
    layers : sequence of Layer
    input_shape : int or tuple of int
        Of one example, without N, e.g. ``784`` or ``(1, 28, 28)``.
    rng : numpy.random.Generator or int, optional
        Draws the initial parameters; default: a fresh, unpredictable generator.
    dtype : numpy dtype
        Of parameters and arithmetic: float32 or float64.
    scaling : Scaling, optional
        From the values of the data set to scaled ones; default: training chooses one.
    classes : sequence of str, optional
        The names of the outputs; default: "0", "1", …, or those of the training data.
    example_shape : int or tuple of int, optional
        Of one example in the data set, e.g. ``(1, 28, 28)`` where `input_shape` is ``784``; default: `input_shape`.
    framing : str
        How an image becomes an example, as in `Dataset`.
    features : sequence of str, optional
        The names of the inputs, where the data set is a table that has them.
    task : {"classification", "multilabel", "regression"}, optional
        What the outputs are: scores of classes, of which one is predicted, or of labels, any number of which are, or
        targets of a regression. Default: as in the training data; untrained, classification.
    target_scaling : Scaling, optional
        Of the targets of a regression, to the outputs; default: learned in training.
    arrays : mapping from str to array, optional
        All parameters and statistics by name, e.g. ``"layers.0.weights"``; default: initial values.

    Attributes
    ----------
    flat_parameters : (P,)
        All parameters.
    parameters, statistics, arrays : list of SimpleNamespace
        For each layer its parameters by name, views into `flat_parameters`: ``network.parameters[0].weights``; the
        arrays that inference needs and no gradient trains, e.g. the mean of `BatchNorm`; and both.
    """

    def __init__(
        self,
        layers: Iterable[Layer],
        input_shape: int | Sequence[int],
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float32,
        *,
        scaling: Scaling | None = None,
        classes: Iterable[str] | None = None,
        example_shape: int | Sequence[int] | None = None,
        framing: str = "plain",
        features: Iterable[str] = (),
        task: str | None = None,
        target_scaling: Scaling | None = None,
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        super().__init__(layers, input_shape, dtype)
        self.scaling = scaling
        if scaling and scaling.shift.shape not in ((), (self.inputs,)):
            raise HandgradError(f"a scaling of {scaling.shift.shape} is not one of {self.inputs} inputs")
        shape = self.input_shape if example_shape is None else example_shape
        self.example_shape, self.framing = check_shape(shape, "example_shape"), framing
        if prod(self.example_shape) != self.inputs or framing not in FRAMINGS:
            raise HandgradError(f"{self.inputs} inputs are not examples {shape}, framing {framing!r:.40}")
        self.features = unique_names(features, "inputs")
        if len(self.features) not in (0, self.inputs):
            raise HandgradError(f"there are {len(self.features)} names for {self.inputs} inputs")
        self.classes = unique_names(range(self.output_shape[0]) if classes is None else classes, "classes")
        if self.output_shape != (len(self.classes),):
            ends = f"the network ends in {self.output_shape}"
            raise HandgradError(f"{ends}, but there are {len(self.classes)} classes")
        self.task, self.target_scaling = task and check_task(task), target_scaling
        if target_scaling and (task != "regression" or target_scaling.shift.shape != self.output_shape):
            raise HandgradError(
                f"target_scaling must be of the {self.output_shape[0]} targets of a regression"
            )
        self._allocate(arrays, np.random.default_rng(rng))

    def __str__(self) -> str:
        layers = " → ".join(type(layer).__name__ for layer in self.layers)
        first, last = ("×".join(map(str, shape)) for shape in (self.input_shape, self.output_shape))
        return f"{first} → {layers} → {last}: {self.parameter_count:,} parameters"

    def __repr__(self) -> str:
        return f"Network({self})"

    def adopt(
        self, classes: Sequence[str], example_shape: Sequence[int], framing: str, features: Sequence[str] = ()
    ) -> None:
        """Adopt the form of training data that fit, and the names of their classes where the network has numbers."""
        if self.classes == tuple(map(str, range(len(self.classes)))):
            self.classes = tuple(classes)
        self.example_shape, self.framing, self.features = tuple(example_shape), framing, tuple(features)

    def forward(self, x: NDArray[Any] | SparseRows, rng: Rng = None) -> tuple[Floats, Backward]:
        """Compute the logits of scaled inputs, and return the function that computes the gradients.

        Parameters
        ----------
        x : (N, *input_shape) or (N, I)
            Scaled floats, also as `SparseRows`, or uint8 values, which stand for x / 255.
        rng : numpy.random.Generator, optional
            For layers that draw random numbers in training; None means inference.

        Returns
        -------
        logits : (N, C)
        backward : ``backward(dlogits, gradient) -> dx``
            `gradient` is a flat (P,) vector with the layout of `flat_parameters`, and is added to; dx has the shape
            (N, *input_shape). With ``input_gradient=False`` dx is not computed and None is returned.
        """
        y: Any = x if isinstance(x, SparseRows) else np.asarray(x)
        if y.ndim < 2 or prod(y.shape[1:]) != self.inputs:
            raise HandgradError(f"the network takes inputs (N, {self.inputs}); got {y.shape}")
        y = self._as_input(y)
        steps = []
        for layer, arrays in zip(self.layers, self.arrays, strict=True):
            y, step = layer.forward(arrays, y, rng)
            y = np.asarray(y, self.dtype)  # a custom layer may compute with another dtype
            steps.append(step)

        def backward(dlogits: Floats, gradient: NDArray[Any], input_gradient: bool = True) -> Floats | None:
            gradients, dy = self.views(gradient), np.asarray(dlogits, self.dtype)
            first = 0 if input_gradient else self.first_trained
            for index in reversed(range(first, len(steps))):
                skips = index == first and not input_gradient and self.layers[index].skips_input_gradient
                options = {"input_gradient": False} if skips else {}
                dx = steps[index](dy, gradients[index], **options)
                dy = dy if skips else np.asarray(dx, self.dtype)
            return dy if input_gradient else None

        return y, backward

    def _as_input(self, y: Any) -> Any:
        """Return scaled inputs (N, …) in the form that the first layer takes."""
        first = self.layers[0]
        if isinstance(y, SparseRows):
            if first.takes_sparse:
                return y.astype(self.dtype)
            y = y.toarray()
        if y.dtype != np.uint8:
            y = y.astype(self.dtype, copy=False)
        elif not (first.takes_bytes and kernels.takes_bytes):
            y = as_floats(y, self.dtype)
        return y.reshape(len(y), *self.input_shape)

    def calibrate(self, raw: NDArray[Any] | SparseRows) -> None:
        """Measure the statistics on examples (N, I) of the training data, with the current parameters."""
        if not self.has_running_statistics:
            return
        y = self._as_input(self.scale(raw))
        if y.dtype == np.uint8:
            y = as_floats(y, self.dtype)
        with one_blas_thread():
            for layer, arrays in zip(self.layers, self.arrays, strict=True):
                for name, values in layer.measure(y).items():
                    getattr(arrays, name)[...] = values
                y, _ = layer.forward(arrays, y)

    def entries(self, raw: Any) -> float | None:
        """Return how many inputs of an example in (N, I) are not zero, if the others are skipped; else None."""
        centred = self.scaling is not None and self.scaling.shift.any()
        if centred or not isinstance(raw, SparseRows) or not self.layers[0].takes_sparse:
            return None
        return len(raw.values) / max(1, len(raw))

    def scale(self, raw: Any) -> Any:
        """Scale values of the data set, (N, I), to inputs of `forward`; bytes stay where it scales them itself.

        Sparse rows stay sparse where the scaling only divides.
        """
        if not self.scaling:
            return raw.astype(self.dtype)
        return raw if raw.dtype == np.uint8 and self.scaling.for_bytes else self.scaling(raw, self.dtype)

    def logits(self, raw: ArrayLike) -> Floats:
        """Compute the outputs of the last layer, (N, C): scores before softmax or sigmoid, or scaled targets.

        Parameters
        ----------
        raw : (N, *input_shape) or (N, I)
            Values of the data set, e.g. 0–255 for images, or a sparse matrix of them; HandgradError where one is
            not a finite number.
        """
        return self._classify(self._check_inputs(raw))[0]

    def predict_proba(self, raw: ArrayLike) -> Floats:
        """Compute the probability of each class or label, (N, C); see `logits`.

        Those of classes sum to 1. HandgradError for a regression, which has none.
        """
        if self.task == "regression":
            raise HandgradError("a regression has no probabilities; use predict")
        logits = self._classify(self._check_inputs(raw), finite=True)[0]
        return kernels.sigmoid(logits) if self.task == "multilabel" else kernels.softmax(logits)

    def predict(self, raw: ArrayLike) -> NDArray[Any]:
        """Predict examples; see `logits`.

        Returns
        -------
        array
            The most probable classes, (N,) integers; for several labels (N, L) uint8, 1 where the probability is
            above 0.5; for a regression (N, T) float64 in units of the data.
        """
        logits, classes = self._classify(self._check_inputs(raw), finite=True)
        return self.decide(logits) if self.task in ("multilabel", "regression") else classes

    def decide(self, logits: Floats) -> NDArray[Any]:
        """Return the predictions, as of `predict`, for outputs of the last layer (N, C)."""
        if self.task == "multilabel":
            return (logits > 0).astype(np.uint8)
        if self.task == "regression":
            return self.target_scaling.inverse(logits) if self.target_scaling else logits.astype(np.float64)
        return logits.argmax(axis=1)

    def scale_targets(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels of a data set as losses take them: targets of a regression are scaled, (N, T)."""
        if self.task != "regression":
            return labels
        with np.errstate(over="ignore"):  # the loss shows an overflow
            return (
                self.target_scaling(labels, self.dtype) if self.target_scaling else labels.astype(self.dtype)
            )

    def _classify(self, raw: NDArray[Any], finite: bool = False) -> tuple[Floats, Integers]:
        """Compute logits and classes: of few examples at once, of many chunk by chunk on threads."""
        if len(raw) <= FEW and raw.dtype == np.uint8:  # the fastest answer for a few images
            return self._classify_scaled(self.scale(raw))
        if len(raw) <= FEW:
            logits, classes = self._classify_chunk(raw)
        else:
            threads = choose_threads()
            size = self.chunk_size(len(raw), threads, self.entries(raw))
            chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
            with one_blas_thread(), Workers(threads) as workers:
                parts = workers.map(self._classify_chunk, chunks)
            logits, classes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if finite and raw.dtype != np.uint8 and not np.isfinite(logits).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return logits, classes

    def _classify_chunk(self, raw: NDArray[Any]) -> tuple[Floats, Integers]:
        with np.errstate(over="ignore", invalid="ignore"):  # of this thread
            return self._classify_scaled(self.scale(raw))

    def _check_inputs(self, values: ArrayLike) -> NDArray[Any]:
        """Return inputs (N, I), or raise HandgradError."""
        raw: Any = SparseRows.of(values) if is_sparse(values) else as_array(values, "inputs")
        if raw.ndim > 2:
            raw = raw.reshape(len(raw), prod(raw.shape[1:]))
        if raw.ndim != 2 or raw.shape[1] != self.inputs:
            got = f"got an array of shape {np.shape(values)}"
            raise HandgradError(f"the model takes (N, {self.inputs}) inputs; {got}")
        kind = raw.dtype.kind
        numbers = raw.values if isinstance(raw, SparseRows) else raw
        if kind != "u" and (kind not in "ifb" or (kind == "f" and not np.isfinite(numbers).all())):
            raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
        return raw

    def _classify_scaled(self, x: Any) -> tuple[Floats, Integers]:
        """Compute logits and classes of inputs of `forward`, by the fused kernel where there is one."""
        version, fused = self.__dict__.get("_fused", (None, None))
        if version is not kernels.version:
            usable = self.is_mlp and kernels.mlp
            fused = kernels.mlp(self.parameters[0], self.parameters[2]) if usable else None
            self.__dict__["_fused"] = kernels.version, fused
        found = fused(x) if fused else None
        if found is None:
            logits = self.forward(x)[0]
            found = logits, logits.argmax(axis=1)
        return found
