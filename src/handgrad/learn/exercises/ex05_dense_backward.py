"""A dense layer, backward.

A dense layer has computed y = x Wᵀ + b, and the loss has been computed from y. Now its gradient dy with respect to y
arrives from the layer after. Compute all three gradients of the layer:

    dW[o, i] = Σₙ dy[n, o] · x[n, i]       dW = dyᵀ x
    db[o]    = Σₙ dy[n, o]
    dx[n, i] = Σₒ dy[n, o] · W[o, i]       dx = dy W

You know the first from `dense_weights`. A bias is added to its output in every example, so its gradient is a sum over
the examples, too. An input changes all O outputs of its example, so dx is a sum over the outputs. The layer before
needs dx: it is its dy.

A batch may arrive in chunks, one call for each. So *add* dW and db to the given arrays `dweights` and `dbiases`,
and change these in place. Return dx only. Do not change dy, x and weights.

| array | shape |
|---|---|
| dy | (N, O) |
| x, dx | (N, I) |
| weights, dweights | (O, I) |
| biases, dbiases | (O,) |

Example: two examples of three inputs, and two outputs. For instance, dx[1, 0] is 0.5 · 0.1 + (−1) · (−0.4), which is
0.45.

>>> dy = np.array([[1.0, 0.0], [0.5, -1.0]])
>>> x = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
>>> weights = np.array([[0.1, 0.2, 0.3], [-0.4, 0.5, -0.6]])
>>> dweights, dbiases = np.zeros((2, 3)), np.zeros(2)
>>> dense_backward(dy, x, weights, dweights, dbiases)
array([[ 0.1 ,  0.2 ,  0.3 ],
       [ 0.45, -0.4 ,  0.75]])
>>> dweights
array([[ 1. ,  1.5,  3.5],
       [ 0. ,  1. , -1. ]])
>>> dbiases
array([ 1.5, -1. ])
"""

import numpy as np


def dense_backward(dy, x, weights, dweights, dbiases):
    """Add the gradients to dweights (O, I) and dbiases (O,), and return dx (N, I)."""
    dweights += dy.T @ x
    dbiases += dy.sum(axis=0)
    return dy @ weights


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences
from handgrad.learn.exercises.ex03_dense import dense


def cases(rng):
    def arguments(n, i, o, start=0.0):
        return {
            "dy": rng.normal(size=(n, o)),
            "x": rng.normal(size=(n, i)),
            "weights": rng.normal(size=(o, i)),
            "dweights": np.full((o, i), start),
            "dbiases": np.full(o, start),
        }

    for n, i, o in [(2, 3, 2), (4, 5, 3), (7, 2, 6)]:
        yield Case("random shapes", arguments(n, i, o))
    yield Case("square arrays", arguments(3, 3, 3))
    yield Case("a batch of one", arguments(1, 4, 2))
    yield Case("a batch in chunks", arguments(3, 4, 2, start=0.5))
    yield Case(
        "numerical differences",
        arguments(3, 4, 2),
        expected=lambda a: {
            "dx": differences(lambda x: dense(x, a["weights"], np.zeros(2)), a["x"], a["dy"]),
            "dweights": differences(lambda w: dense(a["x"], w, np.zeros(2)), a["weights"], a["dy"]),
            "dbiases": differences(lambda b: dense(a["x"], a["weights"], b), np.zeros(2), a["dy"]),
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=1,
    minutes=15,
    section="a-dense-layer-for-a-batch",
    functions=[
        Function(
            "dense_backward",
            returns=["dx"],
            changes=["dweights", "dbiases"],
            derivations={
                "dx": "dx[n,i] = Σ[o] dy[n,o] * weights[o,i]",
                "dweights": "dweights[o,i] = Σ[n] dy[n,o] * x[n,i]",
                "dbiases": "dbiases[o] = Σ[n] dy[n,o]",
            },
        )
    ],
    cases=cases,
    hints=[
        "You have written dW already, in `dense_weights`. Which axis of dy does db add up?",
        "The shapes leave one possibility for dx: (N, O) times (O, I).",
        "Bias o is added to output o of every example: db[o] = Σₙ dy[n, o], so db = dy.sum(axis=0). Input i of "
        "example n changes output o by W[o, i], so dx[n, i] = Σₒ dy[n, o] W[o, i]: dx = dy W. To add in place, "
        "write `dweights += …`.",
    ],
    mistakes=[
        Mistake(
            "overwritten",
            "You assign the gradient to dweights. A batch may arrive in chunks, and each adds its part: use +=.",
            [("dweights += dy.T @ x", "dweights[:] = dy.T @ x")],
        ),
        Mistake(
            "overwritten",
            "You assign the gradient to dbiases. A batch may arrive in chunks, and each adds its part: use +=.",
            [("dbiases += dy.sum(axis=0)", "dbiases[:] = dy.sum(axis=0)")],
        ),
        Mistake(
            "not-in-place",
            "dweights does not change: `dweights = dweights + …` makes another array. Write dweights += ….",
            [("dweights += dy.T @ x", "dweights = dweights + dy.T @ x")],
        ),
        Mistake(
            "not-in-place",
            "dbiases does not change: `dbiases = dbiases + …` makes another array. Write dbiases += ….",
            [("dbiases += dy.sum(axis=0)", "dbiases = dbiases + dy.sum(axis=0)")],
        ),
        Mistake(
            "sign",
            "You subtract dW from dweights. Gradients are added up; the update of the weights subtracts them.",
            [("dweights += dy.T @ x", "dweights -= dy.T @ x")],
        ),
        Mistake(
            "sign",
            "You subtract db from dbiases. Gradients are added up; the update of the biases subtracts them.",
            [("dbiases += dy.sum(axis=0)", "dbiases -= dy.sum(axis=0)")],
        ),
        Mistake(
            "overwritten",
            "You assign each example's product to dweights. Only the last remains: use +=.",
            [("dweights += dy.T @ x", "dweights[:] = np.outer(dy[-1], x[-1])")],
        ),
        Mistake(
            "overwritten",
            "You assign each example's dy to dbiases. Only the last remains: use +=.",
            [("dbiases += dy.sum(axis=0)", "dbiases[:] = dy[-1]")],
        ),
        Mistake(
            "missing-sum",
            "You use the first example only for dW. Every example adds its part.",
            [("dy.T @ x", "np.outer(dy[0], x[0])")],
        ),
        Mistake(
            "missing-sum",
            "You use the first example only for db. Every example adds its part.",
            [("dy.sum(axis=0)", "dy[0]")],
        ),
        Mistake(
            "missing-sum",
            "You add dy (N, O) to dbiases (O,) without a sum over the examples.",
            [("dy.sum(axis=0)", "dy")],
        ),
        Mistake(
            "missing-transpose",
            "You multiply dy @ x. The sum for dW runs over the examples n, the first axis of dy: transpose dy.",
            [("dy.T @ x", "dy @ x")],
        ),
        Mistake(
            "transposed-product",
            "You compute xᵀ dy, which is dWᵀ (I, O). Row o of dW belongs to output o: dyᵀ x.",
            [("dy.T @ x", "x.T @ dy")],
        ),
        Mistake(
            "wrong-axis",
            "You add dy over the outputs, axis 1. Each bias meets all examples: sum over axis 0.",
            [("dy.sum(axis=0)", "dy.sum(axis=1)")],
        ),
        Mistake(
            "wrong-axis",
            "You add all of dy to one number. Each output has its own bias: sum over axis 0.",
            [("dy.sum(axis=0)", "dy.sum()")],
        ),
        Mistake(
            "no-upstream",
            "You add 1 for each example to dbiases. The chain rule multiplies it by dy.",
            [("dy.sum(axis=0)", "len(dy)")],
        ),
        Mistake(
            "no-upstream",
            "You leave out dy in dW. The chain rule multiplies each input by the gradient that arrives.",
            [("dy.T @ x", "np.ones_like(dy).T @ x")],
        ),
        Mistake(
            "no-upstream",
            "You add up the weights without dy for dx. The chain rule multiplies each by dy[n, o].",
            [("dy @ weights", "np.ones_like(dy) @ weights")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean of dy over the examples for db. The gradient is the sum over them.",
            [("dy.sum(axis=0)", "dy.mean(axis=0)")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide dW by the number of examples. The gradient is the sum over them.",
            [("dy.T @ x", "dy.T @ x / len(x)")],
        ),
        Mistake(
            "transposed-product",
            "You multiply by the transpose of the weights, as in the forward pass. Backward it is dx = dy W.",
            [("dy @ weights", "dy @ weights.T")],
        ),
        Mistake(
            "wrong-array",
            "You multiply dy by dweights. An input changes the outputs by the weights themselves: dx = dy W.",
            [("dy @ weights", "dy @ dweights")],
        ),
        Mistake(
            "product-of-sums",
            "You add dy and x over the examples first. For dW, multiply in each example, then add.",
            [("dy.T @ x", "np.outer(dy.sum(axis=0), x.sum(axis=0))")],
        ),
    ],
)
