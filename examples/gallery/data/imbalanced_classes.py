"""
Train on imbalanced classes
===========================

One class is rare, and the network ignores it. What do class weights change?
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

import handgrad as hg

X, y = make_classification(
    4000, n_features=12, n_informative=6, weights=[0.96], class_sep=0.7, random_state=0
)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
names = ["common", "rare"]
print(f"{y.mean():.1%} of the examples are rare")

# %%
# ``class_weight="balanced"`` multiplies the loss of each example by a weight, so that both classes have the same sum
# of weights. More of the rare examples are found, at the price of more false alarms.

figure, axes = plt.subplots(1, 2, figsize=(5.8, 3.1), layout="constrained")
test = hg.Dataset(X_test, y_test, names)
for ax, class_weight in zip(axes, (None, "balanced"), strict=True):
    classifier = hg.HandgradClassifier((32,), class_weight=class_weight, epochs=20, random_state=0)
    result = hg.evaluate(classifier.fit(X_train, y_train).network_, test)
    print(f"class_weight={class_weight!r}: accuracy {result.accuracy:.1%}", end=", ")
    print(f"rare class: precision {result.precision[1]:.1%}, recall {result.recall[1]:.1%}")
    hg.plots.plot_confusion_matrix(result.confusion, names, ax)
    ax.set_title(f"class_weight={class_weight!r}")
plt.show()

# %%
# :class:`handgrad.CrossEntropy` has the same option for :func:`handgrad.fit`: ``class_weights="balanced"``.
