"""The network: layers in a row, and all their parameters in one flat vector."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from handgrad.config import FRAMINGS, unique_names
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats, Integers, as_array, as_floats
from handgrad.model.architecture import check_shape
from handgrad.model.layers.layer import Layer
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.parameters import Parameterized
from handgrad.model.scaling import Scaling

FEW = 32
"""Examples up to which starting threads takes longer than predicting."""

NetworkBackward: TypeAlias = Callable[..., Any]


class Network(Parameterized):
    """Layers in a row, from scaled inputs to logits.

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
    arrays : mapping from str to array, optional
        All parameters and statistics by name, e.g. ``"layers.0.weights"``; default: initial values.

    Attributes
    ----------
    flat_parameters : (P,)
        All parameters.
    parameters : list of SimpleNamespace
        For each layer its parameters by name, views into `flat_parameters`: ``network.parameters[0].weights``.
    statistics : list of SimpleNamespace
        For each layer the arrays that inference needs and no gradient trains, e.g. the mean of `BatchNorm`.

    Raises
    ------
    HandgradError
        If the layers do not fit together, or an argument is refused.
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
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        super().__init__(layers, input_shape)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise HandgradError(f"dtype must be float32 or float64; got {self.dtype}")
        self.scaling = scaling
        self.example_shape = check_shape(
            self.input_shape if example_shape is None else example_shape, "example_shape"
        )
        if prod(self.example_shape) != self.inputs or framing not in FRAMINGS:
            raise HandgradError(
                f"{self.inputs} inputs are not examples {self.example_shape}, framing {framing!r:.40}"
            )
        self.framing = framing
        self.features = unique_names(features, "inputs")
        if len(self.features) not in (0, self.inputs):
            raise HandgradError(f"there are {len(self.features)} names for {self.inputs} inputs")
        outputs = self.output_shape[0]
        self.classes = unique_names(range(outputs) if classes is None else classes, "classes")
        if len(self.output_shape) != 1 or len(self.classes) != outputs:
            raise HandgradError(
                f"the network ends in {self.output_shape}, but there are {len(self.classes)} classes"
            )
        self._allocate(arrays, np.random.default_rng(rng))

    def __repr__(self) -> str:
        layers = " → ".join(type(layer).__name__ for layer in self.layers)
        return f"Network({self.input_shape} → {layers} → {self.output_shape}, {self.parameter_count:,} parameters)"

    @property
    def takes_images(self) -> bool:
        """Whether examples are images of bytes."""
        return len(self.example_shape) == 3 and self.scaling is not None and self.scaling.for_bytes

    def adopt(
        self, classes: Sequence[str], example_shape: Sequence[int], framing: str, features: Sequence[str] = ()
    ) -> None:
        """Adopt class names, where there are none, and the form of examples from training data.

        Raises
        ------
        HandgradError
            If the data have other class names, or the same in another order.
        """
        if self.classes == tuple(map(str, range(len(self.classes)))):
            self.classes = tuple(classes)
        elif tuple(classes) not in (self.classes, tuple(map(str, range(len(self.classes))))):
            raise HandgradError(
                f"the network's classes are {', '.join(self.classes):.60}, those of the data "
                f"{', '.join(classes):.60}; they must be the same, in the same order"
            )
        self.example_shape, self.framing, self.features = tuple(example_shape), framing, tuple(features)

    def forward(
        self, x: Floats | NDArray[np.uint8], rng: np.random.Generator | None = None
    ) -> tuple[Floats, NetworkBackward]:
        """Compute the logits of scaled inputs, and return the function that computes the gradients.

        Parameters
        ----------
        x : (N, *input_shape) or (N, I)
            Scaled floats, or uint8 values, which stand for x / 255.
        rng : numpy.random.Generator, optional
            For layers that draw random numbers in training; None means inference.

        Returns
        -------
        logits : (N, C)
        backward : ``backward(dlogits, gradient) -> dx``
            `gradient` is a flat (P,) vector with the layout of `flat_parameters`, and is added to; dx has the shape
            (N, *input_shape). With ``input_gradient=False`` dx is not computed and None is returned.
        """
        y: Any = np.asarray(x)
        if y.ndim < 2 or prod(y.shape[1:]) != self.inputs:
            raise HandgradError(f"the network takes inputs (N, {self.inputs}); got {y.shape}")
        if y.dtype != np.uint8:
            y = y.astype(self.dtype, copy=False)
        elif not (self.layers[0].takes_bytes and kernels.takes_bytes):
            y = as_floats(y, self.dtype)
        y = y.reshape(len(y), *self.input_shape)
        steps = []
        for layer, arrays in zip(self.layers, self.arrays, strict=True):
            y, step = layer.forward(arrays, y, rng)
            y = np.asarray(y, self.dtype)  # a custom layer may compute with another dtype
            steps.append(step)

        def backward(dlogits: Floats, gradient: NDArray[Any], input_gradient: bool = True) -> Floats | None:
            self._check_gradient(gradient)
            gradients, first = self.views(gradient), self.first_trained
            dy = np.asarray(dlogits, self.dtype)
            for index in reversed(range(0 if input_gradient else first + 1, len(self.layers))):
                dy = np.asarray(steps[index](dy, gradients[index]), self.dtype)
            if input_gradient:
                return dy
            if first < len(self.layers):
                options = {"input_gradient": False} if self.layers[first].skips_input_gradient else {}
                steps[first](dy, gradients[first], **options)
            return None

        return y, backward

    def gradient_function(self, loss: Loss, gradient: NDArray[Any]) -> Callable[..., tuple[float, int]]:
        """Return a function that adds to a gradient, and returns the loss and the number of correct predictions.

        Parameters
        ----------
        loss : Loss
        gradient : (P,)
            With the layout of `flat_parameters`.

        Returns
        -------
        callable
            ``add(x, labels, weights, total, rng)``: inputs as in `forward`, labels (N,), sample weights (N,) or None,
            the divisor of the sum of the losses, and a random generator or None.
        """
        self._check_gradient(gradient)
        fused = None
        if self.is_mlp and type(loss) is CrossEntropy and not loss.class_weights:
            views, smoothing = self.views(gradient), loss.label_smoothing
            fused = kernels.mlp_gradient(self.parameters[0], self.parameters[2], views[0], views[2])

        def add(x: Any, labels: Integers, weights: Any, total: int, rng: Any) -> tuple[float, int]:
            if fused and weights is None:
                x = x.reshape(len(x), self.inputs)
                x = x if x.dtype == np.uint8 else x.astype(self.dtype, copy=False)
                try:
                    return fused(x, labels, smoothing, total)
                except IndexError as error:
                    raise HandgradError(f"{error}; choose data with the classes of the network") from None
            logits, backward = self.forward(x, rng)
            mean, dlogits = loss(logits, labels, weights, total)
            backward(dlogits, gradient, input_gradient=False)
            return mean, kernels.count_correct(logits, labels)

        return add

    def _check_gradient(self, gradient: NDArray[Any]) -> None:
        if gradient.shape != self._vector.shape:
            raise HandgradError(f"the gradient must be {self._vector.shape}; got {gradient.shape}")
        if gradient.dtype != self.dtype or not gradient.flags.c_contiguous:
            raise HandgradError(f"the gradient must be a contiguous vector of {self.dtype}")

    def calibrate(self, raw: NDArray[Any]) -> None:
        """Measure the statistics on some hundred examples (N, I) of training data, with the current parameters."""
        if not self.has_running_statistics:
            return
        y = self.scale(raw).reshape(len(raw), *self.input_shape)
        with one_blas_thread():
            for layer, arrays in zip(self.layers, self.arrays, strict=True):
                for name, values in layer.measure(y).items():
                    getattr(arrays, name)[...] = values
                y, _ = layer.forward(arrays, y)

    def scale(self, raw: NDArray[Any]) -> Floats:
        """Scale values of the data set, (N, I), to inputs of `forward`."""
        return self.scaling(raw, self.dtype) if self.scaling else raw.astype(self.dtype)

    def prepare(self, raw: NDArray[Any]) -> Floats | NDArray[np.uint8]:
        """Scale as `scale` does, but keep bytes where `forward` scales them itself."""
        keep = raw.dtype == np.uint8 and self.scaling is not None and self.scaling.for_bytes
        return raw if keep else self.scale(raw)

    def logits(self, raw: ArrayLike) -> Floats:
        """Compute the score of each class, before softmax.

        Parameters
        ----------
        raw : (N, *input_shape) or (N, I)
            Values of the data set, e.g. 0–255 for images.

        Returns
        -------
        (N, C)

        Raises
        ------
        HandgradError
            If the number of inputs is not the network's, or a value is not a finite number.
        """
        return self._compute(raw)[0]

    def predict_proba(self, raw: ArrayLike) -> Floats:
        """Compute the probability of each class, (N, C); each row sums to 1; see `logits`."""
        return kernels.softmax(self._compute(raw, finite=True)[0])

    def predict(self, raw: ArrayLike) -> Integers:
        """Return the most probable class of each example, (N,) integers; see `logits`."""
        return self._compute(raw, finite=True)[1]

    def _compute(self, raw: ArrayLike, finite: bool = False) -> tuple[Floats, Integers]:
        """Compute logits and classes: of few examples at once, of many chunk by chunk on threads."""
        raw, classify = self._check_inputs(as_array(raw, "inputs")), self._classifier()
        if len(raw) <= FEW:
            if raw.dtype == np.uint8:
                return classify(self.prepare(raw))
            with np.errstate(over="ignore", invalid="ignore"):
                logits, classes = classify(self.prepare(raw))
        else:
            logits = self._compute_on_threads(raw, classify)
            classes = logits.argmax(axis=1)
        if finite and raw.dtype != np.uint8 and not np.isfinite(logits).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return logits, classes

    def _compute_on_threads(self, raw: NDArray[Any], classify: Any) -> Floats:
        logits, threads = np.empty((len(raw), len(self.classes)), self.dtype), choose_threads()
        size = self.chunk_size(len(raw), threads)

        def compute(part: slice) -> None:
            with np.errstate(over="ignore", invalid="ignore"):  # of this thread
                logits[part] = classify(self.prepare(raw[part]))[0]

        with one_blas_thread(), Workers(threads) as workers:
            workers.map(compute, [slice(start, start + size) for start in range(0, len(raw), size)])
        return logits

    def _check_inputs(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Return inputs (N, I), or raise HandgradError."""
        if raw.ndim != 2 or raw.shape[1] != self.inputs:
            if raw.ndim < 2 or prod(raw.shape[1:]) != self.inputs:
                raise HandgradError(
                    f"the model takes (N, {self.inputs}) inputs; got an array of shape {raw.shape}"
                )
            raw = raw.reshape(len(raw), self.inputs)
        kind = raw.dtype.kind
        if kind != "u" and (kind not in "ifb" or (kind == "f" and not np.isfinite(raw).all())):
            raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
        return raw

    def _classifier(self) -> Any:
        """Return the function from prepared inputs to logits and classes, created once for the kernels in use."""
        first, last = self.parameters[0], self.parameters[-1]
        found = self.__dict__.get("_classify")
        if (
            found is None
            or found[0] is not kernels.version
            or (self.is_mlp and (found[1] is not first.weights or found[2] is not last.weights))
        ):
            arrays = (first.weights, last.weights) if self.is_mlp else (None, None)
            classify = kernels.mlp(first, last) if self.is_mlp else self._classify_by_layers
            found = self.__dict__["_classify"] = (kernels.version, *arrays, classify)
        return found[3]

    def _classify_by_layers(self, x: Any) -> tuple[Floats, Integers]:
        logits = self.forward(x)[0]
        return logits, logits.argmax(axis=1)
