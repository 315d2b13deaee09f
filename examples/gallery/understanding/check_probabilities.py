"""
Check predicted probabilities
=============================

Are 80 % of the predictions with a probability of 80 % correct? Compare training with and without label smoothing.
"""

import matplotlib.pyplot as plt

import handgrad as hg

digits = hg.load_data("strokes:3000")
test = hg.load_data("strokes:12000:1").test  # more digits, of another seed
losses = {"cross-entropy": hg.CrossEntropy(), "label smoothing 0.1": hg.CrossEntropy(label_smoothing=0.1)}

# %%
# Each point compares the accuracy of a bin of predictions with their mean probability. Numbers at the bottom count
# the predictions, and bars are 95 % intervals. Below the diagonal a network is overconfident.

figure, axes = plt.subplots(1, 2, figsize=(7, 3.8), layout="constrained")
for ax, (name, loss) in zip(axes, losses.items(), strict=True):
    network = hg.Network([hg.Dense(128), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
    hg.fit(network, digits, loss=loss, optimizer=hg.Adam(0.003), batch_size=32, epochs=20, seed=0)
    probabilities = network.predict_proba(test.inputs)
    error = hg.calibration(probabilities, test.labels).error
    accuracy = hg.accuracy(probabilities, test.labels)
    print(f"{name}: accuracy {accuracy:.1%}, expected calibration error {error:.1%}")
    hg.plots.plot_calibration(probabilities, test.labels, ax)
    ax.set_title(f"{name}: error {error:.1%}")
plt.show()

# %%
# Cross-entropy rewards ever larger logits on training digits that are correct already. With label smoothing
# (:class:`handgrad.CrossEntropy`) the target of the true class is below 1, so that there is a largest useful logit.
