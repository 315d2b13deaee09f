"""
Draw feature maps of a convolution
==================================

What does each filter of a convolution respond to? Draw its weights and its output for some digits.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:4000")
layers = [hg.Conv2D(8, kernel_size=5), hg.ReLU(), hg.MaxPool2D(2), hg.Flatten(), hg.Dense(10)]
network = hg.Network(layers, input_shape=(1, 28, 28), rng=0)
hg.fit(network, digits, optimizer=hg.Adam(0.003), batch_size=32, epochs=3, seed=0)
print(network)
print(f"{hg.evaluate(network, digits.test).accuracy:.1%} of the test digits are correct")

# %%
# :func:`handgrad.explain` returns every array of one example on its way through the network, and back, by name.

chosen = [int(np.flatnonzero(digits.test.labels == digit)[0]) for digit in (3, 4, 7)]
explanation = hg.explain(network, digits.test.inputs[chosen[0]])
for step in explanation.steps:
    if step.direction == "forward":
        print(f"{step.name:14} {step.values.shape!s:16} {step.formula}")

# %%
# The first row has the filters, white positive and black negative. Below them is the output of each filter after ReLU
# for the digit on the left.

figure, axes = plt.subplots(4, 9, figsize=(7, 3.4), layout="constrained")
for ax, kernel in zip(axes[0, 1:], network.parameters[0].weights, strict=True):
    limit = abs(kernel).max()
    ax.imshow(kernel[0], cmap="gray", vmin=-limit, vmax=limit)
for row, example in zip(axes[1:], digits.test.inputs[chosen], strict=True):
    row[0].imshow(example.reshape(28, 28), cmap="gray_r")
    for ax, feature_map in zip(row[1:], hg.explain(network, example)["a1"][0], strict=True):
        ax.imshow(feature_map, cmap="viridis")
for ax in axes.flat:
    ax.set_axis_off()
plt.show()
