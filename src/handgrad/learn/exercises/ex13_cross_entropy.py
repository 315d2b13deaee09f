"""Cross-entropy.

The loss measures how wrong a prediction is. With classes it is the cross-entropy: the negative logarithm of the
probability p that softmax gives to the label. It is 0 for the probability 1, and 0.69 for 1/2.

    ℓ[n] = −log p[n, labels[n]]

A probability that is too small for a float64 is rounded to 0, and log 0 is −∞. So do not compute the probability.
Put the formula of softmax into the logarithm, where exp and log cancel:

    ℓ[n] = log Σⱼ exp(x[n, j]) − x[n, labels[n]]

The first term is called *log-sum-exp*. As in softmax, subtract the largest logit of the row from *all* logits x of
the row first. This does not change ℓ. Then no exponential overflows, and the sum is at least 1.

Compute one loss for each example, and not the mean. The losses of logits of ±1000 must be finite. Change none of the
arguments.

| array | shape |
|---|---|
| logits x | (N, C) |
| labels | (N,), whole numbers from 0 to C − 1 |
| losses ℓ | (N,) |

Example: two examples and three classes. The probabilities of the labels are 1/2 and 1/8.

>>> logits = np.log([[1.0, 1.0, 2.0], [1.0, 3.0, 4.0]])
>>> labels = np.array([2, 0])
>>> cross_entropy(logits, labels).round(3)
array([0.693, 2.079])
"""

import numpy as np


def cross_entropy(logits, labels):
    """Return the loss (N,) of each example."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    sums = np.exp(shifted).sum(axis=1)
    return np.log(sums) - shifted[np.arange(len(labels)), labels]


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake
from handgrad.learn.exercises.ex12_softmax import softmax


def cases(rng):
    def arguments(n, c):
        labels = rng.integers(0, c, size=n)
        labels[0] = c - 1
        return {"logits": rng.normal(size=(n, c)), "labels": labels}

    for n, c in [(2, 3), (4, 5), (6, 2)]:
        yield Case("random shapes", arguments(n, c))
    yield Case("square arrays", {"logits": rng.normal(size=(3, 3)), "labels": np.array([1, 2, 2])})
    yield Case("a batch of one", arguments(1, 4))
    yield Case(
        "equal logits",
        {"logits": np.array([[0.0, 0.0, 0.0], [2.0, 2.0, -1.0]]), "labels": np.array([1, 0])},
    )
    yield Case(
        "large logits",
        {
            "logits": np.array([[1000.0, 1001.0, 999.0], [-999.0, -1001.0, -1000.0]]),
            "labels": np.array([1, 2]),
        },
    )
    yield Case(
        "large logits",
        {
            "logits": np.array([[1000.0, 0.0, -1000.0], [0.0, 1000.0, -1000.0]]),
            "labels": np.array([2, 1]),
        },
    )
    yield Case(
        "minus the logarithm of the probability",
        arguments(3, 4),
        expected=lambda a: {"losses": -np.log(softmax(a["logits"])[np.arange(3), a["labels"]])},
    )


PROBABILITIES = "np.exp(shifted) / sums[:, None]"
SOLUTION = "np.log(sums) - shifted[np.arange(len(labels)), labels]"


EXERCISE = Exercise(
    chapter=3,
    minutes=15,
    section="softmax-and-cross-entropy",
    functions=[
        Function(
            "cross_entropy",
            returns=["losses"],
            derivations={
                "losses": "losses[n] = log(Σ[j] exp(logits[n,j] - (Max[k] logits[n,k]))) "
                "- (logits[n,labels[n]] - (Max[k] logits[n,k]))"
            },
        )
    ],
    cases=cases,
    hints=[
        "How do you take one number of each row, in the column that its label says? You did so in `one_hot`.",
        "First compute shifted = x − m with the maximum m of each row. Use it in both terms: the sum of the "
        "exponentials, and the logit of the label.",
        "With s = x − m: ℓ[n] = log Σⱼ exp(s[n, j]) − s[n, labels[n]]. The first term is "
        "`np.log(np.exp(shifted).sum(axis=1))`, the second `shifted[np.arange(len(labels)), labels]`.",
    ],
    mistakes=[
        Mistake(
            "log-of-zero",
            "You compute the probability and then its logarithm. It can be rounded to 0: use the log-sum-exp.",
            [(SOLUTION, f"-np.log(({PROBABILITIES})[np.arange(len(labels)), labels])")],
        ),
        *(
            Mistake(
                "log-of-zero",
                "You limit the probability from below, or add a small number. The loss is then limited, too.",
                [(SOLUTION, f"-np.log(({PROBABILITIES})[np.arange(len(labels)), labels] + {small})")],
            )
            for small in ("1e-8", "1e-9", "1e-10", "1e-12", "1e-15", "1e-16")
        ),
        Mistake(
            "no-maximum",
            "You do not subtract the maximum of the row, and large exponentials become inf.",
            [(" - logits.max(axis=1, keepdims=True)", "")],
        ),
        Mistake(
            "missing-term",
            "You subtract the maximum in the log-sum-exp only. Use the shifted logits in both terms.",
            [("shifted[np.arange", "logits[np.arange")],
        ),
        Mistake(
            "missing-term",
            "You return the log-sum-exp. Subtract the logit of the label.",
            [(" - shifted[np.arange(len(labels)), labels]", "")],
        ),
        Mistake(
            "missing-term",
            "You return minus the logit of the label. Add the log-sum-exp.",
            [("np.log(sums) - ", "-")],
        ),
        Mistake(
            "wrong-axis",
            "You add the exponentials along axis 0, over the examples. The sum runs over the classes: axis 1.",
            [(".sum(axis=1)", ".sum(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "You add all exponentials of the batch. Each example has its own sum: axis 1.",
            [(".sum(axis=1)", ".sum()")],
        ),
        Mistake(
            "wrong-axis",
            "You subtract the maximum of each column. All logits of a row need the same one: that of the row.",
            [("logits.max(axis=1, keepdims=True)", "logits.max(axis=0, keepdims=True)")],
        ),
        Mistake(
            "wrong-axis",
            "You subtract the maximum of all numbers. Rows far below it give log 0: take that of the row.",
            [("logits.max(axis=1, keepdims=True)", "logits.max()")],
        ),
        Mistake(
            "wrong-index",
            "shifted[:, labels] takes the columns of all labels in each row. Give the row numbers, too.",
            [("[np.arange(len(labels)), labels]", "[:, labels]")],
        ),
        Mistake(
            "missing-one-hot",
            "You add −log p of all classes. Only the class of the label counts.",
            [(SOLUTION, "(np.log(sums)[:, None] - shifted).sum(axis=1)")],
        ),
        Mistake(
            "missing-one-hot",
            "You multiply by the labels as numbers. They name classes: take the logit of the label.",
            [("shifted[np.arange(len(labels)), labels]", "(shifted * labels[:, None]).sum(axis=1)")],
        ),
        Mistake(
            "wrong-shape",
            "You return −log p of all classes, (N, C). Take one number of each row: that of the label.",
            [(SOLUTION, "np.log(sums)[:, None] - shifted")],
        ),
        Mistake(
            "wrong-shape",
            "You return the mean of the losses. Return the loss of each example, (N,).",
            [(SOLUTION, f"({SOLUTION}).mean()")],
        ),
        Mistake(
            "wrong-shape",
            "You return the sum of the losses. Return the loss of each example, (N,).",
            [(SOLUTION, f"({SOLUTION}).sum()")],
        ),
        Mistake(
            "wrong-constant",
            "You take the logarithm to the base 2. It is the natural one: np.log.",
            [(SOLUTION, f"({SOLUTION}) / np.log(2)")],
        ),
        Mistake(
            "wrong-constant",
            "You take the logarithm to the base 10. It is the natural one: np.log.",
            [(SOLUTION, f"({SOLUTION}) / np.log(10)")],
        ),
        Mistake(
            "sign",
            "You return log p, which is negative. The loss is −log p: the log-sum-exp minus the logit.",
            [("np.log(sums) - ", "-np.log(sums) + ")],
        ),
        Mistake(
            "sign",
            "You add the logit of the label. Subtract it: a larger logit of the label is a smaller loss.",
            [("np.log(sums) - ", "np.log(sums) + ")],
        ),
    ],
)
