"""The dense layer, and two that often stand before and behind it: Flatten and Maxout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from handgrad.config import within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.types import Floats
from handgrad.model.initializers import He, Initializer, Zeros
from handgrad.model.layers.layer import LARGEST, SIZE, Backward, Layer, Parameters, Rng, Shape


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer: every output is a weighted sum of all inputs.

    Parameters
    ----------
    units : int
        Number of outputs O, from 1.
    weight_initializer : Initializer
        Initial values of the weights (O, I).
    bias_initializer : Initializer
        Initial values of the biases (O,).

    See Also
    --------
    Flatten : Make flat inputs of images.

    Notes
    -----
    ``y = x Wᵀ + b``, from (N, I) to (N, O). The gradients are ``dW = dyᵀ x``, ``db = Σₙ dy`` and ``dx = dy W``. The
    first layer of a network also takes bytes and sparse rows.

    Examples
    --------
    >>> import handgrad as hg
    >>> layers = [hg.Dense(128), hg.ReLU(), hg.Dense(10)]
    >>> network = hg.Network(layers, input_shape=784)
    >>> network.parameters[0].weights.shape
    (128, 784)
    >>> print(network)
    784 → Dense → ReLU → Dense → 10: 101,770 parameters
    """

    units: int = field(metadata=SIZE)
    weight_initializer: Initializer = He()
    bias_initializer: Initializer = Zeros()

    skips_input_gradient = True
    takes_bytes = True
    takes_sparse = True
    symbol = "z"
    formulas = {
        "y": "{x} weights{n}ᵀ + biases{n}",
        "weights": "d{y}ᵀ {x}",
        "biases": "Σₙ d{y}",
        "x": "d{y} weights{n}",
    }
    entries = {
        "y": "n,o = Σ[i] x[n,i] * weights[o,i] + biases[o]",
        "weights": "o,i = Σ[n] dy[n,o] * x[n,i]",
        "biases": "o = Σ[n] dy[n,o]",
        "x": "n,i = Σ[o] dy[n,o] * weights[o,i]",
    }

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        if len(input_shape) != 1:
            raise HandgradError(f"Dense takes flat inputs (I,); got {input_shape}: put a Flatten before it")
        return {"weights": (self.units, *input_shape), "biases": (self.units,)}

    def initializers(self) -> Mapping[str, Initializer]:
        return {"weights": self.weight_initializer, "biases": self.bias_initializer}

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.units,)

    def forward(
        self, parameters: Parameters, x: Floats | SparseRows, rng: Rng = None
    ) -> tuple[Floats, Backward]:
        weights, biases = parameters.weights, parameters.biases

        def backward(dy: Floats, gradients: Parameters, input_gradient: bool = True) -> Floats | None:
            sums = gradients.weights, gradients.biases
            return derivative(dy, x, weights, *sums, input_gradient=input_gradient)

        if isinstance(x, SparseRows):
            function, derivative = kernels.sparse_dense, kernels.sparse_dense_backward
        else:
            function, derivative = kernels.dense, kernels.dense_backward
        return function(x, weights, biases), backward


@dataclass(frozen=True)
class Maxout(Layer):
    """Maximum of every `pieces` neighbouring inputs, or channels of images.

    Parameters
    ----------
    pieces : int
        Size of a group, from 2. It divides the number of inputs or channels.

    Notes
    -----
    From (N, I) to (N, I / pieces), or from (N, C, H, W) to (N, C / pieces, H, W). The gradient goes to the largest
    of each group.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks", ICML 2013, section 3.

    Examples
    --------
    >>> import handgrad as hg
    >>> layers = [hg.Dense(20), hg.Maxout(pieces=4), hg.Dense(3)]
    >>> print(hg.Network(layers, input_shape=8))
    8 → Dense → Maxout → Dense → 3: 198 parameters
    """

    pieces: int = field(default=2, metadata=within(2, LARGEST, "[]", whole=True))

    symbol = "a"
    formulas = {
        "y": "the largest of every {pieces} neighbours in {x}",
        "x": "d{y} where {x} was the largest, else 0",
    }
    entries = {
        "y": "n,o… = Max[k:pieces] x[n,o*pieces+k…]",
        "x": "n,i… = dy[n,i//pieces…] * (argmax[n,i//pieces…] == i % pieces)",
    }

    def trace_arrays(self, x: Floats) -> Mapping[str, Any]:
        return {"argmax": kernels.maxout(x, self.pieces)[1]}

    def output_shape(self, input_shape: Shape) -> Shape:
        if input_shape[0] % self.pieces:
            raise HandgradError(f"Maxout: {input_shape[0]} inputs are not a multiple of {self.pieces} pieces")
        return (input_shape[0] // self.pieces, *input_shape[1:])

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        y, argmax = kernels.maxout(x, self.pieces)
        return y, lambda dy, gradients: kernels.maxout_backward(dy, argmax, self.pieces)


@dataclass(frozen=True)
class Flatten(Layer):
    """Reshape images (N, C, H, W) to flat inputs (N, C · H · W), as `Dense` takes them.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Flatten().output_shape((8, 13, 13))
    (1352,)
    """

    formulas = {"y": "{x} in one row", "x": "d{y} in the shape of {x}"}
    entries = {
        "y": "n,i = flat[n,i]",
        "x": "n,c… = dy[n,position[0,c…]]",
    }

    def trace_arrays(self, x: Floats) -> Mapping[str, Any]:
        position = np.arange(prod(x.shape[1:])).reshape(1, *x.shape[1:])
        return {"flat": x.reshape(len(x), -1), "position": position}

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return x.reshape(len(x), -1), lambda dy, gradients: dy.reshape(x.shape)
