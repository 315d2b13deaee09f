"""
Search hyperparameters with GridSearchCV
========================================

Which width and which weight decay are best? Search a grid by cross-validation, on the digits of 8×8 pixels of
scikit-learn.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

import handgrad as hg

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
grid = {"hidden": [(), (16,), (64,)], "weight_decay": [0.0, 0.1, 0.3, 1.0, 3.0]}
classifier = hg.HandgradClassifier(epochs=15, learning_rate=0.01, random_state=0)
search = GridSearchCV(classifier, grid, cv=3, n_jobs=2).fit(X_train, y_train)
print(f"best: {search.best_params_}")
print(f"on {len(y_test)} digits that the search has not seen: {search.score(X_test, y_test):.1%} correct")

# %%
# The mean accuracy in cross-validation of each combination.

scores = 100 * search.cv_results_["mean_test_score"].reshape(3, 5)
figure, ax = plt.subplots(figsize=(5.2, 3), layout="constrained")
ax.imshow(scores, cmap="Blues", vmin=scores.min(), aspect="auto")
for (row, column), score in [((r, c), scores[r, c]) for r in range(3) for c in range(5)]:
    dark = score > (scores.min() + scores.max()) / 2
    ax.text(column, row, f"{score:.1f}", ha="center", va="center", color="white" if dark else "black")
ax.set_xticks(range(5), grid["weight_decay"])
ax.set_yticks(range(3), grid["hidden"])
ax.set(xlabel="weight_decay", ylabel="hidden", title="accuracy in cross-validation, in %")
plt.show()
