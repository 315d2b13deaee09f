"""Tanh.

Tanh maps every number into the range from −1 to 1. Near 0 it is almost the line y = x; large numbers become almost 1,
and large negative numbers almost −1:

    y = tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)

Its slope can be computed from the output y alone, so a network need not keep x for the backward pass:

    dx = dy · (1 − y²)

Write `tanh` and `tanh_backward`, for arrays of any shape. Note that the second argument of `tanh_backward` is the
*output* y, not the input x. NumPy has functions for eˣ and for tanh; for x = 1000 the result must be 1. Return a new
array. Change none of the arguments.

| array | shape |
|---|---|
| x, y | any, the same |
| dy, dx | that of y |

Example: the slope at x = 0 is 1, and where y is 0.5 it is 1 − 0.25.

>>> tanh(np.array([[0.0, 1.0, -1000.0]])).round(4)
array([[ 0.    ,  0.7616, -1.    ]])
>>> y = np.array([[0.0, 0.5, -0.8]])
>>> dy = np.array([[3.0, -2.0, 10.0]])
>>> tanh_backward(dy, y)
array([[ 3. , -1.5,  3.6]])
"""

import numpy as np


def tanh(x):
    """Return y = tanh x."""
    return np.tanh(x)


def tanh_backward(dy, y):
    """Return dx, from the output y."""
    return dy * (1 - y**2)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def arguments(*shape):
        return {"dy": rng.normal(size=shape).round(2), "y": rng.uniform(-0.95, 0.95, shape).round(2)}

    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes", {"x": rng.normal(size=shape).round(2)})
    yield Case("images (N, C, H, W)", {"x": rng.normal(size=(2, 3, 2, 4)).round(2)})
    yield Case("zeros and large numbers", {"x": np.array([[-1000.0, 0.0, 1000.0], [-20.0, 0.001, 20.0]])})
    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes, backward", arguments(*shape), "tanh_backward")
    yield Case("images, backward", arguments(2, 3, 2, 4), "tanh_backward")
    ends = {"dy": np.array([[2.0, -3.0, 0.5]]), "y": np.array([[1.0, 0.0, -1.0]])}
    yield Case("outputs 0, 1 and −1, backward", ends, "tanh_backward")
    yield Case(
        "numerical differences",
        arguments(2, 4),
        "tanh_backward",
        expected=lambda a: {"dx": differences(np.tanh, np.arctanh(a["y"]), a["dy"])},
        tolerance=1e-6,
    )


OVERFLOW = (
    "eˣ overflows for large |x|, and inf / inf is nan. Use np.tanh, or exponents that are not positive."
)

EXERCISE = Exercise(
    chapter=2,
    minutes=5,
    section="activations",
    functions=[
        Function("tanh", returns=["y"], derivations={"y": "y[n,i…] = tanh(x[n,i…])"}),
        Function(
            "tanh_backward", returns=["dx"], derivations={"dx": "dx[n,i…] = dy[n,i…] * (1 - y[n,i…]**2)"}
        ),
    ],
    cases=cases,
    hints=[
        "What is y for x = 0, and how steep is the curve there? Does your slope give that from y?",
        "y is tanh x already. Do not apply tanh again: the slope is 1 − y².",
        "By the quotient rule the derivative of (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) is 1 − ((eˣ − e⁻ˣ) / (eˣ + e⁻ˣ))², which is "
        "1 − y². So dx = dy · (1 − y²): `dy * (1 - y**2)`. Forward, `np.tanh(x)` is exact for large numbers.",
    ],
    mistakes=[
        Mistake(
            "overflow",
            OVERFLOW,
            [("np.tanh", "(lambda a: (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a)))")],
        ),
        Mistake("overflow", OVERFLOW, [("np.tanh", "(lambda a: (np.exp(2 * a) - 1) / (np.exp(2 * a) + 1))")]),
        Mistake(
            "overflow", OVERFLOW, [("np.tanh", "(lambda a: (1 - np.exp(-2 * a)) / (1 + np.exp(-2 * a)))")]
        ),
        Mistake(
            "wrong-constant",
            "You compute tanh(x / 2). With powers e²ˣ, tanh x = (e²ˣ − 1) / (e²ˣ + 1): the exponent is 2x.",
            [("(x)\n", "(x / 2)\n")],
        ),
        Mistake(
            "sign",
            "You have exchanged + and −. The difference eˣ − e⁻ˣ is divided by the sum.",
            [("np.tanh(x)", "1 / np.tanh(x)")],
        ),
        Mistake(
            "sign",
            "You have exchanged + and −. The difference eˣ − e⁻ˣ is divided by the sum.",
            [("np.tanh(x)", "(np.exp(x) + np.exp(-x)) / (np.exp(x) - np.exp(-x))")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by 2, which gives sinh x. Divide by the sum eˣ + e⁻ˣ.",
            [("np.tanh(x)", "(np.exp(x) - np.exp(-x)) / 2")],
        ),
        Mistake(
            "parentheses",
            "Only the second power is divided, or only by the first. Put difference and sum in parentheses.",
            [("np.tanh(x)", "(np.exp(x) - np.exp(-x)) / np.exp(x) + np.exp(-x)")],
        ),
        Mistake(
            "wrong-function",
            "You compute the logistic sigmoid, which runs from 0 to 1. tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).",
            [("np.tanh(x)", "1 / (1 + np.exp(-x))")],
        ),
        Mistake(
            "missing-square",
            "You use 1 − y. The slope is 1 − y².",
            [("y**2", "y")],
            "tanh_backward",
        ),
        Mistake(
            "missing-square",
            "You use 1 − 2y. The slope is 1 − y²: y is multiplied by itself.",
            [("y**2", "2 * y")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You square 1 − y. Only y is squared: 1 − y².",
            [("(1 - y**2)", "(1 - y) ** 2")],
            "tanh_backward",
        ),
        Mistake(
            "output-for-input",
            "You apply tanh to y. The second argument is tanh x already.",
            [("y**2", "np.tanh(y) ** 2")],
            "tanh_backward",
        ),
        Mistake(
            "no-upstream",
            "You return the slope alone. By the chain rule, multiply it by dy.",
            [("dy * ", "")],
            "tanh_backward",
        ),
        Mistake(
            "parentheses",
            "dy multiplies only the 1. Put 1 − y² in parentheses.",
            [("(1 - y**2)", "1 - y**2")],
            "tanh_backward",
        ),
        Mistake("sign", "You add y². The slope is 1 − y².", [("1 - ", "1 + ")], "tanh_backward"),
        Mistake(
            "missing-term",
            "You multiply by y². The slope is 1 − y²: at x = 0 it is 1, not 0.",
            [("1 - ", "")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-array",
            "You square dy. The slope is 1 − y², with the output y.",
            [("y**2", "dy**2")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-array",
            "You have exchanged dy and y. The gradient dy is multiplied by 1 − y².",
            [("dy * (1 - y**2)", "y * (1 - dy**2)")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You use y (1 − y), the slope of the sigmoid. That of tanh is 1 − y².",
            [("(1 - y**2)", "y * (1 - y)")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You multiply dy by the output. Multiply it by the slope, 1 − y².",
            [("(1 - y**2)", "y")],
            "tanh_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You multiply by −2y, the derivative of 1 − y². The expression 1 − y² is the slope already.",
            [("(1 - y**2)", "(-2 * y)")],
            "tanh_backward",
        ),
    ],
)
