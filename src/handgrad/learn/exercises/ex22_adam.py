"""Adam.

With one learning rate for all parameters, those with large gradients take large steps. Adam divides the step of every
parameter by the size that its gradients usually have. It keeps two running means for each parameter, the *moments*: m
of the gradient g and s of its square. Step t, which is 1 for the first, does

    m ← β₁ m + (1 − β₁) g
    s ← β₂ s + (1 − β₂) g²
    m̂ = m / (1 − β₁ᵗ)         ŝ = s / (1 − β₂ᵗ)
    w ← w − η m̂ / (√ŝ + ε)

All operations are entry by entry. The third line corrects the *bias*: m and s start as zeros, so at first they are
too small. The small number ε, which is added to the root, avoids a division by zero.

`first_moment` is m, `second_moment` is s, `learning_rate` is η, and `step` is t. Change `w`, `first_moment` and
`second_moment` in place; the corrected m̂ and ŝ are only used for the step and are not stored. Return nothing.

| array | shape |
|---|---|
| w, g, first_moment, second_moment | the same, e.g. (P,) or (O, I) |

Example: the first step. m̂ = g and ŝ = g², so every step has the size η, whatever the size of the gradient.

>>> w, g = np.array([1.0, 1.0]), np.array([0.1, -20.0])
>>> first_moment, second_moment = np.zeros(2), np.zeros(2)
>>> adam(w, g, first_moment, second_moment, 0.9, 0.99, 1e-8, 0.5, 1)
>>> w.round(4)
array([0.5, 1.5])
>>> first_moment.round(4), second_moment.round(4)
(array([ 0.01, -2.  ]), array([1.e-04, 4.e+00]))
"""

import numpy as np


def adam(w, g, first_moment, second_moment, beta1, beta2, epsilon, learning_rate, step):
    """Update the moments m and s, and w ← w − η m̂ / (√ŝ + ε), all in place."""
    first_moment *= beta1
    first_moment += (1 - beta1) * g
    second_moment *= beta2
    second_moment += (1 - beta2) * g**2
    m = first_moment / (1 - beta1**step)
    s = second_moment / (1 - beta2**step)
    w -= learning_rate * m / (np.sqrt(s) + epsilon)


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    def arguments(shape, step, scale=1.0, beta1=0.8, beta2=0.95):
        started = step > 1
        return {
            "w": rng.normal(size=shape),
            "g": scale * rng.normal(size=shape),
            "first_moment": started * scale * rng.normal(size=shape),
            "second_moment": started * scale**2 * rng.uniform(0.5, 2, size=shape),
            "beta1": beta1,
            "beta2": beta2,
            "epsilon": 1e-8,
            "learning_rate": 0.3,
            "step": step,
        }

    first = arguments(3, 1)
    after = first["w"] - 0.3 * np.sign(first["g"])
    yield Case("the first step", first, expected=lambda a: {"w": after}, tolerance=1e-6)
    yield Case("the first step", arguments(2, 1, beta1=0.9, beta2=0.99))
    for size, step in [(2, 2), (4, 3), (6, 7)]:
        yield Case("later steps", arguments(size, step))
    yield Case("after a thousand steps", arguments(3, 1000, beta1=0.9, beta2=0.999))
    yield Case("matrices", arguments((2, 3), 4, beta1=0.7, beta2=0.9))
    yield Case("a gradient of zeros", {**arguments(3, 1), "g": np.zeros(3)})
    yield Case("a gradient of zeros", {**arguments(3, 5), "g": np.zeros(3)})
    yield Case("tiny gradients", arguments(3, 1, scale=1e-8))
    yield Case("tiny gradients", arguments(3, 4, scale=1e-7))


FIRST, SECOND = "first_moment += (1 - beta1) * g", "second_moment += (1 - beta2) * g**2"
M, S = "first_moment / (1 - beta1**step)", "second_moment / (1 - beta2**step)"
STEP = "w -= learning_rate * m / (np.sqrt(s) + epsilon)"

EXERCISE = Exercise(
    chapter=5,
    minutes=15,
    section="from-gradients-to-steps",
    functions=[Function("adam", returns=[], changes=["w", "first_moment", "second_moment"])],
    cases=cases,
    hints=[
        "The first two lines are like the velocity of `momentum`. Which arrays must have changed after the call, and "
        "which are only used in it?",
        "Update both moments in place. Then compute m̂ and ŝ as new arrays, and the step from those. βᵗ is a power: "
        "`beta1**step`.",
        "m: `first_moment *= beta1`, then `first_moment += (1 - beta1) * g`, and likewise s with g**2. Then "
        "`m = first_moment / (1 - beta1**step)`, the same for s, and `w -= learning_rate * m / (np.sqrt(s) + "
        "epsilon)`.",
    ],
    mistakes=[
        Mistake(
            "no-bias-correction",
            "You use m and s without the correction of the bias: divide by 1 − β₁ᵗ and 1 − β₂ᵗ.",
            [(M, "first_moment"), (S, "second_moment")],
        ),
        Mistake(
            "no-bias-correction",
            "You use the first moment without the correction of its bias: m̂ = m / (1 − β₁ᵗ).",
            [(M, "first_moment")],
        ),
        Mistake(
            "no-bias-correction",
            "You use the second moment without the correction of its bias: ŝ = s / (1 − β₂ᵗ).",
            [(S, "second_moment")],
        ),
        Mistake(
            "wrong-step",
            "You correct the bias with t − 1. The first step has t = 1, and then 1 − β⁰ is 0.",
            [("beta1**step", "beta1 ** (step - 1)"), ("beta2**step", "beta2 ** (step - 1)")],
        ),
        Mistake(
            "wrong-step",
            "You correct the bias with t + 1. `step` is 1 for the first step already.",
            [("beta1**step", "beta1 ** (step + 1)"), ("beta2**step", "beta2 ** (step + 1)")],
        ),
        Mistake(
            "wrong-step",
            "You correct the bias with 1 − β, which is right for the first step only. Take the power: 1 − βᵗ.",
            [("beta1**step", "beta1"), ("beta2**step", "beta2")],
        ),
        Mistake(
            "wrong-step",
            "You multiply β by t. The correction needs the power: 1 − βᵗ, `beta1**step`.",
            [("beta1**step", "beta1 * step"), ("beta2**step", "beta2 * step")],
        ),
        Mistake(
            "epsilon",
            "You add ε inside the root. There it acts as √ε, a much larger number: √ŝ + ε.",
            [("np.sqrt(s) + epsilon", "np.sqrt(s + epsilon)")],
        ),
        Mistake(
            "epsilon",
            "You do not add ε. Where all gradients were 0, that divides 0 by 0.",
            [("np.sqrt(s) + epsilon", "np.sqrt(s)")],
        ),
        Mistake(
            "epsilon",
            "You add ε before the bias of s is corrected, so it is divided as well. Add it to √ŝ.",
            [("np.sqrt(s) + epsilon", "(np.sqrt(second_moment) + epsilon) / np.sqrt(1 - beta2**step)")],
        ),
        Mistake(
            "missing-square",
            "You use g for the second moment. It is the mean of the squares: (1 − β₂) g².",
            [("g**2", "g")],
        ),
        Mistake(
            "missing-square",
            "You use |g| for the second moment. It is the mean of the squares: (1 − β₂) g².",
            [("g**2", "abs(g)")],
        ),
        Mistake(
            "extra-factor",
            "You square (1 − β₂) together with g. Only g is squared: (1 − β₂) g².",
            [("(1 - beta2) * g**2", "((1 - beta2) * g) ** 2")],
        ),
        Mistake(
            "missing-root",
            "You divide by ŝ without the root. The step is m̂ / (√ŝ + ε).",
            [("np.sqrt(s)", "s")],
        ),
        Mistake(
            "missing-factor",
            "You add g to the first moment without its factor. A running mean adds (1 − β₁) g.",
            [(FIRST, "first_moment += g")],
        ),
        Mistake(
            "missing-factor",
            "You add g² to the second moment without its factor. A running mean adds (1 − β₂) g².",
            [(SECOND, "second_moment += g**2")],
        ),
        Mistake(
            "missing-factor",
            "You do not multiply the old first moment by β₁.",
            [("first_moment *= beta1", "")],
        ),
        Mistake(
            "missing-factor",
            "You do not multiply the old second moment by β₂.",
            [("second_moment *= beta2", "")],
        ),
        Mistake(
            "missing-factor",
            "You do not multiply the step by the learning rate: w ← w − η m̂ / (√ŝ + ε).",
            [("learning_rate * m", "m")],
        ),
        Mistake(
            "wrong-constant",
            "You have β₁ and β₂ the wrong way round: β₁ belongs to m, β₂ to s.",
            [
                ("first_moment *= beta1", "first_moment *= beta2"),
                ("(1 - beta1) * g", "(1 - beta2) * g"),
                ("second_moment *= beta2", "second_moment *= beta1"),
                ("(1 - beta2) * g**2", "(1 - beta1) * g**2"),
                ("beta1**step", "beta2**step"),
                (S, "second_moment / (1 - beta1**step)"),
            ],
        ),
        Mistake(
            "wrong-constant",
            "You have β and 1 − β of the first moment the wrong way round: m ← β₁ m + (1 − β₁) g.",
            [("first_moment *= beta1", "first_moment *= 1 - beta1"), ("(1 - beta1) * g", "beta1 * g")],
        ),
        Mistake(
            "wrong-constant",
            "You have β and 1 − β of the second moment the wrong way round: s ← β₂ s + (1 − β₂) g².",
            [
                ("second_moment *= beta2", "second_moment *= 1 - beta2"),
                ("(1 - beta2) * g**2", "beta2 * g**2"),
            ],
        ),
        Mistake(
            "wrong-constant",
            "You use β₁ for the second moment as well. Its mean is longer: s ← β₂ s + (1 − β₂) g².",
            [
                ("second_moment *= beta2", "second_moment *= beta1"),
                ("(1 - beta2) * g**2", "(1 - beta1) * g**2"),
            ],
        ),
        Mistake(
            "wrong-constant",
            "You correct the second moment with β₁: ŝ = s / (1 − β₂ᵗ).",
            [(S, "second_moment / (1 - beta1**step)")],
        ),
        Mistake(
            "wrong-constant",
            "You multiply by 1 − βᵗ. The moments are too small at first: divide by it.",
            [(M, "first_moment * (1 - beta1**step)"), (S, "second_moment * (1 - beta2**step)")],
        ),
        Mistake(
            "modified-input",
            "You store the corrected moments. The correction is for this step only; keep m and s as they are.",
            [
                (M, "np.divide(first_moment, 1 - beta1**step, out=first_moment)"),
                (S, "np.divide(second_moment, 1 - beta2**step, out=second_moment)"),
            ],
        ),
        Mistake(
            "sign",
            "You add the step to w. The gradient points to larger losses: subtract it.",
            [("w -= ", "w += ")],
        ),
        Mistake(
            "overwritten",
            "You replace the first moment by (1 − β₁) g. A part of the old one stays: add β₁ m.",
            [("first_moment *= beta1", "first_moment *= 0")],
        ),
        Mistake(
            "overwritten",
            "You replace the second moment by (1 − β₂) g². A part of the old one stays: add β₂ s.",
            [("second_moment *= beta2", "second_moment *= 0")],
        ),
        Mistake(
            "wrong-array",
            "You step along g. Adam steps along the corrected first moment m̂.",
            [("learning_rate * m", "learning_rate * g")],
        ),
        Mistake(
            "wrong-array",
            "You square the first moment for the second. It is the mean of g².",
            [("g**2", "first_moment**2")],
        ),
        Mistake(
            "not-in-place",
            "The moments are not changed in place: `first_moment = …` makes a new array. Use *= and +=.",
            [
                ("first_moment *= beta1", "first_moment = first_moment * beta1"),
                ("second_moment *= beta2", "second_moment = second_moment * beta2"),
            ],
        ),
        Mistake(
            "not-in-place",
            "`first_moment = …` makes a new array, and the caller keeps the old one. Use *= and +=.",
            [("first_moment *= beta1", "first_moment = first_moment * beta1")],
        ),
        Mistake(
            "not-in-place",
            "`second_moment = …` makes a new array, and the caller keeps the old one. Use *= and +=.",
            [("second_moment *= beta2", "second_moment = second_moment * beta2")],
        ),
        Mistake(
            "not-in-place",
            "`w = w − …` makes a new array, and the caller keeps the old one. Change it: w -= ….",
            [("w -= ", "w = w - ")],
        ),
    ],
)
