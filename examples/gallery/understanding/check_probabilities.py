"""
Check predicted probabilities
=============================

Are 80 % of the predictions with a probability of 80 % correct? Compare four amounts of label smoothing.
"""

import matplotlib.pyplot as plt

import handgrad as hg

digits = hg.load_data("strokes:3000")
test = hg.load_data("strokes:12000:1").test  # more digits, of another seed

# %%
# Each point compares the accuracy of a bin of predictions with their mean probability. Numbers at the bottom count
# the predictions, and bars are 95 % intervals. Below the diagonal a network is overconfident.

figure, axes = plt.subplots(2, 2, figsize=(5.6, 5.4), layout="constrained", sharex=True, sharey=True)
for ax, smoothing in zip(axes.flat, (0.0, 0.02, 0.05, 0.1), strict=True):
    network = hg.Network([hg.Dense(128), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
    options = {"loss": hg.CrossEntropy(label_smoothing=smoothing), "optimizer": hg.Adam(0.003)}
    hg.fit(network, digits, **options, batch_size=32, epochs=20, seed=0)
    probabilities = network.predict_proba(test.inputs)
    error = hg.calibration(probabilities, test.labels).error
    accuracy = hg.accuracy(probabilities, test.labels)
    print(f"label smoothing {smoothing:.2f}: accuracy {accuracy:.1%}, expected calibration error {error:.1%}")
    hg.plots.plot_calibration(probabilities, test.labels, ax)
    ax.set(title=f"smoothing {smoothing}: error {error:.1%}", xlabel="predicted probability in %")
    ax.label_outer()
plt.show()

# %%
# Cross-entropy (:class:`handgrad.CrossEntropy`) rewards ever larger logits on training digits that are correct
# already: the network is overconfident. With label smoothing the target of the true class is below 1. Too much of it
# makes the network underconfident. The accuracy is almost the same.
