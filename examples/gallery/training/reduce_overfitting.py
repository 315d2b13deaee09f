"""
Reduce overfitting
==================

Do dropout and augmentation help when there are few examples? Train on 500 digits, validate on 1,500.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:2000").split_validation(1500, np.random.default_rng(0))


def train(dropout=0.0, augmentation=None):
    """Train a network with one hidden layer, and return its records."""
    layers = [hg.Dense(128), hg.ReLU(), hg.Dropout(dropout), hg.Dense(10)]
    network = hg.Network(layers, input_shape=784, rng=0)
    options = {"optimizer": hg.Adam(0.002), "augmentation": augmentation, "batch_size": 32}
    return hg.fit(network, digits, **options, epochs=50, seed=0)


deform = hg.Augmentation(shift=2, rotate=10, scale=0.1, elastic=20)
runs = {
    "neither": train(),
    "dropout": train(dropout=0.5),
    "augmentation": train(augmentation=deform),
    "both": train(dropout=0.5, augmentation=deform),
}

# %%
# Without either, the network learns the training digits by rote: its training error falls to zero, and the validation
# error stays where it is.

for name, records in runs.items():
    last = records[-1]
    print(f"{name:13} training {last.train_accuracy:6.1%}   validation {last.validation_accuracy:.1%}")

# %%
# Dropout (:class:`handgrad.Dropout`) disables half of the hidden units in every step, at random. Augmentation
# (:class:`handgrad.Augmentation`) deforms every digit differently in every epoch, so that none is seen twice. It helps more,
# because it adds knowledge: a digit that is shifted or bent is the same digit.

figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
hg.plots.plot_learning_curves(runs, ax)
plt.show()
