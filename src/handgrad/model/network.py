"""The network: layers in a row, and all their parameters in one flat vector."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned
from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats, Integers
from handgrad.model.inference import compute_logits, predict
from handgrad.model.layers.dense import Dense
from handgrad.model.layers.layer import Layer, Parameters, Shape
from handgrad.model.layers.relu import ReLU
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.scaling import Scaling

CACHE = 1_600_000
"""Floats of one layer that are worked on at a time: few enough for the cache, enough to make threads worth while."""

FULL = 32
"""Examples that fill vectors and tiles; chunks are multiples of it, where they are not smaller."""

SHARED = 50_000_000
"""Multiplications from which a batch that would be one chunk is worth sharing out among threads."""

NetworkBackward: TypeAlias = Callable[..., Any]


class Network:
    """Layers in a row, from scaled inputs to logits.

    Parameters
    ----------
    layers : sequence of Layer
    input_shape : tuple of int
        Of one example, without N: ``(784,)`` or ``(1, 28, 28)``.
    rng : numpy.random.Generator, optional
        Draws the first parameters; without one they start from a fresh, unpredictable generator.
    dtype : numpy dtype
        Of parameters and arithmetic: float32 or float64.
    scaling : Scaling, optional
        From values as the data set has them to scaled ones. Training chooses one where there is none.
    classes : sequence of str, optional
        The names of the outputs; default: "0", "1", …

    Attributes
    ----------
    flat_parameters : (P,)
        All parameters.
    parameters : list of SimpleNamespace
        For each layer its arrays by name, views into `flat_parameters`: ``network.parameters[0].weights``.
    chunk : int
        Examples that are best computed at a time.
    macs : int
        Of an example: every parameter meets an input in every place.
    example_shape : tuple of int
        Of one example as the data set has it, such as ``(1, 28, 28)`` where `input_shape` is ``(784,)``.
    framing : str
        How an image becomes an example, as in `Dataset`.
    features : tuple of str
        The names of the inputs, where the data set was a table that has them.

    Raises
    ------
    HandgradError
        If the layers do not fit together.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
        *,
        scaling: Scaling | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        self.layers = tuple(layers)
        self.input_shape = tuple(input_shape)
        self.dtype = np.dtype(dtype)
        self.scaling = scaling
        self.example_shape = (1, 28, 28) if self.input_shape == (784,) else self.input_shape
        self.framing = "digit"
        self.features: tuple[str, ...] = ()
        self._check()
        self.shapes: list[Mapping[str, Shape]] = []
        self.macs = 0
        shape, floats = self.input_shape, prod(self.input_shape)
        if self.layers[0].takes_bytes:  # of which four are as long as one float
            floats = -(-floats // 4)
        for layer in self.layers:
            self.shapes.append(layer.parameter_shapes(shape))
            floats = max(floats, layer.activation_size(shape))
            shape = layer.output_shape(shape)
            self.macs += sum(map(prod, self.shapes[-1].values())) * prod(shape[1:])
        self.output_shape = shape
        fitting = max(1, CACHE // floats)
        self.chunk = fitting - fitting % FULL or fitting
        self.classes = tuple(classes) if classes is not None else tuple(map(str, range(prod(shape))))
        if len(shape) != 1 or len(self.classes) != shape[0]:
            raise HandgradError(f"the network ends in {shape}, but there are {len(self.classes)} classes")
        size = sum(prod(shape) for shapes in self.shapes for shape in shapes.values())
        self._vector: NDArray[Any] = aligned((size,), self.dtype)
        self.parameters = self.views(self._vector)
        self._first = next((i for i, shapes in enumerate(self.shapes) if shapes), len(self.layers))
        rng = rng if rng is not None else np.random.default_rng()
        for layer, parameters in zip(self.layers, self.parameters, strict=True):
            initializers = layer.initializers()
            for name, array in vars(parameters).items():
                if name not in initializers:
                    raise HandgradError(f"{type(layer).__name__} names no initializer for its {name}")
                array[...] = initializers[name].draw(array.shape, rng)

    @property
    def flat_parameters(self) -> NDArray[Any]:
        """All parameters, (P,); what is assigned to it is copied into it."""
        return self._vector

    @flat_parameters.setter
    def flat_parameters(self, values: NDArray[Any]) -> None:
        self._vector[...] = values

    def __repr__(self) -> str:
        layers = " → ".join(type(layer).__name__ for layer in self.layers)
        return f"Network({self.input_shape} → {layers} → {self.output_shape}, {self.parameter_count:,} parameters)"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("parameters", "_classify")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # a copy sees its own vector, not that of the original
        self.parameters = self.views(self._vector)

    @cached_property
    def inputs(self) -> int:
        """I, the values of one example."""
        return prod(self.input_shape)

    @cached_property
    def types(self) -> list[type[Layer]]:
        """The classes of the layers."""
        return [type(layer) for layer in self.layers]

    @cached_property
    def has_running_statistics(self) -> bool:
        """Whether a layer measures its examples: in training those of a chunk, for inference in `calibrate`."""
        return any(kind.measured is not Layer.measured for kind in self.types)

    @cached_property
    def is_mlp(self) -> bool:
        """Whether there is one hidden layer with ReLU, for which there are kernels of the whole."""
        return self.types == [Dense, ReLU, Dense]

    @property
    def parameter_count(self) -> int:
        """P, the length of `flat_parameters`."""
        return len(self._vector)

    @property
    def takes_images(self) -> bool:
        """Whether examples are images, whose values are bytes."""
        return len(self.example_shape) == 3 and self.scaling is not None and self.scaling.for_bytes

    def views(self, vector: NDArray[Any]) -> list[Parameters]:
        """View a flat (P,) vector as the arrays of each layer, by name.

        A matrix (O, I) lies in memory as (I, O), the weights of one input after those of the other; see dense.c.
        """
        views, start = [], 0
        for shapes in self.shapes:
            arrays = {}
            for name, shape in shapes.items():
                part = vector[start : start + prod(shape)]
                arrays[name] = part.reshape(shape[::-1]).T if len(shape) == 2 else part.reshape(shape)
                start += prod(shape)
            views.append(SimpleNamespace(**arrays))
        return views

    def forward(
        self, x: Floats | NDArray[np.uint8], rng: np.random.Generator | None = None
    ) -> tuple[Floats, NetworkBackward]:
        """Compute the logits of scaled inputs, and give back the function that goes backward.

        Parameters
        ----------
        x : (N, *input_shape) or (N, I)
            Scaled floats, or uint8 values, which stand for x / 255.
        rng : numpy.random.Generator, optional
            In training, for layers that draw at random; None means inference.

        Returns
        -------
        logits : (N, C)
        backward : ``backward(dlogits, gradient) -> dx``
            `gradient` is a flat (P,) vector with the layout of `flat_parameters`, added to; dx has the shape
            (N, *input_shape). With ``input_gradient=False`` dx is not computed and None comes back.
        """
        y: Any = np.asarray(x)
        if y.ndim < 2 or prod(y.shape[1:]) != self.inputs:
            raise HandgradError(f"the network takes inputs (N, {self.inputs}); got {y.shape}")
        if y.dtype != np.uint8:
            y = y.astype(self.dtype, copy=False)
        elif not (self.layers[0].takes_bytes and kernels.takes_bytes):
            y = np.divide(y, 255, dtype=self.dtype)
        y = y.reshape(len(y), *self.input_shape)
        steps = []
        for layer, parameters in zip(self.layers, self.parameters, strict=True):
            y, step = layer.forward(parameters, y, rng)
            y = np.asarray(y, self.dtype)  # whatever dtype a custom layer computes with
            steps.append(step)

        def backward(dlogits: Floats, gradient: NDArray[Any], input_gradient: bool = True) -> Floats | None:
            self._check_gradient(gradient)
            gradients = self.views(gradient)
            dy = np.asarray(dlogits, self.dtype)
            last = 0 if input_gradient else self._first + 1
            for index in reversed(range(last, len(self.layers))):
                dy = np.asarray(steps[index](dy, gradients[index]), self.dtype)
            if input_gradient:
                return dy
            if self._first < len(self.layers):
                wanted = {"input_gradient": False} if self.layers[self._first].skips_input_gradient else {}
                steps[self._first](dy, gradients[self._first], **wanted)
            return None

        return y, backward

    def gradient_function(self, loss: Loss, gradient: NDArray[Any]) -> Callable[..., tuple[float, int]]:
        """Return a function that adds to a gradient, and returns the loss and the number of correct predictions.

        Parameters
        ----------
        loss : Loss
        gradient : (P,)
            Of the layout of `flat_parameters`.

        Returns
        -------
        callable
            ``add(x, labels, weights, total, rng)``: inputs as `forward` takes them, labels (N,), sample weights (N,)
            or None, the number by which the sum of the losses is divided, and a random generator or None.
        """
        self._check_gradient(gradient)
        whole = None
        if self.is_mlp and type(loss) is CrossEntropy and not loss.class_weights:
            views = self.views(gradient)
            whole = kernels.mlp_gradient(self.parameters[0], self.parameters[2], views[0], views[2])

        def add(x: Any, labels: Integers, weights: Any, total: int, rng: Any) -> tuple[float, int]:
            if whole and weights is None:
                x = x.reshape(len(x), self.inputs).astype(
                    x.dtype if x.dtype == np.uint8 else self.dtype, copy=False
                )
                try:
                    return whole(x, labels, loss.label_smoothing, total)  # type: ignore[attr-defined]
                except IndexError as error:
                    raise HandgradError(f"{error}; choose data with the classes of the network") from None
            logits, backward = self.forward(x, rng)
            mean, dlogits = loss(logits, labels, weights, total)
            backward(dlogits, gradient, input_gradient=False)
            return mean, kernels.count_correct(logits, labels)

        return add

    def _check_gradient(self, gradient: NDArray[Any]) -> None:
        if gradient.shape != self.flat_parameters.shape:
            raise HandgradError(f"the gradient must be {self.flat_parameters.shape}; got {gradient.shape}")
        if gradient.dtype != self.dtype or not gradient.flags.c_contiguous:
            raise HandgradError(f"the gradient must be a vector of {self.dtype} without gaps")

    def chunk_size(self, examples: int, threads: int) -> int:
        """Choose the size of chunks for a batch: no larger than `chunk`, and as many for each thread.

        A batch that would be one chunk is shared out where it is worth the hand-over.
        """
        count = -(-examples // self.chunk)
        if count > 1 or examples * self.macs >= SHARED:
            count = -(-count // threads) * threads
        size = max(1, -(-examples // max(1, count)))
        return size if size <= FULL else -(-size // FULL) * FULL

    def calibrate(self, raw: NDArray[Any]) -> None:
        """Measure on training data what some layers must know of them, such as a mean, with the present parameters.

        Parameters
        ----------
        raw : (N, I)
            Some hundreds of examples as the data set has them.
        """
        if not self.has_running_statistics:
            return
        y = self.scale(raw).reshape(len(raw), *self.input_shape)
        with one_blas_thread():
            for layer, parameters in zip(self.layers, self.parameters, strict=True):
                for name, values in layer.measured(y).items():
                    getattr(parameters, name)[...] = values
                y, _ = layer.forward(parameters, y)

    def scale(self, raw: NDArray[Any]) -> Floats:
        """Scale values as the data set has them, (N, I), to what `forward` takes."""
        return self.scaling(raw, self.dtype) if self.scaling else raw.astype(self.dtype)

    def prepare(self, raw: NDArray[Any]) -> Floats | NDArray[np.uint8]:
        """Scale as `scale` does, but leave bytes to `forward` where the scaling is x / 255."""
        as_they_are = raw.dtype == np.uint8 and self.scaling is not None and self.scaling.for_bytes
        return raw if as_they_are else self.scale(raw)

    def logits(self, raw: NDArray[Any]) -> Floats:
        """Compute the score of each class, before softmax.

        Parameters
        ----------
        raw : (N, *input_shape) or (N, I)
            Values as the data set has them: 0–255 for images.

        Returns
        -------
        (N, C)

        Raises
        ------
        HandgradError
            If the number of inputs is not the network's, or a value is not a finite number.
        """
        return compute_logits(self, raw)

    def predict_proba(self, raw: NDArray[Any]) -> Floats:
        """Compute the probability of each class, (N, C); each row sums to 1; see `logits`."""
        return kernels.softmax(self.logits(raw))

    def predict(self, raw: NDArray[Any]) -> Integers:
        """Return the most probable class of each example, (N,) integers; see `logits`."""
        return predict(self, raw)

    def summary(self) -> None:
        """Print the layers with their output shapes and numbers of parameters."""
        print(f"{'layer':<14}{'output':<18}{'parameters':>12}")
        print(f"{'input':<14}{self.input_shape!s:<18}{0:>12,}")
        shape = self.input_shape
        for layer, shapes in zip(self.layers, self.shapes, strict=True):
            shape = layer.output_shape(shape)
            count = sum(map(prod, shapes.values()))
            print(f"{type(layer).__name__:<14}{shape!s:<18}{count:>12,}")
        print(f"{'total':<32}{self.parameter_count:>12,}")

    def _check(self) -> None:
        if not self.layers:
            raise HandgradError("a network needs at least one layer, such as Dense(10)")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise HandgradError(f"{layer!r:.60} is no layer; a class of one's own inherits from Layer")
        if not self.input_shape or not all(isinstance(n, int) and n >= 1 for n in self.input_shape):
            raise HandgradError(
                f"input_shape must be whole numbers from 1, as (784,); got {self.input_shape}"
            )
        if self.dtype not in (np.float32, np.float64):
            raise HandgradError(f"dtype must be float32 or float64; got {self.dtype}")
