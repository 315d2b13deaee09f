"""
Augment images
==============

What does each parameter of :class:`handgrad.Augmentation` do? Deform the same digits in each way.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

train = hg.load_data("strokes:60").train
chosen = [int(np.flatnonzero(train.labels == digit)[0]) for digit in range(10)]
images = train.inputs[chosen].reshape(10, 28, 28)

# %%
# Some digits of the last row are not readable any more: the deformations are too strong.

rows = {
    "original": hg.Augmentation(),
    "shift=2": hg.Augmentation(shift=2),
    "rotate=15": hg.Augmentation(rotate=15),
    "scale=0.15": hg.Augmentation(scale=0.15),
    "shear=15": hg.Augmentation(shear=15),
    "elastic=34": hg.Augmentation(elastic=34),
    "elastic=36\nsigma=6": hg.Augmentation(elastic=36, sigma=6),
    "all of these": hg.Augmentation(shift=2, rotate=15, scale=0.15, shear=15, elastic=36, sigma=6),
    "elastic=80": hg.Augmentation(elastic=80),
}
margins = {"left": 0.16, "right": 1, "bottom": 0.01, "top": 0.99}
figure, axes = plt.subplots(len(rows), figsize=(5.6, 4.8), gridspec_kw=margins)
for ax, (name, augmentation) in zip(axes, rows.items(), strict=True):
    deformed = augmentation(images, np.random.default_rng(1))
    ax.imshow(np.hstack(list(deformed)), cmap="gray_r", vmin=0, vmax=255)
    ax.text(-8, 14, name, ha="right", va="center")
    ax.set_axis_off()
plt.show()

# %%
# In training, the changes are drawn at random for every image and epoch. Validation and prediction use the images
# as they are.

network = hg.Network([hg.Dense(32), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
records = hg.fit(network, train, augmentation=hg.Augmentation(shift=2, rotate=15), epochs=2, seed=0)
