"""
Watch a network learn
=====================

Which features does a hidden layer learn, and when? Draw the weights of its units after some of the epochs.
"""

import matplotlib.pyplot as plt

import handgrad as hg

digits = hg.load_data("strokes:6000")
layers = [hg.Dense(10, hg.Uniform(-0.05, 0.05)), hg.Tanh(), hg.Dense(10)]
network = hg.Network(layers, input_shape=784, rng=0)
weights = network.parameters[0].weights  # (10, 784), a view that changes with the network

# %%
# :func:`handgrad.train` yields a record after every epoch, and the body of the loop is the callback.

snapshots = {"start": weights.copy()}
for record in hg.train(network, digits, optimizer=hg.AdamW(0.003, weight_decay=1.0), epochs=30, seed=0):
    if record.epoch in (1, 3, 10, 30):
        snapshots[f"epoch {record.epoch}"] = weights.copy()
        print(f"epoch {record.epoch:2}: {record.train_accuracy:.1%} of the training digits correct")

# %%
# One column is one unit. White weights are positive: ink there increases the output of the unit. Black weights are
# negative. All rows have the same scale, so that the weights grow visibly.

figure, axes = plt.subplots(len(snapshots), 10, figsize=(6.8, 3.7), layout="constrained")
limit = abs(weights).max() / 2
for row, (title, images) in zip(axes, snapshots.items(), strict=True):
    for ax, image in zip(row, images, strict=True):
        ax.imshow(image.reshape(28, 28), cmap="gray", vmin=-limit, vmax=limit)
        ax.set_axis_off()
    row[0].text(-4, 14, title, ha="right", va="center")
plt.show()
