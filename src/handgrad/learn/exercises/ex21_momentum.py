"""Gradient descent with momentum.

Gradient descent follows the gradient g of one batch only, and the gradients of small batches point in different
directions. With momentum, a *velocity* v keeps a part μ of its last value and adds the new gradient. Directions in
which the gradients agree add up, and others cancel:

    v ← μ v + g
    w ← w − η v

The new velocity is used in the second line. μ is the argument `momentum` and η the argument `learning_rate`.

Change `velocity` and `w` in place: the caller keeps both arrays for the next step. Do not change g, and return
nothing.

| array | shape |
|---|---|
| w, g, velocity | the same, e.g. (P,) or (O, I) |

Example: two steps with the same gradient. The second is longer, because the velocity has grown from 2 to
0.5 · 2 + 2 = 3.

>>> w, velocity = np.array([1.0, 1.0]), np.zeros(2)
>>> g = np.array([2.0, 0.0])
>>> momentum(w, g, velocity, 0.5, 0.1)
>>> w, velocity
(array([0.8, 1. ]), array([2., 0.]))
>>> momentum(w, g, velocity, 0.5, 0.1)
>>> w, velocity
(array([0.5, 1. ]), array([3., 0.]))
"""

import numpy as np


def momentum(w, g, velocity, momentum, learning_rate):
    """Update v ← μ v + g and w ← w − η v, both in place."""
    velocity *= momentum
    velocity += g
    w -= learning_rate * velocity


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(shape, share, rate, start=1.0):
        return {
            "w": rng.normal(size=shape),
            "g": rng.normal(size=shape),
            "velocity": start * rng.normal(size=shape),
            "momentum": share,
            "learning_rate": rate,
        }

    for size, share, rate in [(2, 0.9, 0.2), (5, 0.8, 0.05), (7, 0.6, 0.3)]:
        yield Case("later steps", arguments(size, share, rate))
    yield Case("matrices", arguments((2, 3), 0.7, 0.1))
    first = arguments(3, 0.9, 0.3, start=0.0)
    after_first = {"w": first["w"] - 0.3 * first["g"], "velocity": first["g"].copy()}
    yield Case("the first step", first, expected=lambda a: after_first)
    without = arguments(3, 0.0, 0.3)
    after_plain = {"w": without["w"] - 0.3 * without["g"], "velocity": without["g"].copy()}
    yield Case("momentum 0 is gradient descent", without, expected=lambda a: after_plain)
    yield Case("a gradient of zeros", {**arguments(3, 0.8, 0.3), "g": np.zeros(3)})


VELOCITY, GRADIENT, STEP = "velocity *= momentum", "velocity += g", "w -= learning_rate * velocity"
BOTH = f"{VELOCITY}\n    {GRADIENT}"

EXERCISE = Exercise(
    chapter=5,
    minutes=5,
    section="from-gradients-to-steps",
    functions=[Function("momentum", returns=[], changes=["w", "velocity"])],
    cases=cases,
    hints=[
        "Which of the two lines needs the result of the other? And what must be left in `velocity` after the call?",
        "`velocity = …` gives the name to a new array, and the caller's array stays as it was. The operators *=, += "
        "and -= change an array itself.",
        "v ← μ v + g takes two steps in place: `velocity *= momentum`, then `velocity += g`. Then `w -= "
        "learning_rate * velocity`.",
    ],
    mistakes=[
        Mistake(
            "extra-factor",
            "You add (1 − μ) g to the velocity. That is a running mean; here the gradient is added whole.",
            [(GRADIENT, "velocity += (1 - momentum) * g")],
        ),
        Mistake(
            "extra-factor",
            "You have the learning rate inside the velocity. The velocity is μ v + g; η belongs to the step of w.",
            [(GRADIENT, "velocity += learning_rate * g"), (STEP, "w -= velocity")],
        ),
        Mistake(
            "extra-factor",
            "You multiply by the learning rate twice: in the velocity and in the step. It belongs to the step.",
            [(GRADIENT, "velocity += learning_rate * g")],
        ),
        Mistake(
            "extra-factor",
            "You compute μ (v + g). Only the old velocity is multiplied by μ: v ← μ v + g.",
            [(BOTH, f"{GRADIENT}\n    {VELOCITY}")],
        ),
        Mistake(
            "sign",
            "You add the step to w. The gradient points to larger losses: subtract η v.",
            [(STEP, "w += learning_rate * velocity")],
        ),
        Mistake(
            "sign",
            "You subtract g from the velocity and then add it to w. Here the velocity has the sign of g.",
            [(GRADIENT, "velocity -= g"), (STEP, "w += learning_rate * velocity")],
        ),
        Mistake(
            "sign",
            "You keep −η g in the velocity and add it to w. Here the velocity is μ v + g, and w ← w − η v.",
            [(GRADIENT, "velocity -= learning_rate * g"), (STEP, "w += velocity")],
        ),
        Mistake(
            "sign",
            "You subtract g from the velocity: v ← μ v + g.",
            [(GRADIENT, "velocity -= g")],
        ),
        Mistake(
            "missing-factor",
            "You do not multiply the old velocity by μ. Without it the velocity never forgets.",
            [(VELOCITY, "")],
        ),
        Mistake(
            "missing-factor",
            "You do not multiply the step by the learning rate: w ← w − η v.",
            [(STEP, "w -= velocity")],
        ),
        Mistake(
            "overwritten",
            "You replace the velocity by g. A part of the old velocity stays: v ← μ v + g.",
            [(VELOCITY, "velocity *= 0")],
        ),
        Mistake(
            "wrong-array",
            "You step along g, as without momentum. The step is η times the velocity.",
            [(STEP, "w -= learning_rate * g")],
        ),
        Mistake(
            "wrong-array",
            "You step with the old velocity. Update the velocity first, then w.",
            [(f"{BOTH}\n    {STEP}", f"{STEP}\n    {BOTH}")],
        ),
        Mistake(
            "wrong-array",
            "You step along g + μ v with the new velocity, which is Nesterov's momentum. Here it is w ← w − η v.",
            [(STEP, "w -= learning_rate * (g + momentum * velocity)")],
        ),
        Mistake(
            "not-in-place",
            "`velocity = …` makes a new array, and the caller keeps the old one. Change it with *= and +=.",
            [(VELOCITY, "velocity = velocity * momentum")],
        ),
        Mistake(
            "not-in-place",
            "`w = w − …` makes a new array, and the caller keeps the old one. Change it: w -= ….",
            [(STEP, "w = w - learning_rate * velocity")],
        ),
        Mistake(
            "swapped-results",
            "You have μ and η the wrong way round: μ multiplies the old velocity, η the step.",
            [(VELOCITY, "velocity *= learning_rate"), (STEP, "w -= momentum * velocity")],
        ),
    ],
)
