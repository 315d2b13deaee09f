"""Correct predictions.

A network gives each example one number for each class, its *logits*. The prediction is the class with the largest
logit. The loss measures how sure and how correct the network is. People want to know how many predictions are
correct:

    correct = number of examples n with argmaxⱼ logits[n, j] = labels[n]

argmax is the place of the largest number. If two classes have the same largest logit, the first of them is the
prediction.

Return the number of correct predictions, an integer. The share of correct predictions, the *accuracy*, is this number
divided by N; the caller divides. Change none of the arguments.

| array | shape |
|---|---|
| logits | (N, C) |
| labels | (N,), integers from 0 to C − 1 |

Example: three examples and three classes. The largest logits are 2, 0.7 and 5, of the classes 1, 0 and 2. The labels
of the first and the last example are these, so two predictions are correct.

>>> logits = np.array([[0.5, 2.0, -1.0], [0.7, 0.1, 0.7], [1.0, 3.0, 5.0]])
>>> labels = np.array([1, 2, 2])
>>> count_correct(logits, labels)
2
"""

import numpy as np


def count_correct(logits, labels):
    """Return the number of examples whose prediction is the label."""
    predictions = logits.argmax(axis=1)
    return int((predictions == labels).sum())


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(n, c, share):
        logits = rng.normal(size=(n, c))
        labels = np.where(rng.random(n) < share, logits.argmax(axis=1), rng.integers(0, c, n))
        return {"logits": logits, "labels": labels}

    for n, c in [(4, 3), (9, 4), (25, 10), (40, 2)]:
        yield Case("random shapes", arguments(n, c, 0.6))
    yield Case("square arrays", arguments(4, 4, 0.5))
    yield Case("square arrays", arguments(7, 7, 0.5))
    yield Case("a batch of one", arguments(1, 3, 1.0))
    yield Case("all correct", arguments(6, 3, 1.0))
    tied = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [3.0, 3.0, 3.0], [1.0, 0.0, 1.0], [2.0, 2.0, 1.0]])
    yield Case("ties", {"logits": tied, "labels": np.array([1, 1, 0, 0, 1])})
    yield Case("ties", {"logits": tied, "labels": np.array([1, 2, 2, 2, 1])})
    yield Case(
        "negative logits", {"logits": -1.0 - rng.random((6, 3)), "labels": np.array([0, 1, 2, 0, 1, 2])}
    )


PREDICT, COMPARE = "logits.argmax(axis=1)", "int((predictions == labels).sum())"

EXERCISE = Exercise(
    chapter=4,
    minutes=5,
    section="softmax-and-cross-entropy",
    functions=[Function("count_correct", returns=["correct"])],
    cases=cases,
    hints=[
        "Which class does the network predict for example n, if its logits are row n?",
        "`argmax` returns the place of the largest number, the first of equal ones. Along which axis are the classes?",
        "`logits.argmax(axis=1)` are the N predictions. Compared with the labels by ==, they give N truth values, "
        "and the sum of these counts the true ones.",
    ],
    mistakes=[
        Mistake(
            "wrong-axis",
            "You look for the largest logit along axis 0, over the examples. The classes are axis 1.",
            [(PREDICT, "logits.argmax(axis=0)")],
        ),
        Mistake(
            "wrong-axis",
            "`argmax` without an axis looks at all examples at once. Each row has its own prediction: axis=1.",
            [(PREDICT, "logits.argmax()")],
        ),
        Mistake(
            "inverted-mask",
            "You count the wrong predictions. Count where prediction and label are equal.",
            [("predictions == labels", "predictions != labels")],
        ),
        Mistake(
            "mean-for-sum",
            "You return the share of correct predictions. Here it is their number, an integer.",
            [(COMPARE, "(predictions == labels).mean()")],
        ),
        Mistake(
            "mean-for-sum",
            "You return the percentage of correct predictions. Here it is their number, an integer.",
            [(COMPARE, "100 * (predictions == labels).mean()")],
        ),
        Mistake(
            "mean-for-sum",
            "You round the share of correct predictions to an integer. Return their number.",
            [(COMPARE, "int((predictions == labels).mean())")],
        ),
        Mistake(
            "missing-sum",
            "You return whether each prediction is correct. Add up how many are.",
            [(COMPARE, "predictions == labels")],
        ),
        Mistake(
            "missing-sum",
            "You return the length of the comparison, which is N. Add up its true values.",
            [(COMPARE, "len(predictions == labels)")],
        ),
        Mistake(
            "shared-tie",
            "You count an example if its label has one of several equal largest logits. Only the first counts.",
            [("predictions == labels", "logits[np.arange(len(labels)), labels] == logits.max(axis=1)")],
        ),
        Mistake(
            "boundary",
            "Of equal largest logits you take the last. The first is the prediction.",
            [(PREDICT, "logits.shape[1] - 1 - logits[:, ::-1].argmax(axis=1)")],
        ),
        Mistake(
            "boundary",
            "You do not count examples with equal largest logits. The first of them is the prediction.",
            [
                (
                    "predictions == labels",
                    "(predictions == labels) & ((logits == logits.max(axis=1)[:, None]).sum(axis=1) == 1)",
                )
            ],
        ),
        Mistake(
            "sign",
            "You take the smallest logit of each example. The prediction is the largest.",
            [(PREDICT, "logits.argmin(axis=1)")],
        ),
        Mistake(
            "wrong-array",
            "You compare the largest logit itself with the label. Compare its place: argmax.",
            [(PREDICT, "logits.max(axis=1)")],
        ),
        Mistake(
            "wrong-mask",
            "You count labels with a positive logit. The prediction is the largest logit, whatever its sign.",
            [("predictions == labels", "logits[np.arange(len(labels)), labels] > 0")],
        ),
        Mistake(
            "extra-factor",
            "You add up the numbers of the correct classes. Each correct prediction counts as 1.",
            [("(predictions == labels).sum()", "predictions[predictions == labels].sum()")],
        ),
    ],
)
