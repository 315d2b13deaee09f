"""
Predict a number
================

How well does a network predict a number, and where does it err? Estimate the progression of diabetes from ten
measurements.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict, cross_val_score

import handgrad as hg

X, y = load_diabetes(return_X_y=True, as_frame=True)
regressor = hg.HandgradRegressor(hidden=(32,), dropout=0.2, random_state=0)
for name, model in {"network": regressor, "linear model": RidgeCV()}.items():
    scores = cross_val_score(model, X, y, cv=5)
    print(f"{name:12}  R² {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# The network standardizes inputs and targets itself. Predictions are in the units of the target. Here each patient is
# predicted by a network that was trained on others. Small values are predicted too high and large ones too low: the
# measurements do not explain the rest.

predicted = cross_val_predict(regressor, X, y, cv=5)
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
hg.plots.plot_predictions(y, predicted, left, name="progression")
hg.plots.plot_residuals(y, predicted, right, name="progression")
plt.show()
