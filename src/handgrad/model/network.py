"""The network: forward and backward through its layers. Predictions are in `predictions.py`."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.config import FRAMINGS, check_task, unique_names
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats, as_floats
from handgrad.model.architecture import check_shape
from handgrad.model.layers.layer import Backward, Layer, Rng
from handgrad.model.predictions import Predictions
from handgrad.model.scaling import Scaling


class Network(Predictions):
    """Layers in a row, with their parameters.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, from the inputs to the outputs.
    input_shape : int or tuple of int
        Shape of one example, without N, e.g. ``784`` or ``(1, 28, 28)``.
    rng : numpy.random.Generator or int, optional
        Source of the initial parameters. Default: a new, unpredictable generator.
    dtype : {float32, float64}
        Type of parameters and arithmetic.
    scaling : Scaling, optional
        Scaling of the inputs. Default: training learns one.
    classes : sequence of str, optional
        Names of the outputs. Default: ``"0"``, ``"1"``, …, or those of the training data.
    example_shape : int or tuple of int, optional
        Shape of one example in the data set, e.g. ``(1, 28, 28)`` where `input_shape` is ``784``. Default:
        `input_shape`.
    framing : {"plain", "digit"}
        How an image file becomes an example, as in `Dataset`.
    features : sequence of str, optional
        Names of the inputs, for tables.
    task : {"classification", "multilabel", "regression"}, optional
        Meaning of the outputs: scores of classes, scores of labels, of which an example has any number, or targets.
        Default: that of the training data, and classification before training.
    target_scaling : Scaling, optional
        Scaling of the targets of a regression. Default: training learns one.
    arrays : mapping from str to array, optional
        Parameters and statistics by name, e.g. ``"layers.0.weights"``. Default: initial values.

    Attributes
    ----------
    parameters : list of SimpleNamespace
        Parameters of each layer by name, e.g. ``network.parameters[0].weights``. They are views of `flat_parameters`.
    statistics : list of SimpleNamespace
        Arrays of each layer that inference needs and no gradient trains, e.g. the mean of `BatchNorm`.
    arrays : list of SimpleNamespace
        Parameters and statistics of each layer.
    parameter_count : int
        Number of parameters P.
    output_shape : tuple of int
        Shape of one output.
    layers, input_shape, dtype, scaling, classes, example_shape, framing, features, task, target_scaling
        The values of the arguments.

    Raises
    ------
    HandgradError
        If layers, shapes or arrays do not fit together.

    See Also
    --------
    fit : Train a network.
    save_model : Write a network to a file.
    explain : Compute every array of one example.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layers = [hg.Dense(16), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=4, classes=["no", "yes"])
    >>> print(network)
    4 → Dense → ReLU → Dense → 2: 114 parameters
    >>> network.predict_proba(np.zeros((1, 4)))
    array([[0.5, 0.5]], dtype=float32)
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

    def forward(self, x: NDArray[Any] | SparseRows, rng: Rng = None) -> tuple[Floats, Backward]:
        """Compute the logits of scaled inputs, and return the function that computes the gradients.

        Parameters
        ----------
        x : array of shape (N, ...) or sparse rows
            Scaled inputs: floats, or uint8 values, which stand for x / 255.
        rng : numpy.random.Generator, optional
            Source of random numbers in training. None means inference.

        Returns
        -------
        logits : array of shape (N, C)
            Outputs of the last layer.
        backward : function
            ``backward(dlogits, gradient)`` returns dx, in the shape of the inputs, and adds the gradients of the
            parameters to `gradient`, a (P,) vector in the order of `flat_parameters`. With ``input_gradient=False``
            it does not compute dx and returns None.

        Examples
        --------
        >>> import numpy as np
        >>> import handgrad as hg
        >>> network = hg.Network([hg.Dense(2)], input_shape=3, rng=0)
        >>> logits, backward = network.forward(np.ones((4, 3)))
        >>> loss, dlogits = hg.CrossEntropy()(logits, np.array([0, 1, 1, 0]))
        >>> gradient = np.zeros_like(network.flat_parameters)
        >>> backward(dlogits, gradient).shape
        (4, 3)
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

    def calibrate(self, raw: NDArray[Any] | SparseRows) -> None:
        """Measure the statistics, e.g. of `BatchNorm`, with the current parameters; training does this.

        Parameters
        ----------
        raw : array of shape (N, I) or sparse rows
            Examples of the training data.
        """
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

    def adopt(
        self, classes: Sequence[str], example_shape: Sequence[int], framing: str, features: Sequence[str] = ()
    ) -> None:
        """Adopt the form of training data.

        Parameters
        ----------
        classes : sequence of str
            Names of the outputs, which are adopted where the network has numbers.
        example_shape : sequence of int
            Shape of one example.
        framing : str
            How an image file becomes an example.
        features : sequence of str
            Names of the inputs.
        """
        if self.classes == tuple(map(str, range(len(self.classes)))):
            self.classes = tuple(classes)
        self.example_shape, self.framing, self.features = tuple(example_shape), framing, tuple(features)

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
