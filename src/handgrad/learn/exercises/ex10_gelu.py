"""GELU.

GELU is a smooth relative of ReLU, used in transformers. It multiplies x by a number between 0 and 1 that grows with x.
This is its usual approximation by tanh:

    u = √(2/π) (x + 0.044715 x³)
    y = ½ x (1 + tanh u)

For the gradient, y is a product of two functions of x, ½ x and 1 + tanh u. The product rule gives two terms. The second
contains the derivative of tanh u, and by the chain rule the inner derivative u′ of u with respect to x:

    t = tanh u
    dx = dy · (½ (1 + t) + ½ x (1 − t²) u′)

Find u′ yourself. Write `gelu` and `gelu_backward`, for arrays of any shape. Here the second argument of
`gelu_backward` is the *input* x. Return a new array. Change none of the arguments. Use `np.sqrt`, `np.pi` and
`np.tanh`, and √(2/π) with all its digits.

| array | shape |
|---|---|
| x, y | any, the same |
| dy, dx | that of x |

Example: at x = 0 both u and t are 0, so the slope is ½.

>>> x = np.array([[0.0, 1.0, -1.0, 10.0]])
>>> gelu(x).round(4)
array([[ 0.    ,  0.8412, -0.1588, 10.    ]])
>>> dy = np.array([[2.0, 1.0, -1.0, 3.0]])
>>> gelu_backward(dy, x).round(4)
array([[1.   , 1.083, 0.083, 3.   ]])
"""

import numpy as np


def gelu(x):
    """Return y = ½ x (1 + tanh u)."""
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + np.tanh(u))


def gelu_backward(dy, x):
    """Return dx, from the input x."""
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * slope)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def numbers(*shape):
        return rng.normal(size=shape).round(2)

    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes", {"x": numbers(*shape)})
    yield Case("images (N, C, H, W)", {"x": numbers(2, 3, 2, 4)})
    yield Case("zeros and large numbers", {"x": np.array([[-1000.0, 0.0, 1000.0], [-3.0, 0.001, 3.0]])})
    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes, backward", {"dy": numbers(*shape), "x": numbers(*shape)}, "gelu_backward")
    yield Case("images, backward", {"dy": numbers(2, 3, 2, 4), "x": numbers(2, 3, 2, 4)}, "gelu_backward")
    ends = {"dy": np.array([[2.0, -3.0, 0.5]]), "x": np.array([[1000.0, 0.0, -1000.0]])}
    yield Case("zeros and large numbers, backward", ends, "gelu_backward")
    yield Case(
        "numerical differences",
        {"dy": numbers(2, 4), "x": numbers(2, 4)},
        "gelu_backward",
        expected=lambda a: {"dx": differences(gelu, a["x"], a["dy"])},
        tolerance=1e-6,
    )


def both(kind, sentence, old, new):
    """Return a mistake in u, for each of the two functions."""
    return [Mistake(kind, sentence, [(old, new)], name) for name in ("gelu", "gelu_backward")]


def backward(kind, sentence, old, new):
    """Return a mistake in the derivative."""
    return Mistake(kind, sentence, [(old, new)], "gelu_backward")


U = "np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)"
TERMS = "0.5 * (1 + t) + 0.5 * x * (1 - t**2) * slope"
SLOPE = "np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)"

EXERCISE = Exercise(
    chapter=2,
    minutes=20,
    section="activations",
    functions=[
        Function(
            "gelu",
            returns=["y"],
            derivations={
                "y": "y[n,i…] = x[n,i…] * (1 + tanh(0.79788456 * (x[n,i…] + 0.044715 * x[n,i…]**3))) / 2"
            },
        ),
        Function("gelu_backward", returns=["dx"]),
    ],
    cases=cases,
    hints=[
        "Compute u, t and u′ on separate lines. Which power of x does the derivative of x³ contain?",
        "The derivative of x is 1, and that of 0.044715 x³ is 3 · 0.044715 x². The factor √(2/π) stays.",
        "u′ = √(2/π) (1 + 3 · 0.044715 x²): `np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)`. Then "
        "`dy * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * slope)`: the outer parentheses hold both terms.",
    ],
    mistakes=[
        *both("wrong-constant", "You have √(2π). The factor of u is √(2/π).", U, U.replace("2 /", "2 *")),
        *both(
            "missing-root",
            "You have 2/π. The factor of u is its square root, √(2/π).",
            U,
            U.replace("np.sqrt", ""),
        ),
        *both(
            "wrong-constant",
            "You have √(π/2). The factor of u is √(2/π).",
            U,
            U.replace("2 / np.pi", "np.pi / 2"),
        ),
        *both("missing-factor", "The factor √(2/π) of u is missing.", U, "(x + 0.044715 * x**3)"),
        *both("wrong-constant", "You have x² in u. The power is x³.", "0.044715 * x**3", "0.044715 * x**2"),
        *both("missing-term", "The term 0.044715 x³ of u is missing.", " + 0.044715 * x**3", ""),
        *both("wrong-constant", "You have 0.44715 in u. The constant is 0.044715.", "+ 0.04", "+ 0.4"),
        *both(
            "parentheses",
            "√(2/π) multiplies only x. Put x + 0.044715 x³ in parentheses.",
            "(x + 0.044715 * x**3)",
            "x + 0.044715 * x**3",
        ),
        Mistake("missing-factor", "The factor ½ is missing.", [("0.5 * ", "")]),
        Mistake("missing-factor", "The factor x is missing: y = ½ x (1 + tanh u).", [("0.5 * x", "0.5")]),
        Mistake("missing-term", "The 1 is missing: y = ½ x (1 + tanh u).", [("(1 + np", "(np")]),
        Mistake("sign", "You subtract tanh u. The factor is 1 + tanh u.", [("(1 + np", "(1 - np")]),
        Mistake(
            "parentheses",
            "½ x multiplies only the 1. Put 1 + tanh u in parentheses.",
            [("(1 + np.tanh(u))", "1 + np.tanh(u)")],
        ),
        Mistake("missing-factor", "tanh is missing: you use u where t = tanh u belongs.", [("np.tanh", "")]),
        backward(
            "missing-inner-derivative",
            "The inner derivative u′ is missing. By the chain rule, multiply 1 − t² by it.",
            " * slope",
            "",
        ),
        backward(
            "missing-factor", "u′ lacks the factor √(2/π), which u has.", SLOPE, "(1 + 3 * 0.044715 * x**2)"
        ),
        backward(
            "wrong-derivative",
            "The derivative of x³ is 3x². In u′ you have x² without the 3.",
            "3 * 0.04",
            "0.04",
        ),
        backward(
            "wrong-derivative", "The derivative of x³ is 3x². In u′ you have another power of x.", "x**2", "x"
        ),
        backward(
            "wrong-derivative",
            "The derivative of x³ is 3x². In u′ you have another power of x.",
            "x**2",
            "x**3",
        ),
        backward("wrong-derivative", "The derivative of x is 1. In u′ you have x.", "(1 + 3", "(x + 3"),
        backward("output-for-input", "You multiply by u where its derivative u′ belongs.", SLOPE, U),
        backward("missing-term", "u′ lacks the 1, the derivative of x.", "(1 + 3", "(3"),
        backward(
            "missing-term",
            "u′ lacks the derivative of the cubic term, 3 · 0.044715 x².",
            " + 3 * 0.044715 * x**2",
            "",
        ),
        backward(
            "parentheses",
            "√(2/π) multiplies only the 1 of u′. Put 1 + 3 · 0.044715 x² in parentheses.",
            "(1 + 3 * 0.044715 * x**2)",
            "1 + 3 * 0.044715 * x**2",
        ),
        backward(
            "missing-term",
            "The first term of the product rule is missing: the derivative ½ of ½ x, times 1 + t.",
            "0.5 * (1 + t) + ",
            "",
        ),
        backward(
            "missing-term",
            "The second term of the product rule is missing: ½ x times the derivative of tanh u.",
            " + 0.5 * x * (1 - t**2) * slope",
            "",
        ),
        backward("missing-square", "You have 1 − t. The derivative of tanh is 1 − t².", "t**2", "t"),
        backward("sign", "You have 1 + t². The derivative of tanh is 1 − t².", "1 - t", "1 + t"),
        backward("sign", "You subtract the second term. The product rule adds it.", ") + 0.5", ") - 0.5"),
        backward("missing-factor", "The factor x of the second term is missing.", "0.5 * x", "0.5"),
        backward("missing-factor", "The factor ½ of the first term is missing.", "0.5 * (1", "(1"),
        backward("missing-factor", "The factor ½ of the second term is missing.", "0.5 * x", "x"),
        backward(
            "no-upstream", "You return the slope alone. By the chain rule, multiply it by dy.", "dy * ", ""
        ),
        backward(
            "parentheses",
            "dy multiplies only the first term. Put the sum of both terms in parentheses.",
            f"({TERMS})",
            TERMS,
        ),
        backward(
            "output-for-input",
            "You evaluate the derivative at y = gelu(x). The second argument is the input: use x as it is.",
            "t = ",
            "x = gelu(x)\n    t = ",
        ),
        backward(
            "wrong-derivative",
            "You multiply dy by the output. Multiply it by the slope.",
            f"({TERMS})",
            "0.5 * x * (1 + t)",
        ),
        backward("wrong-array", "You use dy in place of x in the second term.", "0.5 * x", "0.5 * dy"),
    ],
)
