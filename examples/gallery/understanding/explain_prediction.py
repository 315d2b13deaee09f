"""
Explain one prediction
======================

Which pixels make a digit a 4 and not a 9? Multiply each pixel by the gradient of a logit (gradient × input).
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:6000")
network = hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
hg.fit(network, digits, optimizer=hg.AdamW(0.003, weight_decay=0.1), batch_size=32, epochs=10, seed=0)

# %%
# :meth:`handgrad.Network.forward` returns the logits and the function of the backward pass. Started with 1 for one
# class and 0 for the others, it computes the gradient of the logit of that class.

x = digits.test.inputs[:4] / np.float32(255)
logits, backward = network.forward(x)
first, second = np.argsort(-logits, axis=1)[:, :2].T


def attribution(classes):
    """Compute the contribution of each pixel to the logit of a class of each digit, (N, 784)."""
    one_hot = np.eye(10, dtype=np.float32)[classes]
    return x * backward(one_hot, np.zeros_like(network.flat_parameters))


# %%
# Blue pixels speak for the class, red ones against it.

figure, axes = plt.subplots(3, len(x), figsize=(5.6, 4.6), layout="constrained")
probabilities = network.predict_proba(digits.test.inputs[: len(x)])
for ax, image, label in zip(axes[0], x, digits.test.labels, strict=False):
    ax.imshow(image.reshape(28, 28), cmap="gray_r")
    ax.set_title(f"label {label}", loc="center")
for row, classes in zip(axes[1:], (first, second), strict=True):
    for ax, image, k, p in zip(row, attribution(classes), classes, probabilities, strict=True):
        ax.imshow(image.reshape(28, 28), cmap="RdBu", vmin=-0.8, vmax=0.8)
        ax.set_title(f"for {k}: {p[k]:.1%}", loc="center")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
plt.show()
