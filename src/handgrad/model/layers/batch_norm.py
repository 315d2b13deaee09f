"""Batch normalisation: every feature with mean 0 and variance 1, so that no layer need follow another's drift."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.types import Floats
from handgrad.model.initializers import Initializer, Ones, Zeros
from handgrad.model.layers.layer import Backward, Layer, Parameters, Shape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """y = gamma · (x − mean) / √(variance + ε) + beta, for each input, or each channel of images.

    In training, mean and variance are those of the chunk of examples that is worked on (Hoffer, Hubara and Soudry,
    "Train longer, generalize better", 2017, algorithm 1). In inference they are those of training data, measured
    with the parameters as they are (Wu and Johnson, "Rethinking 'batch' in BatchNorm", 2021, section 3); they stand
    among the parameters, but no gradient moves them.

    Parameters
    ----------
    epsilon : float
        ε, positive.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization", ICML 2015.
    """

    epsilon: float = 1e-5

    symbol: ClassVar[str] = "normed"
    formula: ClassVar[str] = "{y} = gamma{n} · x̂ + beta{n}, x̂ = ({x} − mean{n}) / √(variance{n} + {epsilon})"
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "gamma": "Σ d{y} · x̂",
        "beta": "Σ d{y}",
        "x": "d{y} · gamma{n} / √(variance{n} + {epsilon})",
    }

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < 1:
            raise HandgradError(f"BatchNorm epsilon must be above 0 and below 1; got {self.epsilon}")

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Scale, beta, mean and variance (C,)."""
        return dict.fromkeys(self.initializers(), input_shape[:1])

    def initializers(self) -> Mapping[str, Initializer]:
        """Nothing is scaled or shifted at first."""
        return {"gamma": Ones(), "beta": Zeros(), "mean": Zeros(), "variance": Ones()}

    def measured(self, x: Floats) -> Mapping[str, Floats]:
        """Measure mean and variance; see `Layer.measured`."""
        features = batch_last(x).reshape(x.shape[1], -1)
        return {"mean": features.mean(axis=1), "variance": features.var(axis=1)}

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""
        if rng is None:
            return self._fixed(parameters, x)
        features = batch_last(x)
        by_feature = (len(features), -1)
        y, normalised = kernels.batch_norm(
            features.reshape(by_feature), parameters.gamma, parameters.beta, self.epsilon
        )

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            given = batch_last(dy).reshape(by_feature)
            dx = kernels.batch_norm_backward(
                given, normalised, parameters.gamma, gradients.gamma, gradients.beta
            )
            return batch_first(dx.reshape(features.shape))

        return batch_first(y.reshape(features.shape)), backward

    def _fixed(self, parameters: Parameters, x: Floats) -> tuple[Floats, Backward]:
        """Use the measured mean and variance, with which the layer is an affine map."""
        inverse = 1 / np.sqrt(parameters.variance + x.dtype.type(self.epsilon))
        one_each = (1, -1, *[1] * (x.ndim - 2))
        slope = (parameters.gamma * inverse).reshape(one_each)
        start = (parameters.beta - parameters.mean * parameters.gamma * inverse).reshape(one_each)

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            centred = x - parameters.mean.reshape(one_each)
            others = tuple(axis for axis in range(x.ndim) if axis != 1)
            gradients.gamma += (dy * centred).sum(axis=others) * inverse
            gradients.beta += dy.sum(axis=others)
            return dy * slope

        return x * slope + start, backward
