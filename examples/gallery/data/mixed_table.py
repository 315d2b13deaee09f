"""
Train on a table with text and gaps
===================================

How do I train on columns of text and on missing values? Let a pipeline of scikit-learn encode them.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import handgrad as hg

# %%
# Measurements of plants, of which one in twenty is missing.

rng = np.random.default_rng(1)
kind = rng.integers(3, size=600)
plants = {
    "height": np.round(rng.normal(np.array([35, 60, 42])[kind], 9), 1),
    "flowers": rng.poisson(np.array([12, 5, 7])[kind]),
    "soil": np.array(["sand", "loam", "clay"])[(kind + (rng.random(600) < 0.3)) % 3],
    "leaf": np.where(rng.random(600) < np.array([0.9, 0.4, 0.1])[kind], "narrow", "broad"),
}
X = pd.DataFrame(plants)
X = X.mask(rng.random(X.shape) < 0.05)
y = np.array(["lavender", "peony", "sage"])[kind]
print(X.head(4))

# %%
# Missing numbers become the median, with an input that marks them. Each text of a column becomes an input.

columns = make_column_transformer(
    (SimpleImputer(strategy="median", add_indicator=True), ["height", "flowers"]),
    (OneHotEncoder(handle_unknown="ignore"), ["soil", "leaf"]),
)
pipeline = make_pipeline(columns, hg.HandgradClassifier(hidden=(32,), dropout=0.2, random_state=0))
scores = cross_val_score(pipeline, X, y, cv=5)
print(f"cross-validation: {scores.mean():.1%} ± {scores.std():.1%}")

# %%
# How much does the accuracy fall when the values of a column are shuffled?

pipeline.fit(X[:400], y[:400])
falls = permutation_importance(pipeline, X[400:], y[400:], n_repeats=10, random_state=0).importances
figure, ax = plt.subplots(figsize=(5.6, 2.6), layout="constrained")
ax.boxplot(100 * falls.T, orientation="horizontal", tick_labels=X.columns)
ax.set(xlabel="accuracy lost in percentage points")
plt.show()
