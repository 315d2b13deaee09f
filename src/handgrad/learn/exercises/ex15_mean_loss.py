"""The loss of a batch.

A network is trained with the mean of the losses of N examples. Then the loss and its gradient are about as large for
a batch of 10 examples as for one of 1000:

    L = 1/N · Σₙ ℓ[n]

Example n has the share 1/N in L. So its gradient has the same factor. There is no sum in it: each logit belongs to
one example, and it changes the loss of this example only.

    dx[n, c] = 1/N · ∂ℓ[n]/∂x[n, c]

This is the only place where the gradient is divided by N. The backward functions of the layers add over the
examples, and do not divide again.

Return the loss L, a number, and the gradient dlogits = dx. Use `softmax_cross_entropy`, which returns the losses and
their gradients for each example. Change none of the arguments.

| array | shape |
|---|---|
| logits x, dlogits dx | (N, C) |
| labels | (N,), whole numbers from 0 to C − 1 |
| loss L | a number |

Example: two examples and three classes. The losses are 0.693 and 2.079, and their gradients are divided by 2.

>>> logits = np.log([[1.0, 1.0, 2.0], [1.0, 3.0, 4.0]])
>>> loss, dlogits = mean_loss(logits, np.array([2, 0]))
>>> print(loss.round(3))
1.386
>>> dlogits.round(4)
array([[ 0.125 ,  0.125 , -0.25  ],
       [-0.4375,  0.1875,  0.25  ]])
"""

import numpy as np

from handgrad.learn.exercises.ex14_softmax_cross_entropy import softmax_cross_entropy


def mean_loss(logits, labels):
    """Return the mean loss and its gradient (N, C)."""
    losses, dlogits = softmax_cross_entropy(logits, labels)
    return losses.mean(), dlogits / len(labels)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def arguments(n, c):
        labels = rng.integers(0, c, size=n)
        labels[0] = c - 1
        return {"logits": rng.normal(size=(n, c)), "labels": labels}

    def repeated(n, c):
        return {name: np.concatenate([value, value]) for name, value in arguments(n, c).items()}

    for n, c in [(2, 3), (4, 5), (6, 2)]:
        yield Case("random shapes", arguments(n, c))
    yield Case("square arrays", {"logits": rng.normal(size=(3, 3)), "labels": np.array([1, 2, 2])})
    yield Case("a batch of one", arguments(1, 4))
    yield Case(
        "large logits",
        {
            "logits": np.array([[1000.0, 0.0, -1000.0], [0.0, 1000.0, 999.0]]),
            "labels": np.array([2, 1]),
        },
    )
    yield Case(
        "a batch twice has the same loss",
        repeated(2, 3),
        expected=lambda a: {"loss": mean_loss(a["logits"][:2], a["labels"][:2])[0]},
    )
    yield Case(
        "numerical differences",
        arguments(3, 4),
        expected=lambda a: {
            "dlogits": differences(lambda x: softmax_cross_entropy(x, a["labels"])[0].sum() / 3, a["logits"])
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=3,
    minutes=5,
    section="softmax-and-cross-entropy",
    functions=[Function("mean_loss", returns=["loss", "dlogits"])],
    cases=cases,
    hints=[
        "If L is the sum of the losses divided by N, which factor does the derivative of each term have?",
        "`softmax_cross_entropy` returns a tuple. Take the mean of the first, over the N examples. Which number "
        "divides the second?",
        "L = 1/N Σₙ ℓ[n] and dx[n, c] = 1/N ∂ℓ[n]/∂x[n, c]: after `losses, dlogits = "
        "softmax_cross_entropy(logits, labels)` return `losses.mean(), dlogits / len(labels)`.",
    ],
    mistakes=[
        Mistake(
            "sum-for-mean",
            "You return the sum of the losses. The loss of a batch is their mean.",
            [("losses.mean()", "losses.sum()")],
        ),
        Mistake(
            "sum-for-mean",
            "You do not divide the gradient by N. The loss is a mean, so each example has the factor 1/N.",
            [("dlogits / len(labels)", "dlogits")],
        ),
        Mistake(
            "mean-twice",
            "You divide the gradient by N twice. Once is enough.",
            [("dlogits / len(labels)", "dlogits / len(labels) / len(labels)")],
        ),
        Mistake(
            "mean-twice",
            "You divide the loss by N twice. The mean has the factor 1/N already.",
            [("losses.mean()", "losses.mean() / len(labels)")],
        ),
        Mistake(
            "wrong-constant",
            "You divide the gradient by N · C, the number of logits. The mean runs over the N examples only.",
            [("dlogits / len(labels)", "dlogits / logits.size")],
        ),
        Mistake(
            "wrong-constant",
            "You divide the loss by N · C. The mean runs over the N examples only.",
            [("losses.mean()", "losses.sum() / logits.size")],
        ),
        Mistake(
            "wrong-constant",
            "You divide the gradient by C, the number of classes. Divide by the number of examples N.",
            [("dlogits / len(labels)", "dlogits / logits.shape[1]")],
        ),
        Mistake(
            "wrong-constant",
            "You divide the loss by C, the number of classes. Divide by the number of examples N.",
            [("losses.mean()", "losses.sum() / logits.shape[1]")],
        ),
        Mistake(
            "extra-factor",
            "You multiply the gradient by N. The mean has the factor 1/N.",
            [("dlogits / len(labels)", "dlogits * len(labels)")],
        ),
        Mistake(
            "missing-sum",
            "You return the losses of the examples, (N,). Return one number: their mean.",
            [("losses.mean()", "losses")],
        ),
        Mistake(
            "missing-sum",
            "You divide the losses by N, and do not add them. The mean is one number.",
            [("losses.mean()", "losses / len(labels)")],
        ),
        Mistake(
            "wrong-shape",
            "You take the mean of the gradient over the examples. Each example keeps its row, (N, C).",
            [("dlogits / len(labels)", "dlogits.mean(axis=0)")],
        ),
        Mistake(
            "wrong-shape",
            "You add the gradients of the examples. Each example keeps its row, (N, C).",
            [("dlogits / len(labels)", "dlogits.sum(axis=0)")],
        ),
        Mistake(
            "wrong-shape",
            "You take the mean of all numbers of the gradient. Divide each number by N.",
            [("dlogits / len(labels)", "dlogits.mean()")],
        ),
        Mistake(
            "extra-factor",
            "You multiply the gradient by the loss. The gradient of the mean has only the factor 1/N.",
            [("dlogits / len(labels)", "dlogits / len(labels) * losses.mean(axis=0)")],
        ),
        Mistake(
            "sign",
            "The gradient has the wrong sign. The optimizer subtracts it later.",
            [("dlogits / len(labels)", "-dlogits / len(labels)")],
        ),
        Mistake(
            "swapped-results",
            "You return the gradient first. The loss is the first result.",
            [("losses.mean(), dlogits / len(labels)", "dlogits / len(labels), losses.mean()")],
        ),
    ],
)
