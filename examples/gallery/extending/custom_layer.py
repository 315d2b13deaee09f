"""
Write a layer and check its gradient
====================================

How do I add a layer, and how do I know that its gradient is correct? Write Swish with a trainable slope.
"""

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

# %%
# A layer is a frozen dataclass. ``forward`` returns the output and ``backward``, a function of the gradient dy.


@dataclass(frozen=True)
class Swish(hg.Layer):
    """y = x · sigmoid(β x), one β per input."""

    def parameter_shapes(self, input_shape):
        return {"beta": input_shape}

    def initializers(self):
        return {"beta": hg.Ones()}

    def forward(self, parameters, x, rng=None):
        sigmoid = 1 / (1 + np.exp(-parameters.beta * x))

        def backward(dy, gradients):
            gradients.beta += (dy * x**2 * sigmoid * (1 - sigmoid)).sum(axis=0)
            return dy * (sigmoid + parameters.beta * x * sigmoid * (1 - sigmoid))

        return x * sigmoid, backward


# %%
# :func:`handgrad.check_gradients` compares each gradient with a numerical one, in float64.

network = hg.Network([hg.Dense(32), Swish(), hg.Dense(10)], 784, rng=0, dtype=np.float64)
for check in hg.check_gradients(network):
    print(f"{check.layer:18} {check.parameter:10} {check.error:.0e} {'ok' if check.passed else 'wrong'}")

# %%
# In a figure: the derivative by hand as a line, and numerical differences as points.

x, h = np.linspace(-5, 5, 61)[:, None], 1e-5
figure, ax = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
for beta in (0.5, 1, 3):
    swish = partial(Swish().forward, SimpleNamespace(beta=np.array([beta])))
    ax.plot(x, swish(x)[1](np.ones_like(x), SimpleNamespace(beta=np.zeros(1))), label=f"β = {beta}")
    ax.plot(x, (swish(x + h)[0] - swish(x - h)[0]) / (2 * h), "k.", markersize=3)
ax.set(xlabel="x", ylabel="dy/dx of Swish")
ax.legend()
plt.show()
