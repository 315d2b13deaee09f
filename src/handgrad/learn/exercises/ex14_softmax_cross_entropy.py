"""Softmax and cross-entropy, and their gradient.

The backward pass begins with the gradient of the loss with respect to the logits x. Consider one example n, its loss
ℓ[n], its probabilities p = softmax(x), and its one-hot target t. The loss is

    ℓ[n] = log Σⱼ exp(x[n, j]) − Σⱼ t[n, j] · x[n, j]

The derivative of the first term with respect to x[n, c] is exp(x[n, c]) / Σⱼ exp(x[n, j]), which is p[n, c]. The
derivative of the second term is t[n, c]. So the gradient of both functions together is short:

    dx[n, c] = p[n, c] − t[n, c]       dx = p − t

Return two arrays: the losses of all examples, and the gradients dlogits = dx. Row n is the gradient of the loss of
example n alone: do not divide by N. The functions that you have written can do most of the work. Change none of the
arguments.

| array | shape |
|---|---|
| logits x, dlogits dx | (N, C) |
| labels | (N,), whole numbers from 0 to C − 1 |
| losses ℓ | (N,) |

Example: two examples and three classes. Only the gradient of the label is negative: this logit should grow.

>>> logits = np.log([[1.0, 1.0, 2.0], [1.0, 3.0, 4.0]])
>>> losses, dlogits = softmax_cross_entropy(logits, np.array([2, 0]))
>>> losses.round(3)
array([0.693, 2.079])
>>> dlogits.round(3)
array([[ 0.25 ,  0.25 , -0.5  ],
       [-0.875,  0.375,  0.5  ]])
"""

import numpy as np

from handgrad.learn.exercises.ex11_one_hot import one_hot
from handgrad.learn.exercises.ex12_softmax import softmax
from handgrad.learn.exercises.ex13_cross_entropy import cross_entropy


def softmax_cross_entropy(logits, labels):
    """Return the losses (N,) and their gradients (N, C)."""
    losses = cross_entropy(logits, labels)
    p = softmax(logits)
    return losses, p - one_hot(labels, logits.shape[1])


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


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
        "numerical differences",
        arguments(3, 4),
        expected=lambda a: {"dlogits": differences(lambda x: cross_entropy(x, a["labels"]), a["logits"])},
        tolerance=1e-6,
    )


ONE_HOT = "one_hot(labels, logits.shape[1])"
GRADIENT = f"p - {ONE_HOT}"
UNSTABLE = "np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)"


EXERCISE = Exercise(
    chapter=3,
    minutes=10,
    section="softmax-and-cross-entropy",
    functions=[
        Function(
            "softmax_cross_entropy",
            returns=["losses", "dlogits"],
            derivations={
                "dlogits": "dlogits[n,c] = exp(logits[n,c] - (Max[k] logits[n,k])) "
                "/ (Σ[j] exp(logits[n,j] - (Max[k] logits[n,k]))) - (c == labels[n])"
            },
        )
    ],
    cases=cases,
    hints=[
        "You have written a function for the losses, one for p, and one for t. Which of them do you need?",
        "p and t have the shape (N, C). The number of classes C is the length of the second axis of the logits.",
        "dx[n, c] = p[n, c] − t[n, c]: `dlogits = softmax(logits) - one_hot(labels, logits.shape[1])`. The losses "
        "are `cross_entropy(logits, labels)`. Return both: `return losses, dlogits`.",
    ],
    mistakes=[
        Mistake(
            "missing-one-hot",
            "You subtract the label from all probabilities of its row. Subtract its one-hot row.",
            [(ONE_HOT, "labels[:, None]")],
        ),
        Mistake(
            "missing-one-hot",
            "You compute p − labels, arrays (N, C) and (N,). Subtract the one-hot rows (N, C).",
            [(ONE_HOT, "labels")],
        ),
        Mistake(
            "missing-one-hot",
            "You subtract 1 from all probabilities. Subtract it at the label only.",
            [(ONE_HOT, "1")],
        ),
        Mistake(
            "wrong-index",
            "dlogits[:, labels] -= 1 changes the columns of all labels in each row. Give the row numbers, too.",
            [(ONE_HOT, "np.isin(np.arange(logits.shape[1]), labels)")],
        ),
        Mistake(
            "transposed-one-hot",
            "You subtract the transpose of the one-hot rows. Row n belongs to example n: (N, C).",
            [(ONE_HOT, "one_hot(labels, logits.shape[1]).T")],
        ),
        Mistake(
            "missing-term",
            "You return the probabilities as the gradient. Subtract the one-hot target.",
            [(" - one_hot(labels, logits.shape[1])", "")],
        ),
        Mistake(
            "missing-term",
            "Only the logit of the label has a gradient. The others change the sum of softmax: p of all classes.",
            [(GRADIENT, "(p - 1) * one_hot(labels, logits.shape[1])")],
        ),
        Mistake(
            "sign",
            "You compute t − p. The logit of the label should grow: its gradient is negative, p − t.",
            [("p - one_hot(", "-p + one_hot(")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide the gradient by N. Each row is the gradient of its own loss: do not divide.",
            [(GRADIENT, f"({GRADIENT}) / len(labels)")],
        ),
        Mistake(
            "wrong-constant",
            "You divide the gradient by C, the number of classes. The loss is not a mean over the classes.",
            [(GRADIENT, f"({GRADIENT}) / logits.shape[1]")],
        ),
        Mistake(
            "wrong-constant",
            "The gradient has a factor of 2, as that of a square. Here it is p − t.",
            [(GRADIENT, f"2 * ({GRADIENT})")],
        ),
        Mistake(
            "missing-inner-derivative",
            "−t / p is the gradient with respect to p. Softmax comes before: with respect to x it is p − t.",
            [(GRADIENT, "-one_hot(labels, logits.shape[1]) / p")],
        ),
        Mistake(
            "extra-factor",
            "You multiply by p (1 − p). p − t is the gradient with respect to the logits already.",
            [(GRADIENT, f"({GRADIENT}) * p * (1 - p)")],
        ),
        Mistake(
            "wrong-array",
            "You compute x − t with the logits. Take their softmax first.",
            [("p = softmax(logits)", "p = logits")],
        ),
        Mistake(
            "wrong-axis",
            "You compute softmax along axis 0, over the examples. The classes of an example are a row.",
            [("= softmax(logits)", "= softmax(logits.T).T")],
        ),
        Mistake(
            "no-maximum",
            "You do not subtract the maximum in softmax, and large exponentials become inf.",
            [("= softmax(logits)", f"= {UNSTABLE}")],
        ),
        Mistake(
            "log-of-zero",
            "You take the logarithm of a probability that can be rounded to 0. Use the log-sum-exp.",
            [
                (
                    "losses = cross_entropy(logits, labels)",
                    "losses = -np.log(softmax(logits.copy())[np.arange(len(labels)), labels])",
                )
            ],
        ),
        Mistake(
            "no-maximum",
            "You do not subtract the maximum in the loss, and large exponentials become inf.",
            [
                (
                    "losses = cross_entropy(logits, labels)",
                    f"losses = -np.log(({UNSTABLE})[np.arange(len(labels)), labels])",
                )
            ],
        ),
        Mistake(
            "sign",
            "The losses are negative. The loss is −log p.",
            [("losses = cross_entropy", "losses = -cross_entropy")],
        ),
        Mistake(
            "wrong-shape",
            "You return the mean of the losses. Return the loss of each example, (N,).",
            [("return losses,", "return losses.mean(),")],
        ),
        Mistake(
            "wrong-shape",
            "You return the sum of the losses. Return the loss of each example, (N,).",
            [("return losses,", "return losses.sum(),")],
        ),
        Mistake(
            "swapped-results",
            "You return the gradients first. The losses are the first result.",
            [(f"losses, {GRADIENT}", f"{GRADIENT}, losses")],
        ),
    ],
)
