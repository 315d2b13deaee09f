"""
Write a layer and check its gradient
====================================

How do I add a layer with a handwritten gradient, and how do I know that it is correct? Write Swish with a trainable
slope.
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
            slope = sigmoid * (1 - sigmoid)
            gradients.beta += (dy * x * x * slope).sum(axis=0)
            return dy * (sigmoid + parameters.beta * x * slope)

        return x * sigmoid, backward


# %%
# :func:`handgrad.check_gradients` compares each gradient with a numerical one, in float64.

layers = [hg.Dense(32), Swish(), hg.Dense(10)]
for check in hg.check_gradients(hg.Network(layers, input_shape=784, rng=0, dtype=np.float64)):
    print(f"{check.layer:18} {check.parameter:10} {check.error:.0e} {'ok' if check.passed else 'wrong'}")

# %%
# Train it, and draw what has become of the 32 activations, which all began as the dashed line.

digits = hg.load_data("strokes:4000")
network = hg.Network(layers, input_shape=784, rng=0)
hg.fit(network, digits, optimizer=hg.Adam(0.003), batch_size=32, epochs=15, seed=0)
print(f"{hg.evaluate(network, digits.test).accuracy:.1%} of the test digits are correct")

x = np.linspace(-4, 4, 200)[:, None]
beta = network.parameters[1].beta
figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
ax.plot(x, x / (1 + np.exp(-beta * x)), color="#0072b2", alpha=0.5, linewidth=1)
ax.plot(x, x / (1 + np.exp(-x)), color="black", linestyle="--")
ax.set(xlabel="x", ylabel="x · sigmoid(β x)", title=f"β from {beta.min():.2f} to {beta.max():.2f}")
plt.show()
