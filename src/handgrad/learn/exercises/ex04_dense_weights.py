"""The gradient of the weights.

For one neuron and one example you have found dw[i] = dz · x[i]: the derivative that arrives at the neuron, times the
input that the weight multiplies. A dense layer has O neurons. So for one example there is one such product for each
neuron o and each input i:

    dy[o] · x[i]

The array dy is the gradient of the loss with respect to the outputs of the layer. It has been computed already.

Now take N examples. All of them use the same weights, and the loss is a sum over the examples. If one weight changes,
every example changes the loss, and the changes add. So the gradient of a weight is a sum over the examples:

    dW[o, i] = Σₙ dy[n, o] · x[n, i]

Return this array. One product of matrices computes all of it, without a loop; find it from the shapes. Change none of
the arguments.

| array | shape |
|---|---|
| dy | (N, O) |
| x | (N, I) |
| dW | (O, I) |

Example: two examples of three inputs, and two outputs. For instance, dW[0, 1] is 1 · 2 from the first example and
0.5 · (−1) from the second, 1.5 in all.

>>> dy = np.array([[1.0, 0.0], [0.5, -1.0]])
>>> x = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
>>> dense_weights(dy, x)
array([[ 1. ,  1.5,  3.5],
       [ 0. ,  1. , -1. ]])
"""

import numpy as np


def dense_weights(dy, x):
    """Return the gradient of the weights, (O, I)."""
    return dy.T @ x


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences
from handgrad.learn.exercises.ex03_dense import dense


def cases(rng):
    def arguments(n, i, o):
        return {"dy": rng.normal(size=(n, o)), "x": rng.normal(size=(n, i))}

    for n, i, o in [(2, 3, 2), (4, 5, 3), (7, 2, 6)]:
        yield Case("random shapes", arguments(n, i, o))
    yield Case("square arrays", arguments(3, 3, 3))
    yield Case("a batch of one", arguments(1, 4, 2))
    silent = arguments(3, 2, 4)
    silent["dy"][:, 1] = 0
    yield Case("an output without gradient", silent)
    yield Case(
        "numerical differences",
        arguments(3, 4, 2),
        expected=lambda a: {
            "dweights": differences(lambda w: dense(a["x"], w, np.zeros(2)), np.zeros((2, 4)), a["dy"])
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=1,
    minutes=10,
    section="a-dense-layer-for-a-batch",
    functions=[
        Function(
            "dense_weights",
            returns=["dweights"],
            derivations={"dweights": "dweights[o,i] = Σ[n] dy[n,o] * x[n,i]"},
        )
    ],
    cases=cases,
    hints=[
        "A product of matrices A @ B adds over the last axis of A and the first axis of B. Which axis is that here?",
        "You add over n. In x (N, I) it is the first axis, as it must be in the second factor. In dy (N, O) it is "
        "the first axis, too, and must be the last. The result is (O, I).",
        "dW[o, i] = Σₙ dyᵀ[o, n] · x[n, i] is row o of dyᵀ times column i of x, so dW = dyᵀ x: `dy.T @ x`.",
    ],
    mistakes=[
        Mistake(
            "missing-transpose",
            "You multiply dy @ x. The sum runs over the examples n, the first axis of dy: transpose dy.",
            [("dy.T @ x", "dy @ x")],
        ),
        Mistake(
            "missing-transpose",
            "You reshape dy to (O, N). This keeps the order of the numbers: transpose dy with dy.T.",
            [("dy.T", "dy.reshape(-1, len(dy))")],
        ),
        Mistake(
            "transposed-product",
            "You compute xᵀ dy, which is dWᵀ (I, O). Row o of dW belongs to output o: dyᵀ x.",
            [("dy.T @ x", "x.T @ dy")],
        ),
        Mistake(
            "transposed-product",
            "You compute dy xᵀ, which pairs examples. The sum for dW runs over the examples: dyᵀ x.",
            [("dy.T @ x", "dy @ x.T")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide by the number of examples. The gradient is the sum over them.",
            [("dy.T @ x", "dy.T @ x / len(x)")],
        ),
        Mistake(
            "missing-sum",
            "You do not add over the examples: your array has an axis for them. Add over n.",
            [("dy.T @ x", "dy[:, :, None] * x[:, None, :]")],
        ),
        Mistake(
            "missing-sum",
            "You use the first example only. Every example adds its part.",
            [("dy.T @ x", "np.outer(dy[0], x[0])")],
        ),
        Mistake(
            "overwritten",
            "You keep the product of the last example only. Add those of all examples, with +=.",
            [("dy.T @ x", "np.outer(dy[-1], x[-1])")],
        ),
        Mistake(
            "wrong-axis",
            "You add over the outputs o, and dW keeps that axis. Add over the examples n.",
            [("dy.T @ x", "np.sum(dy[:, :, None] * x[:, None, :], axis=1)")],
        ),
        Mistake(
            "wrong-axis",
            "You add over the inputs i, and dW keeps that axis. Add over the examples n.",
            [("dy.T @ x", "np.sum(dy[:, :, None] * x[:, None, :], axis=2)")],
        ),
        Mistake(
            "product-of-sums",
            "You add dy and x over the examples first. Multiply in each example, then add.",
            [("dy.T @ x", "np.outer(dy.sum(axis=0), x.sum(axis=0))")],
        ),
        Mistake(
            "no-upstream",
            "You leave out dy. The chain rule multiplies each input by the gradient that arrives.",
            [("dy.T", "np.ones_like(dy).T")],
        ),
        Mistake(
            "sign",
            "You subtract the products. The gradient adds them; the update of the weights subtracts it.",
            [("dy.T @ x", "-dy.T @ x")],
        ),
    ],
)
