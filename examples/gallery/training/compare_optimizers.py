"""
Compare optimizers
==================

Which optimizer, and at which learning rate? Train the same network with each of them at many rates.
"""

import matplotlib.pyplot as plt
import numpy as np

import handgrad as hg

digits = hg.load_data("strokes:3000").split_validation(500, np.random.default_rng(0))


def validation_losses(optimizer):
    """Train from the same initial parameters, and return the validation loss of each epoch."""
    network = hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
    records = hg.train(network, digits, optimizer=optimizer, batch_size=64, epochs=4, seed=0)
    return [record.validation_loss for record in records]


rates = 10 ** np.linspace(-4, 0, 9)
losses = {
    kind: [validation_losses(kind(rate)) for rate in rates]
    for kind in (hg.SGD, hg.Momentum, hg.Adam, hg.Muon)
}

# %%
# Above, the validation loss after four epochs: each optimizer has a range of good rates, and plain gradient descent
# needs the largest. Below, the curve of each optimizer at its best rate.

figure, (upper, lower) = plt.subplots(2, 1, figsize=(5.4, 6), layout="constrained", sharey=True)
for kind, curves in losses.items():
    final = [curve[-1] for curve in curves]
    best = int(np.argmin(final))
    print(f"{kind.__name__:8} best at {rates[best]:.2g}: loss {final[best]:.3f}")
    upper.plot(rates, final, marker="o")
    lower.plot(range(1, 5), curves[best], marker="o", label=f"{kind.__name__} at {rates[best]:.2g}")
upper.set(xscale="log", xlabel="learning rate", ylabel="validation loss", ylim=(0, 2.6))
lower.set(xlabel="epoch", ylabel="validation loss", xticks=range(1, 5))
lower.legend()
plt.show()
