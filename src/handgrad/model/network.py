"""The network: forward and backward through its layers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.config import FRAMINGS, unique_names
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats, Integers, as_floats
from handgrad.model.architecture import check_shape
from handgrad.model.layers.layer import Layer
from handgrad.model.prediction import Predictor
from handgrad.model.scaling import Scaling

NetworkBackward: TypeAlias = Callable[..., Any]


class Network(Predictor):
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
        super().__init__(layers, input_shape, dtype)
        self.scaling = scaling
        if scaling and scaling.shift.shape not in ((), (self.inputs,)):
            raise HandgradError(
                f"a scaling of {scaling.shift.shape} values is not one of {self.inputs} inputs"
            )
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
        self.allocate(arrays, np.random.default_rng(rng))

    def __str__(self) -> str:
        layers = " → ".join(type(layer).__name__ for layer in self.layers)
        first, last = ("×".join(map(str, shape)) for shape in (self.input_shape, self.output_shape))
        return f"{first} → {layers} → {last}: {self.parameter_count:,} parameters"

    def __repr__(self) -> str:
        return f"Network({self})"

    @property
    def takes_images(self) -> bool:
        """Whether examples are images of bytes."""
        return len(self.example_shape) == 3 and self.scaling is not None and self.scaling.for_bytes

    def adopt(
        self, classes: Sequence[str], example_shape: Sequence[int], framing: str, features: Sequence[str] = ()
    ) -> None:
        """Adopt class names, where there are none, and the form of examples from training data.

        HandgradError is raised if the data have other class names, or the same in another order.
        """
        numbers = tuple(map(str, range(len(self.classes))))
        if self.classes == numbers:
            self.classes = tuple(classes)
        elif tuple(classes) not in (self.classes, numbers):
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
            gradients, dy = self._gradient_views(gradient), np.asarray(dlogits, self.dtype)
            first = 0 if input_gradient else self.first_trained
            for index in reversed(range(first, len(steps))):
                skips = index == first and not input_gradient and self.layers[index].skips_input_gradient
                options = {"input_gradient": False} if skips else {}
                dx = steps[index](dy, gradients[index], **options)
                dy = dy if skips else np.asarray(dx, self.dtype)
            return dy if input_gradient else None

        return y, backward

    def _gradient_views(self, gradient: NDArray[Any]) -> list[SimpleNamespace]:
        expected = (self._vector.shape, self.dtype, True)
        if (gradient.shape, gradient.dtype, gradient.flags.c_contiguous) != expected:
            raise HandgradError(
                f"the gradient must be a contiguous vector {self._vector.shape} of {self.dtype}"
            )
        return self.views(gradient)

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
