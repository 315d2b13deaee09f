"""
Predict several labels
======================

What if an example belongs to several classes at once? Recognize the digits in images of two that overlap.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

rng = np.random.default_rng(0)


def overlaid(digits):
    """Return images of 28×42 with two digits each, and for each class whether it is in the image, (N, 10)."""
    other, images = rng.permutation(len(digits)), digits.inputs.reshape(-1, 1, 28, 28)
    left = np.pad(images, [(0, 0), (0, 0), (0, 0), (0, 14)])
    right = np.pad(images[other], [(0, 0), (0, 0), (0, 0), (14, 0)])
    labels = np.eye(10, dtype=int)[digits.labels] | np.eye(10, dtype=int)[digits.labels[other]]
    return hg.Dataset(np.maximum(left, right), labels, task="multilabel")


digits = hg.load_data("strokes:12000")
train, test = overlaid(digits.train), overlaid(digits.test)
print(train)

# %%
# With ``task="multilabel"`` the loss is :class:`handgrad.BinaryCrossEntropy`: each output is the logit of one label,
# and its sigmoid is the probability of that label.

layers = [hg.Conv2D(12, 5, stride=2), hg.ReLU(), hg.Flatten(), hg.Dense(64), hg.ReLU(), hg.Dense(10)]
network = hg.Network(layers, train.input_shape, rng=0)
hg.fit(network, train, optimizer=hg.Adam(0.003), schedule="one_cycle", epochs=8, seed=0)
result = hg.evaluate(network, test)
print(f"labels correct {result.accuracy:.1%}, images with all labels correct {result.exact_match:.1%}")

# %%
# Images with the labels that are predicted; orange where one is wrong or missing.

figure, axes = plt.subplots(3, 4, figsize=(5.2, 3.6), layout="constrained")
predictions = network.predict(test.inputs[:12])
for ax, image, labels, found in zip(axes.flat, test.inputs, test.labels, predictions, strict=False):
    ax.imshow(image.reshape(28, 42), cmap="gray_r")
    title = ", ".join(map(str, np.flatnonzero(found))) or "none"
    ax.set_title(title, loc="center", color="black" if (found == labels).all() else "#d55e00")
    ax.set_axis_off()
plt.show()

# %%
# Precision against recall of each label; the point marks the threshold 0.5.

figure, ax = plt.subplots(figsize=(5, 4.4), layout="constrained")
hg.plots.plot_precision_recall(test.labels, network.predict_proba(test.inputs), ax=ax)
plt.show()
