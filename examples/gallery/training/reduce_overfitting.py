"""
Reduce overfitting
==================

Do dropout, weight decay and augmentation help when there are few examples? Train on 500 digits.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:2000").split_validation(1500, np.random.default_rng(0))


def train(dropout=0.0, weight_decay=0.0, augmentation=None):
    """Train a network with one hidden layer, and return its records."""
    layers = [hg.Dense(64), hg.ReLU(), hg.Dropout(dropout), hg.Dense(10)]
    network = hg.Network(layers, input_shape=784, rng=0)
    options = {"optimizer": hg.AdamW(0.002, weight_decay=weight_decay), "augmentation": augmentation}
    return hg.fit(network, digits, **options, batch_size=32, epochs=50, seed=0)


deform = hg.Augmentation(shift=1, rotate=8, scale=0.1, elastic=20)
runs = {
    "none": train(),
    "dropout": train(dropout=0.5),
    "weight decay": train(weight_decay=1.0),
    "augmentation": train(augmentation=deform),
}
for name, records in runs.items():
    last = records[-1]
    print(f"{name:13} training {last.train_accuracy:6.1%}   validation {last.validation_accuracy:.1%}")

# %%
# Without any of them, the network memorizes the training digits: after ten epochs the validation loss rises, because
# the network is more and more certain of its mistakes.

figure, ax = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
hg.plots.plot_learning_curves(runs, ax, metric="loss")
plt.show()

# %%
# Dropout (:class:`handgrad.Dropout`) disables half of the hidden units in every step, at random. Weight decay is an
# option of every optimizer (:class:`handgrad.AdamW`): all weights shrink a little in every step. Augmentation
# (:class:`handgrad.Augmentation`) deforms every digit differently in every epoch. It helps most, because it adds
# knowledge: a digit that is shifted or bent is the same digit.
