"""Leaky ReLU.

Where ReLU is 0, its gradient is 0, too, and the layer before learns nothing. Leaky ReLU lets a little through. Numbers
that are not positive are multiplied by a small slope a, `negative_slope`, which is at least 0 and less than 1:

    y = x        where x > 0
    y = a · x    elsewhere

The slope is 1 or a. At exactly 0 we take a. Backward, each number of dy is multiplied by the slope at its place:

    dx = dy        where x > 0
    dx = a · dy    elsewhere

Write `leaky_relu` and `leaky_relu_backward`, for arrays of any shape. Return a new array. Change none of the
arguments.

| array | shape |
|---|---|
| x, y | any, the same |
| dy, dx | that of x |
| negative_slope | a number |

Example: two examples of three numbers, and the slope 0.1. The gradient where x is 0, dx[0, 1], is 0.1 · 5.

>>> x = np.array([[-2.0, 0.0, 3.0], [0.5, -1.0, -4.0]])
>>> leaky_relu(x, 0.1)
array([[-0.2,  0. ,  3. ],
       [ 0.5, -0.1, -0.4]])
>>> dy = np.array([[4.0, 5.0, -6.0], [0.1, -7.0, 8.0]])
>>> leaky_relu_backward(dy, x, 0.1)
array([[ 0.4,  0.5, -6. ],
       [ 0.1, -0.7,  0.8]])
"""

import numpy as np


def leaky_relu(x, negative_slope):
    """Return y: x where it is positive, and negative_slope · x elsewhere."""
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(dy, x, negative_slope):
    """Return dx: dy where x is positive, and negative_slope · dy elsewhere."""
    return np.where(x > 0, dy, negative_slope * dy)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def forward(*shape, slope):
        return {"x": rng.normal(size=shape).round(2), "negative_slope": slope}

    def backward(*shape, slope):
        return {"dy": rng.normal(size=shape).round(2), **forward(*shape, slope=slope)}

    for shape, slope in [((2, 3), 0.3), ((4, 5), 0.2), ((7, 2), 0.05)]:
        yield Case("random shapes", forward(*shape, slope=slope))
    yield Case("images (N, C, H, W)", forward(2, 3, 2, 4, slope=0.1))
    yield Case(
        "zeros and large numbers",
        {"x": np.array([[-1000.0, 0.0, 1000.0], [0.1, -0.2, 0.3]]), "negative_slope": 0.25},
    )
    for shape, slope in [((2, 3), 0.3), ((4, 5), 0.2), ((7, 2), 0.05)]:
        yield Case("random shapes, backward", backward(*shape, slope=slope), "leaky_relu_backward")
    yield Case("images, backward", backward(2, 3, 2, 4, slope=0.1), "leaky_relu_backward")
    zeros = {
        "dy": np.array([[1.5, -2.0, 0.7], [-0.3, 4.0, 0.9]]),
        "x": np.array([[0.0, 0.0, 2.0], [-3.0, 0.0, -1.0]]),
        "negative_slope": 0.25,
    }
    yield Case("the small slope at zeros", zeros, "leaky_relu_backward")
    yield Case(
        "numerical differences",
        {
            "dy": np.array([[0.5, -1.5, 2.0], [-0.2, 3.0, 1.2]]),
            "x": np.array([[-1.0, 2.0, 0.3], [0.6, -0.4, 1.7]]),
            "negative_slope": 0.15,
        },
        "leaky_relu_backward",
        expected=lambda a: {"dx": differences(lambda x: leaky_relu(x, a["negative_slope"]), a["x"], a["dy"])},
        tolerance=1e-6,
    )


def backward(kind, sentence, new, old="negative_slope * dy"):
    """Return a mistake in the backward pass."""
    return Mistake(kind, sentence, [(old, new)], "leaky_relu_backward")


WHOLE = "`max` and `if` compare a whole array at once. Choose number by number, e.g. with np.where."
INVERTED = "You use the small slope where x is positive. It belongs to the other numbers."

EXERCISE = Exercise(
    chapter=2,
    minutes=10,
    section="activations",
    functions=[
        Function(
            "leaky_relu",
            returns=["y"],
            derivations={"y": "y[n,i…] = max(x[n,i…], 0) + negative_slope * min(x[n,i…], 0)"},
        ),
        Function(
            "leaky_relu_backward",
            returns=["dx"],
            derivations={"dx": "dx[n,i…] = dy[n,i…] * ((x[n,i…] > 0) + negative_slope * (x[n,i…] <= 0))"},
        ),
    ],
    cases=cases,
    hints=[
        "`np.where(mask, a, b)` takes numbers of a where the mask is True, and numbers of b elsewhere. Which mask?",
        "The mask x > 0 is the same forward and backward. The numbers differ: forward x and a · x, backward "
        "dy and a · dy.",
        "The derivative of x is 1, and that of a · x is a; each is multiplied by dy. So dx = dy where x > 0, else "
        "a · dy: `np.where(x > 0, dy, negative_slope * dy)`.",
    ],
    mistakes=[
        Mistake("inverted-mask", INVERTED, [(" > ", " < ")]),
        Mistake(
            "missing-factor",
            "You return 0 for negative numbers, as ReLU does. Multiply them by negative_slope.",
            [("negative_slope * x", "0 * x")],
        ),
        Mistake(
            "missing-factor",
            "For negative numbers you return the slope itself. There y = negative_slope · x.",
            [("negative_slope * x", "negative_slope")],
        ),
        Mistake(
            "missing-factor",
            "You return the larger of x and the slope. Compare x with negative_slope · x.",
            [("np.where(x > 0, x, negative_slope * x)", "np.maximum(x, negative_slope)")],
        ),
        Mistake(
            "missing-factor",
            "You return the slope, 1 or negative_slope. Multiply it by x.",
            [("x, negative_slope * x)", "1.0, negative_slope)")],
        ),
        Mistake(
            "sign",
            "Negative numbers become positive. They keep their sign: y = negative_slope · x.",
            [("negative_slope * x", "-negative_slope * x")],
        ),
        Mistake(
            "wrong-constant",
            "You use the slope 0.01. Use the argument negative_slope.",
            [("negative_slope * x", "0.01 * x")],
        ),
        Mistake(
            "extra-factor",
            "You add negative_slope · x to positive numbers, too. They stay as they are.",
            [("x, negative_slope * x", "x + negative_slope * x, negative_slope * x")],
        ),
        Mistake(
            "whole-array", WHOLE, [("np.where(x > 0, x, negative_slope * x)", "max(x, negative_slope * x)")]
        ),
        backward(
            "wrong-mask",
            "You take the mask of dy. Which slope it is depends on the input: where is x positive?",
            "(dy",
            "(x",
        ),
        backward(
            "boundary",
            "Your slope at exactly 0 is 1. Here it is negative_slope: compare with > and not >=.",
            " >= ",
            " > ",
        ),
        backward(
            "boundary",
            "Your gradient at exactly 0 is 0: neither x > 0 nor x < 0 holds there. It is negative_slope · dy.",
            "negative_slope * dy * (x < 0)",
        ),
        backward("inverted-mask", INVERTED, " < ", " > "),
        backward("inverted-mask", INVERTED, " <= ", " > "),
        backward(
            "no-upstream",
            "You return the slope alone, 1 or negative_slope. By the chain rule, multiply it by dy.",
            "1.0, negative_slope)",
            "dy, negative_slope * dy)",
        ),
        backward(
            "no-upstream", "For negative x you return the slope alone. Multiply it by dy.", "negative_slope"
        ),
        backward(
            "no-upstream",
            "For positive x you return the slope 1 alone. Multiply it by dy.",
            "> 0, 1.0",
            "> 0, dy",
        ),
        backward(
            "missing-factor",
            "Your gradient for negative x is 0, as for ReLU. It is negative_slope · dy.",
            "0 * dy",
        ),
        backward(
            "missing-factor",
            "You return dy unchanged. Multiply it by negative_slope where x is not positive.",
            "dy",
        ),
        backward("wrong-constant", "You use the slope 0.01. Use the argument negative_slope.", "0.01 * dy"),
        backward(
            "sign",
            "You multiply by −negative_slope where x is negative. The line a · x rises: its slope is a.",
            "-negative_slope * dy",
        ),
        backward(
            "wrong-derivative",
            "You multiply by a · x for negative x. The derivative of a · x is a.",
            "negative_slope * x * dy",
        ),
        backward(
            "wrong-derivative",
            "You multiply dy by the output. Multiply it by the slope, which is 1 or negative_slope.",
            "x * dy, negative_slope * x * dy",
            "dy, negative_slope * dy",
        ),
        backward(
            "wrong-array",
            "For negative x you return negative_slope · x, as in the forward pass. It is negative_slope · dy.",
            "negative_slope * x",
        ),
        backward(
            "wrong-array",
            "You return the output of the forward pass. The slope is multiplied by dy, not by x.",
            "x, negative_slope * x",
            "dy, negative_slope * dy",
        ),
        backward(
            "extra-factor",
            "You add negative_slope · dy where x is positive, too. There dx = dy.",
            "dy + negative_slope * dy, negative_slope * dy",
            "dy, negative_slope * dy",
        ),
        backward(
            "whole-array",
            WHOLE,
            "dy if x > 0 else negative_slope * dy",
            "np.where(x > 0, dy, negative_slope * dy)",
        ),
    ],
)
