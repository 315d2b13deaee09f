"""Batch normalization, backward.

The gradient dy with respect to y = γ x̂ + β arrives. For the parameters, add over the M values of each feature:

    dγ[c] = Σₘ dy[c, m] · x̂[c, m]
    dβ[c] = Σₘ dy[c, m]

One input changes its own x̂ directly. It also changes the mean and the variance, and through them all x̂ of its
feature. Together, the three ways give

    dx[c, m] = γ[c] · r[c] · (dy[c, m] − a[c] − x̂[c, m] · b[c])

where a[c] is the mean of dy over the feature, from the mean of x, and b[c] the mean of dy · x̂, from the variance:

    a[c] = Σₘ dy[c, m] / M            b[c] = Σₘ dy[c, m] · x̂[c, m] / M

`normalized` is x̂ and `inverse` is r = 1 / √(v + ε), as returned by `normalize`. A batch may arrive in chunks, and dγ
and dβ are sums over all of them. So *add* to the arrays `dgamma` and `dbeta` that you are given, and change them in
place. Return dx; its means are those of this chunk. Change no other argument.

| array | shape |
|---|---|
| dy, normalized, dx | (C, M) |
| inverse, gamma, dgamma, dbeta | (C,) |

Example: one feature of three values. The mean of dy is 1, and that of dy · x̂ is (−3 + 0 + 0) / 3 = −1. So the first
entry is 2 · 0.5 · (3 − 1 − (−1) · (−1)) = 1.

>>> dy, normalized = np.array([[3.0, 0.0, 0.0]]), np.array([[-1.0, 0.0, 1.0]])
>>> inverse, gamma = np.array([0.5]), np.array([2.0])
>>> dgamma, dbeta = np.zeros(1), np.zeros(1)
>>> normalize_backward(dy, normalized, inverse, gamma, dgamma, dbeta)
array([[ 1., -1.,  0.]])
>>> dgamma, dbeta
(array([-3.]), array([3.]))
"""

import numpy as np


def normalize_backward(dy, normalized, inverse, gamma, dgamma, dbeta):
    """Add the gradients to dgamma (C,) and dbeta (C,), and return dx (C, M)."""
    dgamma += (dy * normalized).sum(axis=1)
    dbeta += dy.sum(axis=1)
    a = dy.mean(axis=1, keepdims=True)
    b = (dy * normalized).mean(axis=1, keepdims=True)
    return (gamma * inverse)[:, None] * (dy - a - normalized * b)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences
from handgrad.learn.exercises.ex24_batch_norm import normalize


def cases(rng):
    def arguments(c, m, start=0.0):
        gamma = rng.uniform(0.5, 2, size=c) * rng.choice([-1, 1], size=c)
        _, normalized, inverse = normalize(rng.normal(1, 2, size=(c, m)), gamma, np.zeros(c), 0.1)
        return {
            "dy": rng.normal(0.5, 1, size=(c, m)),
            "normalized": normalized,
            "inverse": inverse,
            "gamma": gamma,
            "dgamma": np.full(c, start),
            "dbeta": np.full(c, -start),
        }

    for c, m in [(2, 3), (4, 5), (3, 8)]:
        yield Case("random shapes", arguments(c, m))
    yield Case("square arrays", arguments(3, 3))
    yield Case("a batch of one", arguments(3, 1))
    yield Case("a batch in chunks", arguments(2, 4, start=0.5))

    x, epsilon = rng.normal(1, 2, size=(2, 4)), 0.1
    a = arguments(2, 4)
    _, a["normalized"], a["inverse"] = normalize(x, a["gamma"], np.zeros(2), epsilon)

    def by_differences(a):
        zeros = np.zeros(2)
        return {
            "dx": differences(lambda x: normalize(x, a["gamma"], zeros, epsilon)[0], x, a["dy"]),
            "dgamma": differences(lambda gamma: normalize(x, gamma, zeros, epsilon)[0], a["gamma"], a["dy"]),
            "dbeta": differences(lambda beta: normalize(x, a["gamma"], beta, epsilon)[0], zeros, a["dy"]),
        }

    yield Case("numerical differences", a, expected=by_differences, tolerance=1e-6)


DGAMMA, DBETA = "dgamma += (dy * normalized).sum(axis=1)", "dbeta += dy.sum(axis=1)"
A, B = "dy.mean(axis=1, keepdims=True)", "(dy * normalized).mean(axis=1, keepdims=True)"
BRACKET = "(dy - a - normalized * b)"

EXERCISE = Exercise(
    chapter=5,
    minutes=20,
    section="batch-normalization",
    functions=[
        Function(
            "normalize_backward",
            returns=["dx"],
            changes=["dgamma", "dbeta"],
            derivations={
                "dgamma": "dgamma[c] = Σ[m] dy[c,m] * normalized[c,m]",
                "dbeta": "dbeta[c] = Σ[m] dy[c,m]",
            },
        )
    ],
    cases=cases,
    hints=[
        "Which axis do the sums over m run over? Which shape do a and b need to be subtracted from dy?",
        "dγ and dβ are sums, and a and b the means of the same two arrays. `mean(axis=1, keepdims=True)` has the "
        "shape (C, 1), which meets every entry of a row; `[:, None]` makes such a column of an array (C,).",
        "`dgamma += (dy * normalized).sum(axis=1)` and `dbeta += dy.sum(axis=1)`. With `a = dy.mean(axis=1, "
        "keepdims=True)` and `b = (dy * normalized).mean(axis=1, keepdims=True)`, dx is "
        "`(gamma * inverse)[:, None] * (dy - a - normalized * b)`.",
    ],
    mistakes=[
        Mistake(
            "overwritten",
            "You assign to dgamma and dbeta. A batch may arrive in chunks, and each adds its part: use +=.",
            [("dgamma +=", "dgamma[:] ="), ("dbeta +=", "dbeta[:] =")],
        ),
        Mistake(
            "overwritten",
            "You assign the gradient to dgamma. A batch may arrive in chunks, and each adds its part: use +=.",
            [("dgamma +=", "dgamma[:] =")],
        ),
        Mistake(
            "overwritten",
            "You assign the gradient to dbeta. A batch may arrive in chunks, and each adds its part: use +=.",
            [("dbeta +=", "dbeta[:] =")],
        ),
        Mistake(
            "not-in-place",
            "`dgamma = …` and `dbeta = …` make new arrays, and the caller keeps the old ones. Change them: +=.",
            [("dgamma +=", "dgamma = dgamma +"), ("dbeta +=", "dbeta = dbeta +")],
        ),
        Mistake(
            "not-in-place",
            "`dgamma = …` makes a new array, and the caller keeps the old one. Change it: dgamma += ….",
            [("dgamma +=", "dgamma = dgamma +")],
        ),
        Mistake(
            "not-in-place",
            "`dbeta = …` makes a new array, and the caller keeps the old one. Change it: dbeta += ….",
            [("dbeta +=", "dbeta = dbeta +")],
        ),
        Mistake(
            "treated-as-constant",
            "You treat mean and variance as constants. Every x changes them, and through them all x̂.",
            [(BRACKET, "dy")],
        ),
        Mistake(
            "treated-as-constant",
            "You treat the mean as a constant: the mean of dy is missing in the bracket.",
            [("dy - a - ", "dy - ")],
        ),
        Mistake(
            "treated-as-constant",
            "You treat the variance as a constant: the term x̂ · mean(dy · x̂) is missing in the bracket.",
            [(" - normalized * b", "")],
        ),
        Mistake(
            "missing-factor",
            "The factor γ is missing in dx: y = γ x̂ + β.",
            [("(gamma * inverse)", "inverse")],
        ),
        Mistake(
            "missing-factor",
            "The factor r = 1/√(v + ε) is missing in dx: x̂ = (x − μ) r.",
            [("(gamma * inverse)", "gamma")],
        ),
        Mistake(
            "missing-factor",
            "You subtract the mean of dy · x̂ without its factor x̂.",
            [("normalized * b", "b")],
        ),
        Mistake(
            "missing-factor",
            "b is the mean of dy · x̂, and you take the mean of dy.",
            [(B, A)],
        ),
        Mistake(
            "missing-factor",
            "You add up dy for dγ. The derivative of y = γ x̂ + β with respect to γ is x̂: add up dy · x̂.",
            [(DGAMMA, "dgamma += dy.sum(axis=1)")],
        ),
        Mistake(
            "extra-factor",
            "You multiply dγ by γ. The derivative of y with respect to γ is x̂.",
            [(DGAMMA, "dgamma += (dy * normalized).sum(axis=1) * gamma")],
        ),
        Mistake(
            "extra-factor",
            "You multiply dβ by γ. The derivative of y with respect to β is 1.",
            [(DBETA, "dbeta += dy.sum(axis=1) * gamma")],
        ),
        Mistake(
            "wrong-array",
            "dγ has the factor r where it needs x̂.",
            [(DGAMMA, "dgamma += dy.sum(axis=1) * inverse")],
        ),
        Mistake(
            "swapped-results",
            "You have dγ and dβ the wrong way round: dγ = Σ dy · x̂, dβ = Σ dy.",
            [(DGAMMA, "dgamma += dy.sum(axis=1)"), (DBETA, "dbeta += (dy * normalized).sum(axis=1)")],
        ),
        Mistake(
            "wrong-axis",
            "You add over the features, axis 0, for dγ and dβ. Row c belongs to feature c: axis 1.",
            [
                ("(dy * normalized).sum(axis=1)", "(dy * normalized).sum(axis=0)"),
                ("dy.sum(axis=1)", "dy.sum(axis=0)"),
            ],
        ),
        Mistake(
            "wrong-axis",
            "You add over the features, axis 0, for dγ. Row c belongs to feature c: axis 1.",
            [("(dy * normalized).sum(axis=1)", "(dy * normalized).sum(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You add over the features, axis 0, for dβ. Row c belongs to feature c: axis 1.",
            [("dy.sum(axis=1)", "dy.sum(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You take the means over the features, axis 0. Those of a row are needed: axis 1.",
            [(A, "dy.mean(axis=0, keepdims=True)"), (B, "(dy * normalized).mean(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You take the mean of dy over the features, axis 0. That of a row is needed: axis 1.",
            [(A, "dy.mean(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You take the mean of dy · x̂ over the features, axis 0. That of a row is needed: axis 1.",
            [(B, "(dy * normalized).mean(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You take one mean of all features. Each row has its own: axis=1, keepdims=True.",
            [(A, "dy.mean()"), (B, "(dy * normalized).mean()")],
        ),
        Mistake(
            "wrong-axis",
            "a and b (C,) meet the columns of dy. They belong to the rows: keepdims=True, or [:, None].",
            [(A, "dy.mean(axis=1)"), (B, "(dy * normalized).mean(axis=1)")],
        ),
        Mistake(
            "wrong-axis",
            "gamma and inverse (C,) meet the columns. They belong to the rows: [:, None].",
            [("(gamma * inverse)[:, None]", "(gamma * inverse)")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean for dγ and dβ. dy has the factor 1/N of the mean loss already: take the sum.",
            [("(dy * normalized).sum", "(dy * normalized).mean"), ("dy.sum", "dy.mean")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean for dγ. dy has the factor 1/N of the mean loss already: take the sum.",
            [("(dy * normalized).sum", "(dy * normalized).mean")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean for dβ. dy has the factor 1/N of the mean loss already: take the sum.",
            [("dy.sum", "dy.mean")],
        ),
        Mistake(
            "sum-for-mean",
            "You subtract sums. a and b are means: divide them by M.",
            [(A, "dy.sum(axis=1, keepdims=True)"), (B, "(dy * normalized).sum(axis=1, keepdims=True)")],
        ),
        Mistake(
            "sum-for-mean",
            "You subtract the sum of dy. a is the mean: divide it by M.",
            [(A, "dy.sum(axis=1, keepdims=True)")],
        ),
        Mistake(
            "sum-for-mean",
            "You take the sum of dy · x̂ for b. It is the mean: divide it by M.",
            [(B, "(dy * normalized).sum(axis=1, keepdims=True)")],
        ),
        Mistake(
            "sum-for-mean",
            "Your dx is M times too large: with sums in place of means, M · dy − …, divide by M in the end.",
            [("* (dy - a - normalized * b)", "* dy.shape[1] * (dy - a - normalized * b)")],
        ),
        Mistake(
            "wrong-array",
            "You compute the means from dgamma and dbeta, which hold the sums of earlier chunks, too.",
            [(A, "(dbeta / dy.shape[1])[:, None]"), (B, "(dgamma / dy.shape[1])[:, None]")],
        ),
        Mistake(
            "wrong-array",
            "You compute the mean of dy from dbeta, which holds the sum of earlier chunks, too.",
            [(A, "(dbeta / dy.shape[1])[:, None]")],
        ),
        Mistake(
            "wrong-array",
            "You compute the mean of dy · x̂ from dgamma, which holds the sum of earlier chunks, too.",
            [(B, "(dgamma / dy.shape[1])[:, None]")],
        ),
        Mistake(
            "sign",
            "You add both means. They are subtracted from dy.",
            [(BRACKET, "(dy + a + normalized * b)")],
        ),
        Mistake("sign", "You add the mean of dy. It is subtracted.", [("dy - a", "dy + a")]),
        Mistake(
            "sign",
            "You add the term x̂ · mean(dy · x̂). It is subtracted.",
            [("- normalized * b", "+ normalized * b")],
        ),
        Mistake(
            "extra-factor",
            "The bracket is multiplied by r once: dx = γ r (…), and you have r².",
            [("gamma * inverse", "gamma * inverse**2")],
        ),
        Mistake(
            "wrong-array",
            "You divide by `inverse`. It is 1/√(v + ε) already: multiply by it.",
            [("gamma * inverse", "gamma / inverse")],
        ),
        Mistake(
            "missing-factor",
            "γ r multiplies dy only. It is a factor of the whole bracket.",
            [
                (
                    "(gamma * inverse)[:, None] * (dy - a - normalized * b)",
                    "(gamma * inverse)[:, None] * dy - a - normalized * b",
                )
            ],
        ),
        Mistake(
            "extra-factor",
            "The term of the variance has r in it twice: dx = γ r (dy − a − x̂ b).",
            [("normalized * b", "normalized * inverse[:, None] * b")],
        ),
    ],
)
