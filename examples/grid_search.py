"""The best of several networks by cross-validation: ``uv run python examples/grid_search.py``.

On the digits of 8×8 pixels that scikit-learn brings, two fits at a time.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

import handgrad as hg

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X.astype("float32"), y, stratify=y, random_state=0)
grid = {
    "hidden": [(), (64,), (64, 64)],
    "dropout": [0.0, 0.3],
    "optimizer": ["adam", "muon"],
}
classifier = hg.HandgradClassifier(epochs=30, learning_rate=0.01, schedule="cosine", random_state=0)
search = GridSearchCV(classifier, grid, cv=3, n_jobs=2)

if __name__ == "__main__":
    search.fit(X_train, y_train)
    found = search.cv_results_
    for rank in found["rank_test_score"].argsort(kind="stable"):
        parameters = ", ".join(f"{name}={value}" for name, value in found["params"][rank].items())
        print(f"{found['mean_test_score'][rank]:.1%} ± {found['std_test_score'][rank]:.1%}  {parameters}")
    print(f"the best one, on digits that the search has not seen: {search.score(X_test, y_test):.1%}")
