"""Dropout, forward and backward.

In training, dropout sets each value to 0 with the probability `rate`, so that no neuron can rely on a single other
one. The values that are kept are divided by 1 − rate. Then the mean stays the same, and nothing needs to be done in
inference.

The random numbers come as an argument, an array `random` of uniform numbers from 0 to 1. A value is kept where its
number is at least `rate`:

    mask[n, i] = 1 / (1 − rate)   where random[n, i] ≥ rate, and 0 elsewhere
    y[n, i] = x[n, i] · mask[n, i]

Write two functions. `dropout` returns the pair (y, mask), both of floating-point numbers. `dropout_backward` gets the
gradient dy with respect to y, and the mask that `dropout` returned. It returns the gradient dx with respect to x. The
mask does not depend on x. Change none of the arguments.

| array | shape |
|---|---|
| x, random, y, mask, dy, dx | (N, I) |

Example: with a rate of 0.2 the values that are kept are divided by 0.8. The third number is 0.2 itself, so its value
is kept.

>>> x = np.array([[1.0, 2.0, 4.0], [-4.0, 8.0, 0.0]])
>>> random = np.array([[0.9, 0.1, 0.2], [0.5, 0.0, 0.7]])
>>> y, mask = dropout(x, 0.2, random)
>>> y
array([[ 1.25,  0.  ,  5.  ],
       [-5.  ,  0.  ,  0.  ]])
>>> mask
array([[1.25, 0.  , 1.25],
       [1.25, 0.  , 1.25]])
>>> dy = np.array([[4.0, 4.0, -4.0], [0.0, 1.0, 2.0]])
>>> dropout_backward(dy, mask)
array([[ 5. ,  0. , -5. ],
       [ 0. ,  0. ,  2.5]])
"""

import numpy as np


def dropout(x, rate, random):
    """Return y = x · mask and the mask, which is 0 or 1 / (1 − rate)."""
    mask = (random >= rate) / (1 - rate)
    return x * mask, mask


def dropout_backward(dy, mask):
    """Return the gradient dx."""
    return dy * mask


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def cases(rng):
    def arguments(n, i, rate):
        random = rng.uniform(size=(n, i))
        random[0, 0], random[-1, -1] = rate / 2, (1 + rate) / 2
        return {"x": rng.normal(size=(n, i)), "rate": rate, "random": random}

    def gradients(n, i, rate):
        _, mask = dropout(**arguments(n, i, rate))
        return {"dy": rng.normal(size=(n, i)), "mask": mask}

    for n, i, rate in [(2, 3, 0.3), (3, 5, 0.6), (6, 4, 0.1)]:
        yield Case("random shapes", arguments(n, i, rate))
        yield Case("random shapes", gradients(n, i, rate), function="dropout_backward")
    yield Case("a number equal to the rate", {**arguments(1, 3, 0.2), "random": np.array([[0.1, 0.2, 0.7]])})
    yield Case("rate 0", arguments(2, 3, 0.0))
    yield Case("rate 0", gradients(2, 3, 0.0), function="dropout_backward")
    yield Case("everything dropped", {**arguments(2, 2, 0.7), "random": np.full((2, 2), 0.5)})
    x, rate, random = arguments(3, 4, 0.4).values()
    yield Case(
        "numerical differences",
        {"dy": rng.normal(size=x.shape), "mask": dropout(x, rate, random)[1]},
        function="dropout_backward",
        expected=lambda a: {"dx": differences(lambda x: dropout(x, rate, random)[0], x, a["dy"])},
        tolerance=1e-6,
    )


MASK = "mask = (random >= rate) / (1 - rate)"
UNSCALED = "The mask that you return is not divided by 1 − rate. The backward pass needs the same factor."
NO_RESCALING = "You do not divide the values that are kept by 1 − rate, so the mean becomes smaller."

EXERCISE = Exercise(
    chapter=5,
    minutes=10,
    section="dropout",
    functions=[
        Function("dropout", returns=["y", "mask"], derivations={"y": "y[n,i] = x[n,i] * mask[n,i]"}),
        Function("dropout_backward", returns=["dx"], derivations={"dx": "dx[n,i] = dy[n,i] * mask[n,i]"}),
    ],
    cases=cases,
    hints=[
        "A comparison of an array with a number gives True or False for each entry. What happens if you divide that "
        "by a number?",
        "First compute the mask, with its factor, then y from x and the mask. For the backward pass treat the mask "
        "as a constant: by how much does y[n, i] grow with x[n, i]?",
        "`mask = (random >= rate) / (1 - rate)` and y = x · mask. y[n, i] depends on x[n, i] only, with the "
        "derivative mask[n, i], so dx = dy · mask: `dy * mask`.",
    ],
    mistakes=[
        Mistake("no-rescaling", NO_RESCALING, [(" / (1 - rate)", " * 1.0")]),
        Mistake("no-rescaling", NO_RESCALING, [(" / (1 - rate)", "")]),
        Mistake(
            "no-rescaling", UNSCALED, [(MASK, "mask = random >= rate"), ("x * mask", "x * mask / (1 - rate)")]
        ),
        Mistake(
            "no-rescaling",
            UNSCALED,
            [(MASK, "mask = (random >= rate) * 1"), ("x * mask", "x * mask / (1 - rate)")],
        ),
        Mistake(
            "no-rescaling",
            UNSCALED,
            [(MASK, "mask = (random >= rate) * 1.0"), ("x * mask", "x * mask / (1 - rate)")],
        ),
        Mistake(
            "no-rescaling",
            "You return the rescaled mask, and do not use its factor for y: y = x · mask.",
            [("x * mask", "x * (mask > 0)")],
        ),
        Mistake(
            "inverted-mask",
            "You keep what should be dropped. Values are kept where random ≥ rate.",
            [("random >= rate", "random < rate")],
        ),
        Mistake(
            "inverted-mask",
            "You compare with 1 − rate, so a value is dropped with the probability 1 − rate: random ≥ rate.",
            [("random >= rate", "random >= 1 - rate")],
        ),
        Mistake(
            "inverted-mask",
            "You keep values where random < 1 − rate. The probability is the same; the task says random ≥ rate.",
            [("random >= rate", "random < 1 - rate")],
        ),
        Mistake(
            "boundary",
            "A value is kept where random is at least the rate. At random = rate you drop it: >= in place of >.",
            [("random >= rate", "random > rate")],
        ),
        Mistake(
            "boundary",
            "A value is kept where random is at least the rate. At random = rate you have it the other way round.",
            [("random >= rate", "random <= rate")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by the rate. The share of values that are kept is 1 − rate.",
            [("/ (1 - rate)", "/ rate")],
        ),
        Mistake(
            "wrong-constant",
            "You multiply by 1 − rate, which makes the mean smaller still. Divide by it.",
            [("/ (1 - rate)", "* (1 - rate)")],
        ),
        Mistake(
            "wrong-constant",
            "You divide by the share of this batch that is kept. The factor is the constant 1 / (1 − rate).",
            [("/ (1 - rate)", "/ np.mean(random >= rate)")],
        ),
        Mistake(
            "extra-factor",
            "You divide by 1 − rate twice. The mask has the factor already.",
            [("x * mask", "x * mask / (1 - rate)")],
        ),
        Mistake(
            "wrong-mask",
            "You compare x with the rate. Which values are kept depends on `random`.",
            [("random >= rate", "x >= rate")],
        ),
        Mistake(
            "wrong-array",
            "You return the random numbers times the mask. The values are those of x.",
            [("x * mask", "random * mask")],
        ),
        Mistake(
            "swapped-results",
            "You return (mask, y). The order is (y, mask).",
            [("x * mask, mask", "mask, x * mask")],
        ),
        Mistake(
            "missing-factor",
            "You return dy unchanged. Where a value was dropped, x does not change y: multiply by the mask.",
            [("dy * mask", "dy.copy()")],
            function="dropout_backward",
        ),
        Mistake(
            "no-rescaling",
            "You use only whether the mask is 0. The factor 1 / (1 − rate) of the mask belongs to dx as well.",
            [("dy * mask", "dy * (mask > 0)")],
            function="dropout_backward",
        ),
        Mistake(
            "extra-factor",
            "You multiply by the factor of the mask twice: dx = dy · mask.",
            [("dy * mask", "dy * mask**2")],
            function="dropout_backward",
        ),
        Mistake(
            "inverted-mask",
            "You pass on the gradient of the values that were dropped. Their gradient is 0.",
            [("dy * mask", "dy * (mask == 0)")],
            function="dropout_backward",
        ),
        Mistake(
            "wrong-mask",
            "You use the sign of dy. The mask of the forward pass decides.",
            [("dy * mask", "dy * (dy > 0)")],
            function="dropout_backward",
        ),
        Mistake(
            "no-upstream",
            "You return the mask. By the chain rule it is multiplied by the upstream gradient dy.",
            [("dy * mask", "mask.copy()")],
            function="dropout_backward",
        ),
        Mistake(
            "wrong-derivative",
            "You divide by the mask. The derivative of x · mask is the mask: multiply by it.",
            [("dy * mask", "dy / mask")],
            function="dropout_backward",
        ),
    ],
)
