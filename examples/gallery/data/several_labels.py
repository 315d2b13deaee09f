"""
Predict several labels
======================

What if an example belongs to several classes at once? Recognize two digits that are drawn on top of each other.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

rng = np.random.default_rng(0)


def overlaid(digits):
    """Return images of two digits each, and for each class whether it is in the image, (N, 10)."""
    other = rng.permutation(len(digits))
    images = np.maximum(digits.inputs, digits.inputs[other])
    labels = np.eye(10, dtype=int)[digits.labels] | np.eye(10, dtype=int)[digits.labels[other]]
    return hg.Dataset(images, labels, task="multilabel", input_shape=(1, 28, 28))


digits = hg.load_data("strokes:12000")
train, test = overlaid(digits.train), overlaid(digits.test)
print(train)

# %%
# With ``task="multilabel"`` the loss is :class:`handgrad.BinaryCrossEntropy`: each output is the logit of one label,
# and its sigmoid is the probability of that label.

network = hg.Network([hg.Dense(256), hg.ReLU(), hg.Dropout(0.2), hg.Dense(10)], input_shape=784, rng=0)
hg.fit(network, train, optimizer="adamw", schedule="one_cycle", epochs=15, seed=0)
result = hg.evaluate(network, test)
print(f"labels correct {result.accuracy:.1%}, images with all labels correct {result.exact_match:.1%}")

# %%
# Images with the labels that are predicted; orange where one is wrong or missing.

figure, axes = plt.subplots(2, 6, figsize=(6.4, 2.7), layout="constrained")
predictions = network.predict(test.inputs[:12])
for ax, image, labels, found in zip(axes.flat, test.inputs, test.labels, predictions, strict=False):
    ax.imshow(image.reshape(28, 28), cmap="gray_r")
    title = ", ".join(map(str, np.flatnonzero(found))) or "none"
    ax.set_title(title, loc="center", color="black" if (found == labels).all() else "#d55e00")
    ax.set_axis_off()
plt.show()

# %%
# Precision against recall of each label; the point marks the threshold 0.5.

figure, ax = plt.subplots(figsize=(5, 4.4), layout="constrained")
hg.plots.plot_precision_recall(test.labels, network.predict_proba(test.inputs), ax=ax)
plt.show()
