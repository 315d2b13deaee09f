"""
Make adversarial examples
=========================

How small a change of the pixels misleads a network, and does adversarial training help?
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:6000")


def train(adversarial=None):
    """Train a network, with or without adversarial examples."""
    network = hg.Network([hg.Dense(128), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
    options = {"optimizer": hg.Adam(0.002), "schedule": "one_cycle", "adversarial": adversarial}
    hg.fit(network, digits, **options, batch_size=32, epochs=10, seed=0)
    return network


def attack(network, epsilon):
    """Move each pixel of the test digits by at most `epsilon` towards a larger loss."""
    x = digits.test.inputs / np.float32(255)
    logits, backward = network.forward(x)
    _, dlogits = hg.CrossEntropy()(logits, digits.test.labels)
    dx = backward(dlogits, np.zeros_like(network.flat_parameters))
    return np.clip(x + epsilon * np.sign(dx), 0, 1)


# %%
# The change follows the sign of the gradient of the loss with respect to the pixels (Goodfellow, Shlens and Szegedy
# 2015). :class:`handgrad.Adversarial` trains on such examples, too.

networks = {"plain": train(), "adversarial training": train(hg.Adversarial(epsilon=0.1))}
epsilons = np.linspace(0, 0.15, 7)
figure, ax = plt.subplots(figsize=(5.6, 3.2), layout="constrained")
for name, network in networks.items():
    accuracies = [hg.accuracy(network.forward(attack(network, e))[0], digits.test.labels) for e in epsilons]
    ax.plot(epsilons, 100 * np.array(accuracies), marker="o", label=name)
ax.set(xlabel="largest change of a pixel, of 1", ylabel="accuracy in %", ylim=(0, 100))
ax.legend()
plt.show()

# %%
# Digits with changes of 0.1, and what the plain network predicts.

# sphinx_gallery_thumbnail_number = 2

changed = attack(networks["plain"], 0.1)
predictions = networks["plain"].predict(changed * 255)
figure, axes = plt.subplots(3, 4, figsize=(4.8, 4.4), layout="constrained")
for ax, image, label, prediction in zip(axes.flat, changed, digits.test.labels, predictions, strict=False):
    ax.imshow(image.reshape(28, 28), cmap="gray_r")
    ax.set_title(f"{label} → {prediction}", loc="center", color="#d55e00" if label != prediction else "black")
    ax.set_axis_off()
plt.show()
