"""Softmax.

The last layer returns a number for each class, a *logit*. Logits have any sign and any sum. Softmax turns those of
an example into probabilities. They are positive, their sum is 1, and the largest logit has the largest one:

    p[n, c] = exp(x[n, c]) / Σⱼ exp(x[n, j])

The exponential of 1000 is too large for a float64: it becomes `inf`, and inf / inf is not a number. So subtract the
largest logit m of the row first. This divides numerator and denominator by exp(m), and p stays the same:

    p[n, c] = exp(x[n, c] − m[n]) / Σⱼ exp(x[n, j] − m[n])       m[n] = maxⱼ x[n, j]

Compute p for all rows. Return a new array. Change none of the arguments.

| array | shape |
|---|---|
| logits x | (N, C) |
| probabilities p | (N, C) |

Example: two examples and three classes. The exponentials of the first row are 1, 1 and 2, and their sum is 4.

>>> logits = np.log([[1.0, 1.0, 2.0], [1.0, 3.0, 4.0]])
>>> softmax(logits).round(3)
array([[0.25 , 0.25 , 0.5  ],
       [0.125, 0.375, 0.5  ]])
"""

import numpy as np


def softmax(logits):
    """Return the probabilities (N, C)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    for n, c in [(2, 3), (4, 5), (6, 2)]:
        yield Case("random shapes", {"logits": rng.normal(size=(n, c))})
    yield Case("square arrays", {"logits": rng.normal(size=(3, 3))})
    yield Case("a batch of one", {"logits": rng.normal(size=(1, 4))})
    yield Case("equal logits", {"logits": np.array([[0.0, 0.0, 0.0], [2.0, 2.0, -1.0]])})
    yield Case("large logits", {"logits": np.array([[1000.0, 1001.0, 999.0], [-999.0, -1001.0, -1000.0]])})
    yield Case("large logits", {"logits": np.array([[1000.0, 0.0, -1000.0], [0.0, 1000.0, 1000.0]])})
    yield Case(
        "a shift of a row changes nothing",
        {"logits": rng.normal(size=(2, 3)) + np.array([[30.0], [-30.0]])},
        expected=lambda a: {"probabilities": softmax(a["logits"] - np.array([[30.0], [-30.0]]))},
    )


EXERCISE = Exercise(
    chapter=3,
    minutes=10,
    section="softmax-and-cross-entropy",
    functions=[
        Function(
            "softmax",
            returns=["probabilities"],
            derivations={
                "probabilities": "probabilities[n,c] = exp(logits[n,c] - (Max[k] logits[n,k])) "
                "/ (Σ[j] exp(logits[n,j] - (Max[k] logits[n,k])))"
            },
        )
    ],
    cases=cases,
    hints=[
        "Each row is an example with its own maximum and its own sum. Over which axis do they run?",
        "An operation over axis 1 of an array (N, C) returns (N,), which does not fit to (N, C). "
        "`keepdims=True` returns (N, 1), and then each row meets its own number.",
        "p[n, c] = exp(x[n, c] − m[n]) / Σⱼ exp(x[n, j] − m[n]): "
        "`exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))`, divided by "
        "`exponentials.sum(axis=1, keepdims=True)`.",
    ],
    mistakes=[
        Mistake(
            "no-maximum",
            "You do not subtract the maximum of the row: large exponentials become inf, and inf / inf is nan.",
            [(" - logits.max(axis=1, keepdims=True)", "")],
        ),
        Mistake(
            "wrong-axis",
            "You work along axis 0, over the examples. The classes of an example are a row: axis 1.",
            [
                ("logits.max(axis=1, keepdims=True)", "logits.max(axis=0, keepdims=True)"),
                ("exponentials.sum(axis=1, keepdims=True)", "exponentials.sum(axis=0, keepdims=True)"),
            ],
        ),
        Mistake(
            "wrong-axis",
            "You add the exponentials along axis 0, over the examples. The sum runs over the classes: axis 1.",
            [("exponentials.sum(axis=1, keepdims=True)", "exponentials.sum(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You subtract the maximum of each column. All logits of a row need the same one: that of the row.",
            [("logits.max(axis=1, keepdims=True)", "logits.max(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You divide by the sum of all exponentials of the batch. Each row has its own sum: axis 1.",
            [("exponentials.sum(axis=1, keepdims=True)", "exponentials.sum()")],
        ),
        Mistake(
            "wrong-axis",
            "You subtract the maximum of all numbers. Rows far below it become 0 / 0: take that of the row.",
            [("logits.max(axis=1, keepdims=True)", "logits.max()")],
        ),
        Mistake(
            "wrong-shape",
            "The sums have the shape (N,), and meet the columns. Keep the axis: keepdims=True.",
            [("exponentials.sum(axis=1, keepdims=True)", "exponentials.sum(axis=1)")],
        ),
        Mistake(
            "wrong-shape",
            "The maxima have the shape (N,), and meet the columns. Keep the axis: keepdims=True.",
            [("logits.max(axis=1, keepdims=True)", "logits.max(axis=1)")],
        ),
        Mistake(
            "missing-factor",
            "You return the exponentials. Divide by their sum, so that the probabilities of a row add up to 1.",
            [(" / exponentials.sum(axis=1, keepdims=True)", "")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide by the mean of the exponentials. Divide by their sum.",
            [("exponentials.sum(", "exponentials.mean(")],
        ),
        Mistake(
            "sign",
            "You take the exponential of −x. The largest logit must have the largest probability: exp(x).",
            [("np.exp(logits", "np.exp(-logits")],
        ),
        Mistake(
            "sign",
            "You take the exponential of m − x. The largest logit must have the largest probability: exp(x − m).",
            [
                (
                    "np.exp(logits - logits.max(axis=1, keepdims=True))",
                    "np.exp(logits.max(axis=1, keepdims=True) - logits)",
                )
            ],
        ),
        Mistake(
            "overflow",
            "You limit the logits before the exponential, so large ones become equal. Subtract the maximum.",
            [("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits.clip(-500, 500))")],
        ),
        Mistake(
            "overflow",
            "You subtract the minimum of the row. The exponential of the largest logit can become inf: use max.",
            [("logits.max(", "logits.min(")],
        ),
        Mistake(
            "missing-activation",
            "You divide the logits by their sum. Take their exponentials first: probabilities are positive.",
            [("np.exp(logits - logits.max(axis=1, keepdims=True))", "logits")],
        ),
        Mistake(
            "extra-activation",
            "You return the logarithm of the probabilities. Return the probabilities.",
            [
                (
                    "exponentials / exponentials.sum(axis=1, keepdims=True)",
                    "np.log(exponentials / exponentials.sum(axis=1, keepdims=True))",
                )
            ],
        ),
    ],
)
