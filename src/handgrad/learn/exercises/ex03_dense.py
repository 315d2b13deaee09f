"""A dense layer.

A dense layer is a row of O neurons, each of which sees all I inputs. Neuron o has the weights of row o of the matrix
`weights` and the bias `biases[o]`. The layer computes only the weighted sums. An activation is a separate layer.

It takes N examples at once, the rows of x. Output o of example n is the sum that you know from one neuron:

    y[n, o] = Σᵢ x[n, i] · W[o, i] + b[o]       y = x Wᵀ + b

Wᵀ is W with rows and columns exchanged. Return y, a new array, with one product of matrices and no loop. Change none
of the arguments.

| array | shape |
|---|---|
| x | (N, I) |
| weights | (O, I) |
| biases | (O,) |
| y | (N, O) |

Example: two examples of three inputs, and two outputs. For instance, y[0, 1] is the sum of 1 · (−0.4), 2 · 0.5,
3 · (−0.6) and the bias 1, which is −0.2.

>>> x = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
>>> weights = np.array([[0.1, 0.2, 0.3], [-0.4, 0.5, -0.6]])
>>> biases = np.array([0.0, 1.0])
>>> dense(x, weights, biases)
array([[ 1.4, -0.2],
       [ 0.1, -0.1]])
"""

import numpy as np


def dense(x, weights, biases):
    """Return y = x Wᵀ + b."""
    return x @ weights.T + biases


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(n, i, o):
        return {
            "x": rng.normal(size=(n, i)),
            "weights": rng.normal(size=(o, i)),
            "biases": rng.normal(size=o),
        }

    for n, i, o in [(2, 3, 2), (4, 5, 3), (7, 2, 6)]:
        yield Case("random shapes", arguments(n, i, o))
    yield Case("square arrays", arguments(3, 3, 3))
    yield Case("a batch of one", arguments(1, 4, 2))
    yield Case("zeros", {name: np.zeros_like(value) for name, value in arguments(2, 3, 4).items()})


EXERCISE = Exercise(
    chapter=1,
    minutes=5,
    section="a-dense-layer-for-a-batch",
    functions=[
        Function("dense", returns=["y"], derivations={"y": "y[n,o] = Σ[i] x[n,i] * weights[o,i] + biases[o]"})
    ],
    cases=cases,
    hints=[
        "A product of matrices A @ B adds over the last axis of A and the first axis of B. Which axes must meet?",
        "x is (N, I) and the weights are (O, I). For a result (N, O) axis I must be first in the second factor.",
        "y[n, o] = Σᵢ x[n, i] W[o, i] + b[o], so y = x Wᵀ + b: `x @ weights.T + biases`. NumPy adds the biases (O,) "
        "to every row of the product (N, O).",
    ],
    mistakes=[
        Mistake(
            "missing-transpose",
            "You multiply x @ weights. Row o of the weights belongs to output o, so the product needs weights.T.",
            [("x @ weights.T", "x @ weights")],
        ),
        Mistake(
            "missing-transpose",
            "You reshape the weights to (I, O). This keeps the order of the numbers: transpose with weights.T.",
            [("weights.T", "weights.reshape(x.shape[1], -1)")],
        ),
        Mistake(
            "transposed-product",
            "You multiply weights @ x. The axes in the middle must both be the inputs I: x @ weights.T.",
            [("x @ weights.T", "weights @ x")],
        ),
        Mistake(
            "missing-sum",
            "You keep the product of the last input only. Add the products of all inputs.",
            [("x @ weights.T", "np.outer(x[:, -1], weights[:, -1])")],
        ),
        Mistake(
            "missing-bias", "You leave out the biases: add biases (O,) to every row.", [(" + biases", "")]
        ),
        Mistake("sign", "You subtract the biases. They are added.", [("+ biases", "- biases")]),
        Mistake(
            "wrong-axis",
            "You add the biases as a column, one for each example. There is one for each output: a row.",
            [("+ biases", "+ biases[:, None]")],
        ),
        Mistake(
            "extra-factor",
            "You add the bias to each product, so it counts I times. Add it once, after the sum.",
            [("+ biases", "+ x.shape[1] * biases")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean over the inputs. Each output is a sum over them, plus the bias.",
            [("x @ weights.T", "x @ weights.T / x.shape[1]")],
        ),
        Mistake(
            "extra-activation",
            "You apply tanh. A dense layer returns the weighted sums; activations are separate layers.",
            [("x @ weights.T + biases", "np.tanh(x @ weights.T + biases)")],
        ),
        Mistake(
            "transposed-result",
            "You return W xᵀ, with one column for each example. Examples are rows: y = x Wᵀ + b.",
            [("x @ weights.T + biases", "(weights @ x.T + biases[:, None])")],
        ),
        Mistake(
            "product-of-sums",
            "You add the inputs and the weights first. Multiply each input by its weight, then add.",
            [("x @ weights.T", "np.outer(x.sum(axis=1), weights.sum(axis=1))")],
        ),
    ],
)
