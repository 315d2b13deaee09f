"""ReLU.

Without something between them, two layers are no more than one. An *activation* stands there. It is a function that
is applied to each number of an array. ReLU is the simplest: it keeps positive numbers, and turns all others into 0.

    y = max(x, 0)

Backward, the loss arrives as its gradient dy with respect to y. The slope of ReLU is 1 where x is positive, and 0
where x is negative. At exactly 0 the slope is not defined: take 0. Each number of dy is multiplied by the slope at its
place:

    dx = dy · 1    where x > 0
    dx = dy · 0    elsewhere

Write `relu` and `relu_backward`. Both work for an array of any shape, e.g. (N, I), or (N, C, H, W) for images. Return
a new array. Change none of the arguments.

| array | shape |
|---|---|
| x, y | any, the same |
| dy, dx | that of x |

Example: two examples of three numbers. In the first row x[0, 1] is 0, so its gradient is 0.

>>> x = np.array([[-2.0, 0.0, 3.0], [0.5, -1.0, -0.1]])
>>> relu(x)
array([[0. , 0. , 3. ],
       [0.5, 0. , 0. ]])
>>> dy = np.array([[4.0, 5.0, -6.0], [0.1, 7.0, 8.0]])
>>> relu_backward(dy, x)
array([[ 0. ,  0. , -6. ],
       [ 0.1,  0. ,  0. ]])
"""

import numpy as np


def relu(x):
    """Return y = max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(dy, x):
    """Return dx: dy where x is positive, and 0 elsewhere."""
    return dy * (x > 0)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def numbers(*shape):
        return rng.normal(size=shape).round(2)

    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes", {"x": numbers(*shape)})
    yield Case("images (N, C, H, W)", {"x": numbers(2, 3, 2, 4)})
    yield Case("large numbers", {"x": np.array([[-1e6, 0.0, 1e6], [500.0, -0.001, 0.001]])})
    for shape in [(2, 3), (4, 5), (7, 2)]:
        yield Case("random shapes, backward", {"dy": numbers(*shape), "x": numbers(*shape)}, "relu_backward")
    yield Case("images, backward", {"dy": numbers(2, 3, 2, 4), "x": numbers(2, 3, 2, 4)}, "relu_backward")
    zeros = {
        "dy": np.array([[1.5, -2.0, 0.7], [-0.3, 4.0, 0.9]]),
        "x": np.array([[0.0, 0.0, 2.0], [-3.0, 0.0, -1.0]]),
    }
    yield Case("gradient 0 at zeros", zeros, "relu_backward")
    yield Case(
        "numerical differences",
        {
            "dy": np.array([[0.5, -1.5, 2.0], [-0.2, 3.0, 1.2]]),
            "x": np.array([[-1.0, 2.0, 0.3], [0.6, -0.4, 1.7]]),
        },
        "relu_backward",
        expected=lambda a: {"dx": differences(relu, a["x"], a["dy"])},
        tolerance=1e-6,
    )


MASK = "You return the mask of positive numbers. Multiply it by x."
SLOPE = "You return the slope of ReLU alone. By the chain rule, multiply it by dy."
INVERTED = "You keep dy where x is negative. The slope is 1 where x > 0, and 0 elsewhere."
WHOLE = "`max` and `if` compare a whole array at once. Compare its numbers with np.maximum or a mask."

EXERCISE = Exercise(
    chapter=2,
    minutes=10,
    section="activations",
    functions=[
        Function("relu", returns=["y"], derivations={"y": "y[n,i…] = max(x[n,i…], 0)"}),
        Function("relu_backward", returns=["dx"], derivations={"dx": "dx[n,i…] = dy[n,i…] * (x[n,i…] > 0)"}),
    ],
    cases=cases,
    hints=[
        "A comparison of an array with a number gives an array of True and False, a *mask*. What happens if you "
        "multiply an array of numbers by a mask?",
        "`np.maximum(a, b)` takes the larger of two numbers at each place; `np.max` does something else. Backward, "
        "the mask must be that of x: dy may have any sign.",
        "A change of x[n, i] changes only y[n, i], by the slope: 1 where x > 0, else 0. So dx = dy · [x > 0]: "
        "`dy * (x > 0)`. And y = max(x, 0): `np.maximum(x, 0)`.",
    ],
    mistakes=[
        Mistake(
            "inverted-mask",
            "You keep the negative numbers. ReLU keeps the positive ones: the larger of x and 0.",
            [("np.maximum", "np.minimum")],
        ),
        Mistake(
            "sign",
            "You return |x|. ReLU turns negative numbers into 0, not into positive ones.",
            [("np.maximum(x, 0)", "np.abs(x)")],
        ),
        Mistake(
            "wrong-shape",
            "np.max(x, 0) is the largest number along axis 0. np.maximum(x, 0) compares every number with 0.",
            [("np.maximum", "np.max")],
        ),
        Mistake("whole-array", WHOLE, [("np.maximum", "max")]),
        Mistake("missing-factor", MASK, [("np.maximum(x, 0)", "x > 0")]),
        Mistake("missing-factor", MASK, [("np.maximum(x, 0)", "1 * (x > 0)")]),
        Mistake("missing-factor", MASK, [("np.maximum(x, 0)", "1.0 * (x > 0)")]),
        Mistake(
            "wrong-mask",
            "You take the mask of dy. The slope depends on the input: where is x positive?",
            [("(x", "(dy")],
            "relu_backward",
        ),
        Mistake(
            "boundary",
            "You pass the gradient on where x is 0. The slope at exactly 0 is 0: compare with > and not >=.",
            [(" > ", " >= ")],
            "relu_backward",
        ),
        Mistake(
            "boundary",
            "Your slope at exactly 0 is 1/2. Here it is 0.",
            [("(x > 0)", "(0.5 + 0.5 * np.sign(x))")],
            "relu_backward",
        ),
        Mistake("inverted-mask", INVERTED, [(" > ", " < ")], "relu_backward"),
        Mistake("inverted-mask", INVERTED, [(" > ", " <= ")], "relu_backward"),
        Mistake("no-upstream", SLOPE, [("dy * ", "")], "relu_backward"),
        Mistake("no-upstream", SLOPE, [("dy * ", "1 * ")], "relu_backward"),
        Mistake("no-upstream", SLOPE, [("dy * ", "1.0 * ")], "relu_backward"),
        Mistake(
            "missing-factor",
            "You return dy unchanged. Multiply it by the slope, which is 0 where x is not positive.",
            [(" * (x > 0)", " + 0")],
            "relu_backward",
        ),
        Mistake(
            "wrong-array",
            "You apply the mask to x. The gradient dy is what it is applied to.",
            [("dy * ", "x * ")],
            "relu_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You multiply dy by the output, max(x, 0). Multiply it by the slope, which is 1 or 0.",
            [("(x > 0)", "np.maximum(x, 0)")],
            "relu_backward",
        ),
        Mistake(
            "wrong-derivative",
            "Your slope for negative x is −1, as for |x|. The slope of ReLU is 0 there.",
            [("(x > 0)", "np.sign(x)")],
            "relu_backward",
        ),
        Mistake("whole-array", WHOLE, [("dy * (x > 0)", "dy if x > 0 else 0 * dy")], "relu_backward"),
    ],
)
