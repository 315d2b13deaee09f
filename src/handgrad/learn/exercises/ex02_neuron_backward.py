"""One neuron, backward.

The neuron of exercise 1 computes

    z = Σᵢ w[i] · x[i] + b
    y = tanh z
    loss = ½ (y − t)²

How fast does the loss change when a weight, the bias, or an input changes a little? These derivatives are the
*gradient*. A name with a d before it is the derivative of the loss with respect to it, so dw[i] is how fast the loss
grows with w[i].

Start at the loss and go back, one step at a time. Each step multiplies the derivative that you have so far by the
derivative of one function. This is the chain rule:

    dy = y − t                   the derivative of ½ (y − t)²
    dz = dy · (the derivative of tanh at z)

The derivative of tanh z is 1 − tanh² z. Last, find how much z changes with each w[i], with b, and with each x[i].

Return the tuple (dw, db, dx). Change none of the arguments.

| name | shape |
|---|---|
| x, dx | (I,) |
| w, dw | (I,) |
| b, db | a number |
| t | a number |

Example: the numbers of exercise 1. There y is 0.3364, so dy is −0.6636. The slope of tanh is 1 − 0.3364², which is
0.8869, so dz is −0.5885. All three parameters have a negative derivative, so the loss falls when they grow.

>>> x, w = np.array([2.0, 3.0]), np.array([0.5, -0.25])
>>> dw, db, dx = neuron_backward(x, w, 0.1, 1.0)
>>> dw.round(4)
array([-1.1771, -1.7656])
>>> print(f"{db:.4f}")
-0.5885
>>> dx.round(4)
array([-0.2943,  0.1471])

The function `neuron`, which you have written, is imported. Use it if you like.
"""

import numpy as np

from handgrad.learn.exercises.ex01_neuron import neuron


def neuron_backward(x, w, b, t):
    """Return the gradient of the loss: dw (I,), db (a number) and dx (I,)."""
    y, _ = neuron(x, w, b, t)
    dy = y - t
    dz = dy * (1 - y**2)
    return dz * x, dz, dz * w


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def arguments(i, t):
        return {
            "x": rng.normal(size=i),
            "w": rng.normal(size=i) / i,
            "b": float(rng.normal() / 2),
            "t": t,
        }

    for i, t in [(2, 0.5), (3, -0.25), (5, 1.0)]:
        yield Case("random numbers", arguments(i, t))
    yield Case("a single input", arguments(1, 0.75))
    yield Case("inputs of zero", {"x": np.zeros(3), "w": np.array([1.0, -2.0, 0.5]), "b": 0.4, "t": -1.0})
    yield Case(
        "the target is met", {"x": np.array([1.0, -2.0]), "w": np.array([2.0, 1.0]), "b": 0.0, "t": 0.0}
    )
    yield Case(
        "numerical differences",
        arguments(3, 0.5),
        expected=lambda a: {
            "dw": differences(lambda w: neuron(a["x"], w, a["b"], a["t"])[1], a["w"]),
            "db": differences(lambda b: neuron(a["x"], a["w"], b, a["t"])[1], np.array(a["b"])),
            "dx": differences(lambda x: neuron(x, a["w"], a["b"], a["t"])[1], a["x"]),
        },
        tolerance=1e-6,
    )


EXERCISE = Exercise(
    chapter=1,
    minutes=15,
    section="the-chain-rule",
    functions=[
        Function(
            "neuron_backward",
            returns=["dw", "db", "dx"],
            derivations={
                "dw": "dw[i] = db * x[i]",
                "db": "db = (tanh(Σ[i] w[i] * x[i] + b) - t) * (1 - tanh(Σ[i] w[i] * x[i] + b)**2)",
                "dx": "dx[i] = db * w[i]",
            },
        )
    ],
    cases=cases,
    hints=[
        "Which numbers of the forward pass do you need? Compute y first, then dy, then dz, each on its own line.",
        "tanh z is y, so its derivative is 1 − y². If w[i] grows by a little, z grows by x[i] times that. By how "
        "much does z grow with b, and with x[i]?",
        "By the chain rule dw[i] = dz · x[i], db = dz, and dx[i] = dz · w[i], where dz = (y − t)(1 − y²). In NumPy: "
        "`dz = (y - t) * (1 - y**2)`, and `return dz * x, dz, dz * w`.",
    ],
    mistakes=[
        Mistake(
            "missing-inner-derivative",
            "You leave out the derivative of tanh. The chain rule needs it: dz = dy (1 − y²).",
            [("dy * (1 - y**2)", "dy")],
        ),
        Mistake(
            "no-upstream",
            "You leave out dy. The chain rule multiplies the slope of tanh by it: dz = dy (1 − y²).",
            [("dy * (1 - y**2)", "1 - y**2")],
        ),
        Mistake("missing-square", "The derivative of tanh is 1 − y², and you use 1 − y.", [("y**2", "y")]),
        Mistake(
            "wrong-derivative",
            "You use y (1 − y), the derivative of the sigmoid. That of tanh is 1 − y².",
            [("(1 - y**2)", "y * (1 - y)")],
        ),
        Mistake(
            "wrong-derivative",
            "You multiply by tanh itself. The chain rule needs its derivative, 1 − y².",
            [("(1 - y**2)", "y")],
        ),
        Mistake(
            "output-for-input",
            "You take the derivative of tanh at y. It is taken at z: 1 − tanh² z, which is 1 − y².",
            [("y**2", "np.tanh(y) ** 2")],
        ),
        Mistake(
            "input-for-output",
            "You use 1 − z². The derivative of tanh at z is 1 − tanh² z, which is 1 − y².",
            [("y**2", "(w @ x + b) ** 2")],
        ),
        Mistake("sign", "You start with t − y. The derivative of ½ (y − t)² is y − t.", [("y - t", "t - y")]),
        Mistake(
            "wrong-constant",
            "You start with 2 (y − t). The loss has a factor ½, so its derivative is y − t.",
            [("y - t", "2 * (y - t)")],
        ),
        Mistake(
            "wrong-constant",
            "You start with ½ (y − t). The 2 from the square cancels the ½.",
            [("y - t", "0.5 * (y - t)")],
        ),
        Mistake(
            "wrong-derivative",
            "You start with the loss. The chain rule starts with its derivative, y − t.",
            [("y - t", "0.5 * (y - t) ** 2")],
        ),
        Mistake(
            "wrong-array",
            "You multiply dz by w for dw. If w[i] grows, z grows by x[i] times that.",
            [("dz * x", "dz * w[:]")],
        ),
        Mistake(
            "wrong-array",
            "You multiply dz by x for dx. If x[i] grows, z grows by w[i] times that.",
            [("dz * w", "dz * x[:]")],
        ),
        Mistake(
            "extra-factor",
            "You multiply db by b. If b grows, z grows as much: the factor is 1.",
            [(" dz,", " dz * b,")],
        ),
        Mistake(
            "missing-sum",
            "You multiply w * x and do not add the products. A neuron has one z: w @ x.",
            [("y, _ = neuron(x, w, b, t)", "y = np.tanh(w * x + b)")],
        ),
        Mistake(
            "missing-bias",
            "You leave out the bias in the forward pass: z is the weighted sum plus b.",
            [("neuron(x, w, b, t)", "neuron(x, w, 0, t)")],
        ),
        Mistake(
            "swapped-results",
            "You interchange dw and dx: dw[i] is dz · x[i], and dx[i] is dz · w[i].",
            [("return dz * x, dz, dz * w", "return dz * w, dz, dz * x")],
        ),
        Mistake(
            "swapped-results",
            "You return db first. The order is (dw, db, dx).",
            [("return dz * x, dz,", "return dz, dz * x,")],
        ),
    ],
)
