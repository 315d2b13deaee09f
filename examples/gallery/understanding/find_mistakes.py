"""
Find the mistakes of a network
==============================

Which classes does a network confuse, and which mistakes is it most certain of?
"""

import matplotlib.pyplot as plt

import handgrad as hg

digits = hg.load_data("strokes:6000")
network = hg.Network([hg.Dense(64), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
hg.fit(network, digits, optimizer="adamw", schedule="one_cycle", batch_size=32, epochs=8, seed=0)
result = hg.evaluate(network, digits.test)
print(f"{result.accuracy:.1%} of {result.examples:,} test digits are correct")
for name, precision, recall in zip(network.classes, result.precision, result.recall, strict=True):
    print(f"{name}: precision {precision:.1%}, recall {recall:.1%}")

# %%
# Rows of the confusion matrix are the true classes. Mistakes are shaded by their share of the row.

figure, ax = plt.subplots(figsize=(5, 5), layout="constrained")
hg.plots.plot_confusion_matrix(result.confusion, network.classes, ax)
plt.show()

# %%
# The most confident mistakes show whether the network errs or the label does.

figure, ax = plt.subplots(figsize=(6.6, 3.5), layout="constrained")
hg.plots.plot_mistakes(digits.test, network.predict_proba(digits.test.inputs), ax, most=24)
plt.show()
