"""One neuron.

A neuron turns several numbers into one. It multiplies each of its I inputs by a weight, adds the products and a
bias, and applies an activation, here tanh, which gives a number between −1 and 1:

    z = Σᵢ w[i] · x[i] + b       z = w · x + b
    y = tanh z

The output y should be near a given number, the target t. The loss measures how far it is from t. It is half the
squared distance, so it is 0 where y is equal to t, and grows in both directions:

    loss = ½ (y − t)²

Compute both numbers, and return the pair (y, loss). Change none of the arguments.

| name | meaning | shape |
|---|---|---|
| x | inputs | (I,) |
| w | weights | (I,) |
| b | bias | a number |
| t | target | a number |
| y | output | a number |
| loss | loss | a number |

Example: two inputs. By hand, z = 0.5 · 2 − 0.25 · 3 + 0.1 = 0.35. So y is tanh 0.35, and the loss is half the
square of 0.3364 − 1.

>>> y, loss = neuron(np.array([2.0, 3.0]), np.array([0.5, -0.25]), 0.1, 1.0)
>>> print(f"{y:.4f} {loss:.4f}")
0.3364 0.2202
"""

import numpy as np


def neuron(x, w, b, t):
    """Return the output y and the loss, two numbers."""
    z = w @ x + b
    y = np.tanh(z)
    loss = 0.5 * (y - t) ** 2
    return y, loss


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(i, t):
        return {"x": rng.normal(size=i), "w": rng.normal(size=i), "b": float(rng.normal()), "t": t}

    for i, t in [(2, 0.5), (3, -0.25), (5, 1.0)]:
        yield Case("random numbers", arguments(i, t))
    yield Case("a single input", arguments(1, 0.75))
    yield Case("inputs of zero", {"x": np.zeros(3), "w": np.array([1.0, -2.0, 0.5]), "b": 0.4, "t": -1.0})
    yield Case(
        "a large negative sum", {"x": np.array([3.0, -2.0]), "w": np.array([-2.0, 3.0]), "b": 0.5, "t": 1.0}
    )


EXERCISE = Exercise(
    chapter=1,
    minutes=5,
    section="one-neuron-by-hand",
    functions=[
        Function(
            "neuron",
            returns=["y", "loss"],
            derivations={"y": "y = tanh(Σ[i] w[i] * x[i] + b)", "loss": "loss = 0.5 * (y - t)**2"},
        )
    ],
    cases=cases,
    hints=[
        "Work in three steps, each on its own line: z, then y, then the loss. How many numbers is each of them?",
        "NumPy has what you need: `w @ x` adds the products of two vectors, and `np.tanh` is tanh. A power is "
        "written `**`.",
        "`z = w @ x + b`, `y = np.tanh(z)`, `loss = 0.5 * (y - t) ** 2`. Return both with `return y, loss`.",
    ],
    mistakes=[
        Mistake("missing-bias", "You leave out the bias: z is the weighted sum plus b.", [(" + b", "")]),
        Mistake(
            "missing-bias",
            "You add the bias after tanh. It belongs to z, before the activation.",
            [(" + b", ""), ("np.tanh(z)", "np.tanh(z) + b")],
        ),
        Mistake(
            "extra-factor",
            "You add the bias to each product, so it counts I times. Add it once, after the sum.",
            [("w @ x + b", "np.sum(w * x + b)")],
        ),
        Mistake("sign", "You subtract the bias. It is added: z = w · x + b.", [(" + b", " - b")]),
        Mistake(
            "missing-sum",
            "You multiply w * x and do not add the products. A neuron has one z: w @ x.",
            [("w @ x", "w * x")],
        ),
        Mistake(
            "missing-sum",
            "You keep the product of the last input only. Add the products of all inputs.",
            [("w @ x", "w[-1] * x[-1]")],
        ),
        Mistake(
            "mean-for-sum",
            "You take the mean of the products. z is their sum.",
            [("w @ x", "np.mean(w * x)")],
        ),
        Mistake("missing-activation", "You return z as the output. Apply tanh to it.", [("np.tanh(z)", "z")]),
        Mistake(
            "wrong-function",
            "You apply the sigmoid. The activation of this neuron is tanh.",
            [("np.tanh(z)", "1 / (1 + np.exp(-z))")],
        ),
        Mistake(
            "wrong-array",
            "You compare z with the target in the loss. The output of the neuron is y.",
            [("(y - t)", "(z - t)")],
        ),
        Mistake(
            "missing-factor",
            "You leave out the factor ½ of the loss.",
            [("0.5 * (y - t) ** 2", "(y - t) ** 2")],
        ),
        Mistake("missing-square", "You leave out the square of the distance.", [(" ** 2", "")]),
        Mistake(
            "missing-square",
            "You take the absolute distance. The loss is half its square.",
            [("(y - t) ** 2", "abs(y - t)")],
        ),
        Mistake(
            "sign", "You add the target. The distance is the difference y − t.", [("(y - t)", "(y + t)")]
        ),
        Mistake(
            "swapped-results",
            "You return the loss first. The order is (y, loss).",
            [("return y, loss", "return loss, y")],
        ),
        Mistake(
            "product-of-sums",
            "You add the inputs and the weights first. Multiply each input by its weight, then add.",
            [("w @ x", "w.sum() * x.sum()")],
        ),
    ],
)
