"""Gradient checking.

A wrong gradient is hard to notice: the loss often still falls, only more slowly. So every derivative is compared with
a numerical one. It needs no formula, only the function itself: change *one* number of x a little, by a step h in both
directions, and see how much the function changes. These are *central differences*:

    gradient[p] = (f(x with x[p] + h) − f(x with x[p] − h)) / (2 h)

p is a place in x, e.g. a row and a column. All other numbers of x stay as they are. A network of P parameters needs
2 P calls of the function, so this is for checks and not for training.

`function` takes an array like x and returns a number. x is an array of float64 of any shape. Return the gradient, a
new array of the shape of x. After the call x must have exactly its old numbers. In floating point, (a + h) − h is not
always a: keep the old number, or change a copy.

| array | shape |
|---|---|
| x, gradient | any, the same, e.g. (P,) or (O, I) |

Example: the function Σ x² · [1, 10] at x = [3, −2]. Its derivatives are 2 · 3 · 1 = 6 and 2 · (−2) · 10 = −40. The
first difference is (3.5² − 2.5²) / 1, which is 6: for squares it is exact at any step.

>>> def function(x):
...     return (x**2 * np.array([1.0, 10.0])).sum()
>>> numerical_gradient(function, np.array([3.0, -2.0]), 0.5)
array([  6., -40.])
"""

import numpy as np


def numerical_gradient(function, x, step):
    """Return the gradient of function at x, in the shape of x, by central differences."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += step
        below[place] -= step
        gradient[place] = (function(above) - function(below)) / (2 * step)
    return gradient


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake
from handgrad.learn.exercises.ex03_dense import dense
from handgrad.learn.exercises.ex15_mean_loss import mean_loss


def cases(rng):
    def arguments(shape, step, power):
        factors = rng.normal(size=shape)
        return {
            "function": lambda x: float((factors * x**power).sum() + np.tanh(x).prod()),
            "x": rng.normal(size=shape),
            "step": step,
        }

    for size, step, power in [(2, 0.1, 3), (5, 0.02, 2), (4, 0.05, 4)]:
        yield Case("vectors", arguments(size, step, power))
    yield Case("matrices", arguments((2, 3), 0.1, 3))
    yield Case("matrices", arguments((3, 2), 0.01, 2))
    yield Case("square arrays", arguments((3, 3), 0.05, 3))
    yield Case("arrays of three axes", arguments((2, 1, 3), 0.1, 3))
    yield Case("one number", arguments(1, 0.2, 3))
    cubes = {"function": lambda x: float((x**3).sum()), "x": np.array([2.0, -1.0]), "step": 0.5}
    yield Case("large steps", cubes, expected=lambda a: {"gradient": 3 * a["x"] ** 2 + a["step"] ** 2})
    x, labels, biases = rng.normal(size=(4, 2)), np.array([0, 2, 1, 2]), rng.normal(size=3)
    network = {
        "function": lambda weights: float(mean_loss(dense(x, weights, biases), labels)[0]),
        "x": rng.normal(size=(3, 2)),
        "step": 1e-5,
    }
    yield Case(
        "the gradient of a layer",
        network,
        expected=lambda a: {"gradient": mean_loss(dense(x, a["x"], biases), labels)[1].T @ x},
    )


QUOTIENT = "(function(above) - function(below)) / (2 * step)"
COPIES, ABOVE, BELOW = "above, below = x.copy(), x.copy()", "above[place] += step", "below[place] -= step"
LINES = f"{COPIES}\n        {ABOVE}\n        {BELOW}"
BODY = f"{LINES}\n        gradient[place] = {QUOTIENT}"
KEPT = """x[place] += step
        above = function(x)
        x[place] -= 2 * step
        gradient[place] = (above - function(x)) / (2 * step)"""
VIEW = """old = x[place]
        x[place] = old + step
        above = function(x)
        x[place] = old - step
        gradient[place] = (above - function(x)) / (2 * step)
        x[place] = old"""

EXERCISE = Exercise(
    chapter=4,
    minutes=10,
    section="gradient-checking",
    functions=[Function("numerical_gradient", returns=["gradient"])],
    cases=cases,
    hints=[
        "How many numbers of x may differ between the two calls of the function?",
        "`for place in np.ndindex(x.shape)` goes through all places, whatever the number of axes. `x[place]` is one "
        "number.",
        "At each place: copy x twice, add the step to one copy and subtract it from the other, and divide the "
        "difference of the two function values by the distance 2h: `(function(above) - function(below)) / (2 * step)`.",
    ],
    mistakes=[
        Mistake(
            "wrong-derivative",
            "You use a one-sided difference, f(x + h) − f(x). Step to both sides: its error is far smaller.",
            [(QUOTIENT, "(function(above) - function(x)) / step")],
        ),
        Mistake(
            "wrong-derivative",
            "You use a one-sided difference, f(x) − f(x − h). Step to both sides: its error is far smaller.",
            [(QUOTIENT, "(function(x) - function(below)) / step")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by 2h, and step to one side only. Step to both sides.",
            [(QUOTIENT, "(function(above) - function(x)) / (2 * step)")],
        ),
        Mistake(
            "missing-factor",
            "You divide by h. The two values are 2h apart: divide by 2h.",
            [(QUOTIENT, "(function(above) - function(below)) / step")],
        ),
        Mistake(
            "missing-factor",
            "You divide by 2, not by 2h. A slope is a difference divided by the distance.",
            [(QUOTIENT, "(function(above) - function(below)) / 2")],
        ),
        Mistake(
            "missing-factor",
            "You do not divide the difference. A slope is divided by the distance 2h.",
            [(QUOTIENT, "function(above) - function(below)")],
        ),
        Mistake(
            "wrong-constant",
            "`/ 2 * step` divides by 2 and multiplies by h. Write / (2 * step).",
            [(QUOTIENT, "(function(above) - function(below)) / 2 * step")],
        ),
        Mistake(
            "wrong-constant",
            "Parentheses are missing: only f(x − h) is divided by 2h. Divide the difference.",
            [(QUOTIENT, "function(above) - function(below) / (2 * step)")],
        ),
        Mistake(
            "sign",
            "You subtract f(x + h) from f(x − h). The slope is (f(x + h) − f(x − h)) / 2h.",
            [(QUOTIENT, "(function(below) - function(above)) / (2 * step)")],
        ),
        Mistake(
            "sign",
            "You add the two function values. A slope is their difference.",
            [(QUOTIENT, "(function(above) + function(below)) / (2 * step)")],
        ),
        Mistake(
            "modified-input",
            "You do not restore x: each entry is computed with the changed entries before it.",
            [(BODY, KEPT)],
        ),
        Mistake(
            "modified-input",
            "You add the step to x and do not take it back before the next entry.",
            [
                (
                    BODY,
                    """below = function(x)
        x[place] += step
        gradient[place] = (function(x) - below) / step""",
                )
            ],
        ),
        Mistake(
            "modified-input",
            "`above = x` is no copy: both names are the same array, and the difference is 0. Use x.copy().",
            [(COPIES, "above = below = x")],
        ),
        Mistake(
            "modified-input",
            "You keep the step in the copies, which are made once. Copy x again for each entry.",
            [
                ("gradient = np.zeros_like(x)", f"gradient = np.zeros_like(x)\n    {COPIES}"),
                (f"        {COPIES}\n", ""),
            ],
        ),
        Mistake(
            "wrong-array",
            "You change all numbers of x at the same time. Change one and leave the others as they are.",
            [(ABOVE, "above += step"), (BELOW, "below -= step")],
        ),
        Mistake(
            "wrong-axis",
            "You go along the first axis only, and change whole rows. Go through all places of x.",
            [("np.ndindex(x.shape)", "np.ndindex(x.shape[:1])")],
        ),
        Mistake(
            "wrong-axis",
            "You go along the first axis only. x[i] of a matrix is a view of its row: it does not keep the old numbers.",
            [("np.ndindex(x.shape)", "range(len(x))"), (BODY, VIEW)],
        ),
        Mistake(
            "wrong-axis",
            "You go along the first row only. Go through all places of x.",
            [("np.ndindex(x.shape)", "((0,) * (x.ndim - 1) + (i,) for i in range(x.shape[-1]))")],
        ),
        Mistake(
            "missing-term",
            "You return inside the loop, after the first entry.",
            [("    return gradient", "        return gradient")],
        ),
        Mistake(
            "wrong-constant",
            "You step by h/2 to each side and divide by 2h. Step by h.",
            [(ABOVE, "above[place] += step / 2"), (BELOW, "below[place] -= step / 2")],
        ),
        Mistake(
            "wrong-constant",
            "You step by h/2 to each side. That is a central difference, for half of the given step.",
            [
                (ABOVE, "above[place] += step / 2"),
                (BELOW, "below[place] -= step / 2"),
                ("(2 * step)", "step"),
            ],
        ),
        Mistake(
            "wrong-derivative",
            "You compute the second derivative. The first is (f(x + h) − f(x − h)) / 2h.",
            [(QUOTIENT, "(function(above) - 2 * function(x) + function(below)) / step**2")],
        ),
        Mistake(
            "extra-factor",
            "You multiply x by 1 ± h. Add and subtract the step: x ± h.",
            [(ABOVE, "above[place] *= 1 + step"), (BELOW, "below[place] *= 1 - step")],
        ),
    ],
)
