"""
Draw decision boundaries
========================

How does the boundary between two classes depend on the hidden layers? Train networks of several sizes on two half
moons.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay

import handgrad as hg

X, y = make_moons(400, noise=0.22, random_state=0)
X_test, y_test = make_moons(1000, noise=0.22, random_state=1)

# %%
# Without a hidden layer the boundary is a straight line. Each hidden unit with ReLU adds a bend.

figure, axes = plt.subplots(2, 2, figsize=(6.4, 5), layout="constrained", sharex=True, sharey=True)
for ax, hidden in zip(axes.flat, [(), (3,), (8,), (64, 64)], strict=True):
    classifier = hg.HandgradClassifier(hidden=hidden, weight_decay=0, epochs=200, random_state=3).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(
        classifier,
        X,
        response_method="predict_proba",
        plot_method="pcolormesh",
        cmap="RdBu",
        alpha=0.6,
        ax=ax,
    )
    ax.scatter(*X.T, c=y, s=10, cmap="RdBu", edgecolors="black", linewidths=0.3)
    accuracy = classifier.score(X_test, y_test)
    ax.set_title(f"hidden={hidden}: {accuracy:.1%} of test points")
    print(f"hidden={hidden!s:9} {classifier.network_}")
plt.show()
