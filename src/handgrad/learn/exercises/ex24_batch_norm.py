"""Batch normalization.

The values of a layer change their mean and size during training, and the next layer has to follow. Batch
normalization gives each feature mean 0 and variance 1 over the batch. Then it multiplies by γ and adds β, two
parameters for each feature, so that the network can learn any other mean and size.

Here a row of x is a *feature* and a column an example. For each feature c, over its M values:

    mean[c]          μ = Σₘ x[c, m] / M
    variance[c]      v = Σₘ (x[c, m] − μ)² / M
    inverse[c]       r = 1 / √(v + ε)
    normalized[c, m] x̂ = (x[c, m] − μ) · r
    y[c, m]            = γ[c] · x̂[c, m] + β[c]

The small number ε, inside the root, avoids a division by zero where all values of a feature are the same.

Return three arrays: y, normalized (x̂), and inverse (r). The backward pass, the next exercise, needs the last two.
Change none of the arguments.

| array | shape |
|---|---|
| x, y, normalized | (C, M) |
| gamma, beta, inverse | (C,) |

Example: two features of three examples. The first has mean 4 and variance 6. With ε = 3 the root is √(6 + 3) = 3, and
x̂ is (−3, 0, 3) / 3.

>>> x = np.array([[1.0, 4.0, 7.0], [5.0, 5.0, 5.0]])
>>> gamma, beta = np.array([2.0, 3.0]), np.array([0.5, -1.0])
>>> y, normalized, inverse = normalize(x, gamma, beta, 3.0)
>>> y
array([[-1.5,  0.5,  2.5],
       [-1. , -1. , -1. ]])
>>> normalized
array([[-1.,  0.,  1.],
       [ 0.,  0.,  0.]])
>>> inverse.round(4)
array([0.3333, 0.5774])
"""

import numpy as np


def normalize(x, gamma, beta, epsilon):
    """Return y, normalized and inverse."""
    centred = x - x.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1)
    inverse = 1 / np.sqrt(variance + epsilon)
    normalized = centred * inverse[:, None]
    return gamma[:, None] * normalized + beta[:, None], normalized, inverse


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(c, m, epsilon=1e-2):
        return {
            "x": rng.normal(1, 2, size=(c, m)),
            "gamma": rng.uniform(0.5, 2, size=c) * rng.choice([-1, 1], size=c),
            "beta": rng.normal(size=c),
            "epsilon": epsilon,
        }

    def by_numpy(a):
        deviation = np.sqrt(np.var(a["x"], axis=1) + a["epsilon"])
        return {"inverse": 1 / deviation, "normalized": ((a["x"].T - np.mean(a["x"], axis=1)) / deviation).T}

    for c, m in [(2, 3), (4, 5), (3, 8)]:
        yield Case("random shapes", arguments(c, m), expected=by_numpy)
    yield Case("square arrays", arguments(3, 3))
    yield Case("a batch of one", arguments(3, 1))
    yield Case("a constant feature", {**arguments(2, 4), "x": np.array([[3.0] * 4, [1.0, 2.0, 4.0, 7.0]])})
    yield Case("tiny values", {**arguments(2, 4, 1e-5), "x": 1e-3 * rng.normal(size=(2, 4))})


ROWS, MEAN = "x.mean(axis=1, keepdims=True)", "centred = x - x.mean(axis=1, keepdims=True)"
VARIANCE, INVERSE = "(centred**2).mean(axis=1)", "1 / np.sqrt(variance + epsilon)"
NORMALIZED = "centred * inverse[:, None]"
Y = "gamma[:, None] * normalized + beta[:, None]"

EXERCISE = Exercise(
    chapter=5,
    minutes=15,
    section="batch-normalization",
    functions=[
        Function(
            "normalize",
            returns=["y", "normalized", "inverse"],
            derivations={"y": "y[c,m] = gamma[c] * normalized[c,m] + beta[c]"},
        )
    ],
    cases=cases,
    hints=[
        "Each row has its own mean. Over which axis is it taken? Which shape must it have to be subtracted from x?",
        "Compute in the order of the formulas, with one line for each. An array (C,) is made a column (C, 1), which "
        "meets every entry of a row, by `[:, None]`; a mean keeps its axis with `keepdims=True`.",
        "`centred = x - x.mean(axis=1, keepdims=True)`; the variance is the mean of `centred**2` over axis 1; "
        "`inverse = 1 / np.sqrt(variance + epsilon)`; x̂ is `centred * inverse[:, None]`; and y is "
        "`gamma[:, None] * normalized + beta[:, None]`.",
    ],
    mistakes=[
        Mistake(
            "wrong-axis",
            "You normalize over the features, axis 0. Each feature, a row, is normalized over its M values.",
            [
                (ROWS, "x.mean(axis=0)"),
                (VARIANCE, "(centred**2).mean(axis=0)"),
                (NORMALIZED, "centred * inverse"),
            ],
        ),
        Mistake(
            "wrong-axis",
            "You normalize with axis 0 where it is axis 1: the mean and variance of a row.",
            [(ROWS, "x.mean(axis=0, keepdims=True)"), (VARIANCE, "(centred**2).mean(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You take the mean over the features, axis 0. Each row is centred by its own mean: axis 1.",
            [(ROWS, "x.mean(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You take the variance over the features, axis 0. It is that of a row: axis 1.",
            [(VARIANCE, "(centred**2).mean(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You use one mean and one variance for all features. Each row has its own: axis=1.",
            [(ROWS, "x.mean()"), (VARIANCE, "(centred**2).mean() + 0 * gamma")],
        ),
        Mistake(
            "wrong-axis",
            "You use one mean for all features. Each row has its own: axis=1.",
            [(ROWS, "x.mean()"), (VARIANCE, "x.var(axis=1)")],
        ),
        Mistake(
            "wrong-axis",
            "You use one variance for all features. Each row has its own: axis=1.",
            [(VARIANCE, "x.var() + 0 * gamma")],
        ),
        Mistake(
            "wrong-axis",
            "gamma and beta (C,) meet the columns of x̂. They belong to the rows: gamma[:, None].",
            [(Y, "gamma * normalized + beta")],
        ),
        Mistake(
            "wrong-axis",
            "gamma (C,) meets the columns of x̂. It belongs to the rows: gamma[:, None].",
            [("gamma[:, None]", "gamma")],
        ),
        Mistake(
            "wrong-axis",
            "beta (C,) meets the columns of x̂. It belongs to the rows: beta[:, None].",
            [("beta[:, None]", "beta")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by M − 1 in the variance (ddof=1). Here it is the mean of the squares: divide by M.",
            [(VARIANCE, "(centred**2).sum(axis=1) / (np.float64(x.shape[1]) - 1)")],
        ),
        Mistake(
            "sum-for-mean",
            "You take the sum of the squares as variance. It is their mean.",
            [(VARIANCE, "(centred**2).sum(axis=1)")],
        ),
        Mistake(
            "epsilon",
            "You add ε outside of the root. It is added to the variance: √(v + ε).",
            [(INVERSE, "1 / (np.sqrt(variance) + epsilon)")],
        ),
        Mistake(
            "epsilon",
            "You do not add ε. A feature whose values are all the same is then divided by 0.",
            [(INVERSE, "1 / np.sqrt(variance)")],
        ),
        Mistake(
            "epsilon",
            "You add ε to 1/√v. It is added to the variance, inside the root.",
            [(INVERSE, "1 / np.sqrt(variance) + epsilon")],
        ),
        Mistake(
            "missing-root",
            "You divide by the variance. The root is missing: 1 / √(v + ε).",
            [(INVERSE, "1 / (variance + epsilon)")],
        ),
        Mistake(
            "missing-square",
            "You add ε to the standard deviation and take a second root. The root is of the variance.",
            [(INVERSE, "1 / np.sqrt(np.sqrt(variance) + epsilon)")],
        ),
        Mistake(
            "missing-square",
            "You take the mean of the absolute differences. The variance is the mean of their squares.",
            [(VARIANCE, "abs(centred).mean(axis=1)")],
        ),
        Mistake(
            "missing-square",
            "You take the mean of the differences, which is 0. The variance is the mean of their squares.",
            [(VARIANCE, "centred.mean(axis=1)")],
        ),
        Mistake(
            "missing-term",
            "You do not subtract the mean from x: x̂ = (x − μ) r.",
            [(NORMALIZED, "x * inverse[:, None]")],
        ),
        Mistake(
            "missing-term",
            "You take the mean of x² as variance. Subtract the mean first.",
            [(VARIANCE, "(x**2).mean(axis=1)")],
        ),
        Mistake(
            "missing-term",
            "You do not subtract the mean, neither in x̂ nor in the variance.",
            [(MEAN, "centred = x")],
        ),
        Mistake("missing-factor", "You do not multiply by γ: y = γ x̂ + β.", [("gamma[:, None] * ", "")]),
        Mistake("missing-bias", "You do not add β: y = γ x̂ + β.", [(" + beta[:, None]", "")]),
        Mistake(
            "missing-factor",
            "You return x̂ as y. It is multiplied by γ, and β is added.",
            [(Y, "normalized")],
        ),
        Mistake(
            "extra-factor",
            "You multiply β by γ. First multiply x̂ by γ, then add β.",
            [(Y, "gamma[:, None] * (normalized + beta[:, None])")],
        ),
        Mistake(
            "swapped-results",
            "You have γ and β the wrong way round: y = γ x̂ + β.",
            [(Y, "beta[:, None] * normalized + gamma[:, None]")],
        ),
        Mistake(
            "wrong-array",
            "The second array that you return is x − μ. Return x̂, which is multiplied by r.",
            [(", normalized, inverse", ", centred, inverse")],
        ),
        Mistake(
            "wrong-array",
            "The third array that you return is the variance. Return r = 1 / √(v + ε).",
            [(", normalized, inverse", ", normalized, variance")],
        ),
        Mistake(
            "wrong-array",
            "The third array that you return is the variance plus ε. Return r = 1 / √(v + ε).",
            [(", normalized, inverse", ", normalized, variance + epsilon")],
        ),
        Mistake(
            "wrong-array",
            "The third array that you return is √(v + ε). Return its inverse r = 1 / √(v + ε).",
            [(", normalized, inverse", ", normalized, np.sqrt(variance + epsilon)")],
        ),
        Mistake(
            "wrong-array",
            "You multiply by √(v + ε). Divide by it: r = 1 / √(v + ε).",
            [(INVERSE, "np.sqrt(variance + epsilon)")],
        ),
        Mistake(
            "wrong-array",
            "The second array that you return has γ and β in it. Return x̂, before them.",
            [(", normalized, inverse", f", {Y}, inverse")],
        ),
        Mistake(
            "swapped-results",
            "You return the last two arrays in the wrong order. The order is y, normalized, inverse.",
            [(", normalized, inverse", ", inverse, normalized")],
        ),
    ],
)
