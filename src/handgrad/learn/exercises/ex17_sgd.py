"""A step of gradient descent.

The gradient g shows how the loss changes if a parameter is increased a little: where g is positive, the loss rises.
So every parameter moves a step against its gradient:

    w ← w − η g

η (eta) is the *learning rate*, the argument `learning_rate`. A larger one makes larger steps. The gradient is true
close to w only, so steps that are too large miss the goal.

The same w is used by the next step, so change the array itself, in place. Do not change g, and return nothing.

| array | shape |
|---|---|
| w, g | the same, e.g. (O, I) for weights, (O,) for biases |

Example: a step with the learning rate 0.1. The first number becomes 1 − 0.1 · 2, which is 0.8. The gradient of the
second is negative, so it grows: 1 + 0.1 · 5 is 1.5.

>>> w = np.array([1.0, 1.0, -3.0])
>>> sgd(w, np.array([2.0, -5.0, 0.0]), 0.1)
>>> w
array([ 0.8,  1.5, -3. ])
"""

import numpy as np


def sgd(w, g, learning_rate):
    """Update w ← w − η g in place."""
    w -= learning_rate * g


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(shape, learning_rate):
        return {
            "w": rng.normal(size=shape),
            "g": rng.normal(size=shape),
            "learning_rate": learning_rate,
        }

    for size, learning_rate in [(2, 0.1), (5, 0.3), (7, 0.02)]:
        yield Case("vectors", arguments(size, learning_rate))
    yield Case("matrices", arguments((2, 3), 0.2))
    yield Case("matrices", arguments((3, 3), 0.5))
    yield Case("one parameter", arguments(1, 0.4))
    yield Case("a large learning rate", arguments(3, 2.5))
    yield Case("a gradient of zeros", {**arguments(3, 0.3), "g": np.zeros(3)})


STEP = "w -= learning_rate * g"

EXERCISE = Exercise(
    chapter=4,
    minutes=5,
    section="from-gradients-to-steps",
    functions=[
        Function("sgd", returns=[], changes=["w"]),
    ],
    cases=cases,
    hints=[
        "The gradient points to where the loss rises. Which sign has a step that makes it fall?",
        "`w = …` gives the name w to a new array, and the caller's array stays as it was. Which operators change an "
        "array itself?",
        "w ← w − η g is `w -= learning_rate * g`, or `w[:] = w - learning_rate * g`.",
    ],
    mistakes=[
        Mistake(
            "not-in-place",
            "w does not change: `w = w - …`, or a returned array, is another one. Write w -= ….",
            [(STEP, "w = w - learning_rate * g")],
        ),
        Mistake(
            "sign",
            "You add the gradient, so the loss rises. Subtract it: w ← w − η g.",
            [(STEP, "w += learning_rate * g")],
        ),
        Mistake(
            "missing-factor",
            "You subtract the whole gradient. Multiply it by the learning rate.",
            [(STEP, "w -= g")],
        ),
        Mistake(
            "extra-factor",
            "You divide the gradient by the learning rate. Multiply: a larger rate makes larger steps.",
            [(STEP, "w -= g / learning_rate")],
        ),
        Mistake(
            "extra-factor",
            "You multiply by the learning rate twice. Once is enough: w ← w − η g.",
            [(STEP, "w -= learning_rate**2 * g")],
        ),
        Mistake(
            "extra-factor",
            "You multiply w by the learning rate, too. Only the gradient is: w ← w − η g.",
            [(STEP, "w[:] = learning_rate * (w - g)")],
        ),
        Mistake(
            "extra-factor",
            "You multiply w, not the gradient, by the learning rate: w ← w − η g.",
            [(STEP, "w[:] = learning_rate * w - g")],
        ),
        Mistake(
            "extra-factor",
            "You multiply the step by w. It is the gradient times the learning rate only.",
            [(STEP, "w -= learning_rate * g * w")],
        ),
        Mistake(
            "mean-for-sum",
            "You divide the gradient by its length. The mean over examples belongs to the loss.",
            [(STEP, "w -= learning_rate * g / len(g)")],
        ),
        Mistake(
            "mean-for-sum",
            "You subtract the mean of the gradient from every parameter. Each has its own gradient.",
            [(STEP, "w -= learning_rate * g.mean()")],
        ),
        Mistake(
            "extra-factor",
            "You add up the gradient before the step. Each parameter has its own gradient.",
            [(STEP, "w -= learning_rate * g.sum()")],
        ),
        Mistake(
            "wrong-function",
            "You use the sign of the gradient only. The step is proportional to the gradient.",
            [(STEP, "w -= learning_rate * np.sign(g)")],
        ),
        Mistake(
            "missing-term",
            "You replace w by the step. The step is added to the old w: w ← w − η g.",
            [(STEP, "w[:] = -learning_rate * g")],
        ),
        Mistake(
            "wrong-array",
            "You subtract η w. The step is along the gradient: w ← w − η g.",
            [(STEP, "w -= learning_rate * w")],
        ),
        Mistake(
            "missing-term",
            "You change the first entry only. Every parameter moves.",
            [(STEP, "w[0] -= learning_rate * g[0]")],
        ),
        Mistake(
            "sign",
            "You subtract w from the step: the new w has the wrong sign. It is w − η g.",
            [(STEP, "w[:] = learning_rate * g - w")],
        ),
    ],
)
