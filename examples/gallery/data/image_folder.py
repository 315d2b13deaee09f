"""
Train on a folder of images
===========================

How do I train on image files? Put them into one folder per class; their sizes may differ.
"""

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw

import handgrad as hg

# %%
# This example draws its own files: dark shapes on light paper, as ``circle/0.png`` and so on.

rng = np.random.default_rng(0)
folder = Path(mkdtemp())
for name, corners in {"circle": 60, "square": 4, "triangle": 3}.items():
    (folder / name).mkdir()
    for number in range(300):
        width, height = rng.integers(40, 90, 2).tolist()
        image = Image.new("L", (width, height), int(rng.integers(180, 256)))
        center = width / 2 + rng.uniform(-3, 3), height / 2 + rng.uniform(-3, 3)
        circle = (center, rng.uniform(0.3, 0.45) * min(width, height))
        ink = int(rng.integers(0, 100))
        ImageDraw.Draw(image).regular_polygon(circle, corners, rng.uniform(0, 360), ink)
        image.save(folder / name / f"{number}.png")

# %%
# :func:`handgrad.load_data` finds the classes in the names of the folders, and fits all images into one size.

data = hg.load_data(folder).split_validation(200, rng)
print(data.train, data.train.classes)
layers = [hg.Conv2D(12, 5), hg.ReLU(), hg.MaxPool2D(4), hg.Flatten(), hg.Dense(32), hg.ReLU(), hg.Dense(3)]
network = hg.Network(layers, data.train.input_shape, rng=0)
records = hg.fit(network, data, optimizer="adamw", schedule="one_cycle", batch_size=16, epochs=20, seed=0)
print(f"{records[-1].validation_accuracy:.1%} of {len(data.validation)} validation images are correct")

# %%
# Validation images as the network sees them, each with the prediction and its probability.

probabilities = network.predict_proba(data.validation.inputs)
figure, axes = plt.subplots(3, 6, figsize=(6.4, 4.1), layout="constrained")
for ax, pixels, p in zip(axes.flat, data.validation.inputs[::11], probabilities[::11], strict=False):
    ax.imshow(pixels.reshape(data.train.input_shape[1:]), cmap="gray", vmin=0, vmax=255)
    ax.set_title(f"{network.classes[p.argmax()]}\n{p.max():.0%}", loc="center")
    ax.set_axis_off()
plt.show()
