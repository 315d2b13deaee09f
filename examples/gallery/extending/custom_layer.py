"""
Write a layer and check its gradient
====================================

How do I add a layer, and how do I know that its gradient is correct? Write Swish with a trainable slope.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

# %%
# A layer is a frozen dataclass. ``forward`` returns the output and the function of the backward pass, which adds to
# the gradients of the parameters and returns that of the input.


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
            slope = x * sigmoid * (1 - sigmoid)
            gradients.beta += (dy * x * slope).sum(axis=0)
            return dy * (sigmoid + parameters.beta * slope)

        return x * sigmoid, backward


# %%
# :func:`handgrad.check_gradients` compares each gradient with a numerical one, in float64.

layers = [hg.Dense(32), Swish(), hg.Dense(10)]
for check in hg.check_gradients(hg.Network(layers, input_shape=784, rng=0, dtype=np.float64)):
    print(f"{check.layer:18} {check.parameter:10} {check.error:.0e} {'ok' if check.passed else 'wrong'}")

# %%
# After training, the 32 activations differ. All began as the dashed line.

network = hg.Network(layers, input_shape=784, rng=0)
hg.fit(network, hg.load_data("strokes:4000"), optimizer=hg.Adam(0.003), batch_size=32, epochs=15, seed=0)
x = np.linspace(-4, 4, 200)[:, None]
beta = network.parameters[1].beta
figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
ax.plot(x, x / (1 + np.exp(-beta * x)), color="#0072b2", alpha=0.5, linewidth=1)
ax.plot(x, x / (1 + np.exp(-x)), "k--")
ax.set(xlabel="x", ylabel="x · sigmoid(β x)", title=f"β from {beta.min():.2f} to {beta.max():.2f}")
plt.show()
