"""
Learning curves
===============

Train a network on synthetic digits and draw its error by epoch.
"""

import handgrad as hg

digits = hg.load_data("strokes:3000")
network = hg.Network([hg.Dense(32), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
records = hg.fit(network, digits, optimizer=hg.Adam(0.003), batch_size=32, epochs=5, seed=0)
print(f"{records[-1].train_accuracy:.1%}")

# %%
# The error is one minus the accuracy.

figure = hg.plots.plot_learning_curves({"mlp": records})
