"""Sigmoid.

The sigmoid maps every number into the range from 0 to 1, so that it can be read as a probability:

    y = 1 / (1 + e⁻ˣ)

There are several ways to write it. Multiply numerator and denominator by eˣ, and it is eˣ / (1 + eˣ). Choose with care:
eˣ with x = 1000 is larger than any floating-point number, and becomes `inf`; `inf / inf` is `nan`, which is not a
number. The result must be correct for any x, also for ±1000. An exponent that is not positive never causes trouble.

Its slope can be computed from the output y alone:

    dx = dy · y (1 − y)

Write `sigmoid` and `sigmoid_backward`, for arrays of any shape. Note that the second argument of `sigmoid_backward`
is the *output* y, not the input x. Return a new array. Change none of the arguments.

| array | shape |
|---|---|
| x, y | any, the same |
| dy, dx | that of y |

Example: e⁰ is 1, so y is 1/2 at x = 0. The slope there is 1/2 · 1/2, and the slope where y is 0.8 is 0.8 · 0.2.

>>> sigmoid(np.array([[0.0, 1.0, -1.0, 1000.0, -1000.0]])).round(4)
array([[0.5   , 0.7311, 0.2689, 1.    , 0.    ]])
>>> y = np.array([[0.5, 0.8]])
>>> dy = np.array([[2.0, -10.0]])
>>> sigmoid_backward(dy, y)
array([[ 0.5, -1.6]])
"""

import numpy as np


def sigmoid(x):
    """Return y = 1 / (1 + e⁻ˣ), also for large numbers."""
    power = np.exp(-np.abs(x))
    return np.where(x < 0, power, 1) / (1 + power)


def sigmoid_backward(dy, y):
    """Return dx, from the output y."""
    return dy * (y * (1 - y))


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def arguments(*shape):
        return {"dy": rng.normal(size=shape).round(2), "y": rng.uniform(0.05, 0.95, shape).round(2)}

    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes", {"x": rng.normal(size=shape).round(2)})
    yield Case("images (N, C, H, W)", {"x": rng.normal(size=(2, 3, 2, 4)).round(2)})
    yield Case("zeros", {"x": np.array([[0.0, 0.0], [0.0, -1.5]])})
    yield Case("large numbers", {"x": np.array([[-1000.0, 1000.0], [-40.0, 40.0]])})
    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes, backward", arguments(*shape), "sigmoid_backward")
    yield Case("images, backward", arguments(2, 3, 2, 4), "sigmoid_backward")
    ends = {"dy": np.array([[2.0, -3.0, 0.5]]), "y": np.array([[1.0, 0.0, 0.5]])}
    yield Case("outputs 0 and 1, backward", ends, "sigmoid_backward")
    yield Case(
        "numerical differences",
        arguments(2, 4),
        "sigmoid_backward",
        expected=lambda a: {"dx": differences(sigmoid, np.log(a["y"] / (1 - a["y"])), a["dy"])},
        tolerance=1e-6,
    )


WHOLE = "np.where(x < 0, power, 1) / (1 + power)"
MIRRORED = "The exponent has the wrong sign: you compute 1 / (1 + eˣ), which falls. y rises with x."

EXERCISE = Exercise(
    chapter=2,
    minutes=15,
    section="activations",
    functions=[
        Function("sigmoid", returns=["y"], derivations={"y": "y[n,i…] = 1 / (1 + exp(-x[n,i…]))"}),
        Function(
            "sigmoid_backward",
            returns=["dx"],
            derivations={"dx": "dx[n,i…] = dy[n,i…] * y[n,i…] * (1 - y[n,i…])"},
        ),
    ],
    cases=cases,
    hints=[
        "1 / inf is 0, and inf / inf is nan. Which of the two ways to write y works for x = 1000, and which for "
        "x = −1000?",
        "Use one form for x ≥ 0, the other for x < 0. `np.where(mask, a, b)` chooses. With p = exp(−|x|), which is "
        "at most 1, both forms have the denominator 1 + p.",
        "For x ≥ 0 y = 1 / (1 + p), else y = p / (1 + p), with `p = np.exp(-np.abs(x))`. The slope is "
        "e⁻ˣ / (1 + e⁻ˣ)². This is y · e⁻ˣ / (1 + e⁻ˣ), and the second factor is 1 − y: `dy * y * (1 - y)`.",
    ],
    mistakes=[
        Mistake(
            "overflow",
            "eˣ overflows for large x, and inf / inf is nan. Use eˣ for x < 0 only, and e⁻ˣ for the others.",
            [(WHOLE, "np.exp(x) / (1 + np.exp(x))")],
        ),
        Mistake(
            "overflow",
            "e⁻ˣ overflows for large −x, and inf / inf is nan. Use e⁻ˣ for x ≥ 0 only, and eˣ for the others.",
            [(WHOLE, "1 - np.exp(-x) / (1 + np.exp(-x))")],
        ),
        Mistake("sign", MIRRORED, [(WHOLE, "1 / (1 + np.exp(x))")]),
        Mistake("sign", MIRRORED, [(WHOLE, "np.exp(-x) / (1 + np.exp(-x))")]),
        Mistake(
            "sign",
            "You subtract the power. The denominator is the sum 1 + e⁻ˣ.",
            [(WHOLE, "1 / (1 - np.exp(-x))")],
        ),
        Mistake(
            "wrong-mask",
            "For x < 0 you use |x| in place of x. There y = eˣ / (1 + eˣ), which is below 1/2.",
            [("np.where(x < 0, power, 1)", "1")],
        ),
        Mistake(
            "parentheses",
            "`1 / 1 + np.exp(-x)` divides 1 by 1 only. Put the denominator in parentheses.",
            [(WHOLE, "1 / 1 + np.exp(-x)")],
        ),
        Mistake(
            "missing-term",
            "The 1 of the denominator is missing: you compute 1 / e⁻ˣ.",
            [(WHOLE, "1 / np.exp(-x)")],
        ),
        Mistake(
            "wrong-constant",
            "Your exponent is 2x. As y = (1 + tanh(x/2)) / 2, tanh has the argument x/2.",
            [(WHOLE, "(1 + np.tanh(x)) / 2")],
        ),
        Mistake(
            "wrong-function",
            "You compute tanh, which runs from −1 to 1. The sigmoid is 1 / (1 + e⁻ˣ).",
            [(WHOLE, "np.tanh(x)")],
        ),
        Mistake(
            "missing-factor",
            "You multiply by y only. The slope is y (1 − y).",
            [("y * (1 - y)", "y")],
            "sigmoid_backward",
        ),
        Mistake(
            "missing-factor",
            "You multiply by 1 − y only. The slope is y (1 − y).",
            [("y * (1 - y)", "1 - y")],
            "sigmoid_backward",
        ),
        Mistake(
            "output-for-input",
            "You apply the sigmoid to y. The second argument is the output of the sigmoid already.",
            [("return", "y = 1 / (1 + np.exp(-y))\n    return")],
            "sigmoid_backward",
        ),
        Mistake(
            "no-upstream",
            "You return the slope alone. By the chain rule, multiply it by dy.",
            [("dy * ", "")],
            "sigmoid_backward",
        ),
        Mistake(
            "parentheses",
            "The product ends before − y. Put 1 − y in parentheses.",
            [("(y * (1 - y))", "y * 1 - y")],
            "sigmoid_backward",
        ),
        Mistake(
            "parentheses",
            "dy multiplies only the first y of y − y². Put the slope in parentheses.",
            [("(y * (1 - y))", "y - y**2")],
            "sigmoid_backward",
        ),
        Mistake("sign", "You use y (1 + y). The slope is y (1 − y).", [("1 - ", "1 + ")], "sigmoid_backward"),
        Mistake(
            "wrong-derivative",
            "You use 1 − y², the slope of tanh. That of the sigmoid is y (1 − y).",
            [("y * (1 - y)", "1 - y**2")],
            "sigmoid_backward",
        ),
        Mistake(
            "extra-factor",
            "You square y. The slope is y (1 − y).",
            [("y * (1 - y)", "y * (1 - y**2)")],
            "sigmoid_backward",
        ),
        Mistake(
            "extra-factor",
            "You square y. The slope is y (1 − y).",
            [("y * (1 - y)", "y**2 * (1 - y)")],
            "sigmoid_backward",
        ),
        Mistake(
            "extra-factor",
            "You square 1 − y. The slope is y (1 − y).",
            [("(1 - y)", "(1 - y) ** 2")],
            "sigmoid_backward",
        ),
        Mistake(
            "wrong-array",
            "You use 1 − dy. The slope is y (1 − y), with the output y in both factors.",
            [("1 - y", "1 - dy")],
            "sigmoid_backward",
        ),
    ],
)
