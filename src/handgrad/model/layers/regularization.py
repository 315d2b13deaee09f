"""Layers that compute differently in training and in inference: BatchNorm and Dropout."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.types import Floats
from handgrad.model.initializers import Initializer, Ones, Zeros
from handgrad.model.layers.layer import Backward, Layer, Parameters, Rng, Shape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalization: standardize each input, or each channel of images, then scale and shift it.

    Parameters
    ----------
    epsilon : float
        Added to the variance, above 0 and below 1.

    Notes
    -----
    ``y = gamma (x − mean) / √(variance + epsilon) + beta``, where gamma and beta are parameters. In training, mean
    and variance are those of the chunk of examples that is computed at a time (Hoffer et al., 2017). In inference
    they are statistics of training data, measured with the current parameters (Wu and Johnson, 2021).

    References
    ----------
    - Ioffe and Szegedy, "Batch normalization", ICML 2015.
    - Hoffer, Hubara and Soudry, "Train longer, generalize better", 2017, algorithm 1.
    - Wu and Johnson, "Rethinking 'batch' in BatchNorm", 2021, section 3.

    Examples
    --------
    >>> import handgrad as hg
    >>> layers = [hg.Dense(128), hg.BatchNorm(), hg.ReLU(), hg.Dense(10)]
    >>> network = hg.Network(layers, input_shape=784)
    >>> network.parameters[1].gamma.shape, network.statistics[1].variance.shape
    ((128,), (128,))
    """

    epsilon: float = field(default=1e-5, metadata=within(0, 1, "()"))

    formulas = {
        "y": "gamma{n} · x̂ + beta{n}, x̂ = ({x} − mean{n}) / √(variance{n} + {epsilon})",
        "gamma": "Σ d{y} · x̂",
        "beta": "Σ d{y}",
        "x": "d{y} · gamma{n} / √(variance{n} + {epsilon})",
    }
    entries = {
        "y": "n,c… = gamma[c] * (x[n,c…] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c]",
        "gamma": "c = Σ[n…] dy[n,c…] * (x[n,c…] - mean[c]) / sqrt(variance[c] + epsilon)",
        "beta": "c = Σ[n…] dy[n,c…]",
        "x": "n,c… = dy[n,c…] * gamma[c] / sqrt(variance[c] + epsilon)",
    }

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        return {"gamma": input_shape[:1], "beta": input_shape[:1]}

    def statistic_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        return {"mean": input_shape[:1], "variance": input_shape[:1]}

    def initializers(self) -> Mapping[str, Initializer]:
        return {"gamma": Ones(), "beta": Zeros(), "mean": Zeros(), "variance": Ones()}

    def measure(self, x: Floats) -> Mapping[str, Floats]:
        features = batch_last(x).reshape(x.shape[1], -1)
        return {"mean": features.mean(axis=1), "variance": features.var(axis=1)}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        gamma, beta, features = parameters.gamma, parameters.beta, batch_last(x)
        rows = (len(features), -1)
        inputs = features.reshape(rows)
        statistics = None if rng is not None else (parameters.mean, parameters.variance)
        if statistics:
            y = kernels.batch_norm_inference(inputs, *statistics, gamma, beta, self.epsilon)
        else:
            y, normalized = kernels.batch_norm(inputs, gamma, beta, self.epsilon)

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            dy, sums = batch_last(dy).reshape(rows), (gradients.gamma, gradients.beta)
            if statistics:
                dx = kernels.batch_norm_inference_backward(
                    dy, inputs, *statistics, gamma, *sums, self.epsilon
                )
            else:
                dx = kernels.batch_norm_backward(dy, normalized, gamma, *sums)
            return batch_first(dx.reshape(features.shape))

        return batch_first(y.reshape(features.shape)), backward


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout: in training, random inputs become 0, and the others are scaled up.

    Parameters
    ----------
    rate : float
        Probability that an input becomes 0, from 0 to below 1.

    Notes
    -----
    In training ``y = x m / (1 − rate)``, where m is 0 with probability `rate`, else 1. In inference ``y = x``.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks
    from overfitting", JMLR 2014. There, outputs are scaled in inference instead.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layer, x = hg.Dropout(0.5), np.ones((1, 6))
    >>> layer.forward(None, x, np.random.default_rng(0))[0]
    array([[2., 2., 2., 0., 0., 0.]])
    >>> layer.forward(None, x)[0]
    array([[1., 1., 1., 1., 1., 1.]])
    """

    rate: float = field(default=0.5, metadata=within(0, 1))

    formulas = {"y": "{x}, since nothing is dropped in inference", "x": "d{y}"}
    entries = {"y": "n,i… = x[n,i…]", "x": "n,i… = dy[n,i…]"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        if rng is None or self.rate == 0:
            return x, lambda dy, gradients: dy
        kept = rng.random(x.shape, np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))
        return x * mask, lambda dy, gradients: dy * mask
