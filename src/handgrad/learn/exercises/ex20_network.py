"""The whole program.

This is the program from which handgrad has grown: a network of two dense layers with a ReLU between them learns to
read digits. You have written everything that it needs. x are the N images, flattened to I pixels; the first layer has
H neurons, the second one for each of the O classes.

Forward, the arrays are computed in this order:

    z1 = x W1ᵀ + b1      dense
    a1 = max(z1, 0)      relu
    z2 = a1 W2ᵀ + b2     dense
    loss                 mean_loss of z2 and the labels

Backward, the gradients are computed in the opposite order, each from the one before: dz2 (from `mean_loss`), then
dW2, db2 and da1, then dz1, then dW1 and db1. Last, all four parameters take a step of gradient descent. This is one
step; it is repeated `steps` times with all examples.

Write `train`. It changes w1, b1, w2 and b2 in place, and returns `losses`, an array with the loss before each step.
Change no other argument. Loop over the steps, not over the examples.

| array | shape |
|---|---|
| x | (N, I) |
| labels | (N,), integers from 0 to O − 1 |
| w1 | (H, I) |
| b1 | (H,) |
| w2 | (O, H) |
| b2 | (O,) |
| losses | (steps,) |

Your functions:

- `dense(x, weights, biases)` returns y
- `dense_backward(dy, x, weights, dweights, dbiases)` adds to the last two, and returns dx
- `relu(x)` returns y, and `relu_backward(dy, x)` returns dx
- `mean_loss(logits, labels)` returns the loss and dlogits, the gradient of the mean
- `sgd(w, g, learning_rate)` changes w in place

Example: one example with one input, one hidden neuron and two classes. z1 is 2 · 0.5 = 1, and both logits are 0. So
both probabilities are 0.5, the loss is log 2, about 0.693, and dz2 is (−0.5, 0.5). Each entry of W2 changes by
learning rate times a1 · dz2, i.e. 0.1 · 0.5. W1 stays in this step: da1 is 0, since W2 was 0.

>>> x, labels = np.array([[2.0]]), np.array([0])
>>> w1, b1, w2, b2 = np.array([[0.5]]), np.zeros(1), np.zeros((2, 1)), np.zeros(2)
>>> train(x, labels, w1, b1, w2, b2, 0.1, 1).round(3)
array([0.693])
>>> w1, w2
(array([[0.5]]), array([[ 0.05],
       [-0.05]]))

The last check has the size of the original program: 784 pixels, 10 hidden neurons and 10 classes. It trains with
1,000 synthetic digits, and after 200 steps at least 84 % of them are read correctly.
"""

import numpy as np

from handgrad.learn.exercises.ex03_dense import dense
from handgrad.learn.exercises.ex05_dense_backward import dense_backward
from handgrad.learn.exercises.ex06_relu import relu, relu_backward
from handgrad.learn.exercises.ex15_mean_loss import mean_loss
from handgrad.learn.exercises.ex17_sgd import sgd


def train(x, labels, w1, b1, w2, b2, learning_rate, steps):
    """Train w1, b1, w2 and b2 in place by gradient descent. Return the loss before each step."""
    losses = np.zeros(steps)
    for step in range(steps):
        z1 = dense(x, w1, b1)
        a1 = relu(z1)
        z2 = dense(a1, w2, b2)
        losses[step], dz2 = mean_loss(z2, labels)
        dw1, db1 = np.zeros_like(w1), np.zeros_like(b1)
        dw2, db2 = np.zeros_like(w2), np.zeros_like(b2)
        da1 = dense_backward(dz2, a1, w2, dw2, db2)
        dz1 = relu_backward(da1, z1)
        dense_backward(dz1, x, w1, dw1, db1)
        sgd(w1, dw1, learning_rate)
        sgd(b1, db1, learning_rate)
        sgd(w2, dw2, learning_rate)
        sgd(b2, db2, learning_rate)
    return losses


# --- check

from functools import cache

from handgrad.data.strokes import generate
from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


@cache
def digits():
    """Return 1,000 synthetic digits as pixels from 0 to 1, and their labels."""
    images, labels = generate(1000)
    return images.reshape(1000, 784) / 255, labels.astype(np.int64)


def initial(rng, inputs, hidden, outputs):
    """Return the parameters, uniform in ±0.5 as in the original program."""
    shapes = {"w1": (hidden, inputs), "b1": hidden, "w2": (outputs, hidden), "b2": outputs}
    return {name: rng.uniform(-0.5, 0.5, shape) for name, shape in shapes.items()}


def first_step(a):
    """Return the parameters after a step along the numerical gradient."""
    names = ("w1", "b1", "w2", "b2")

    def loss(**changed):
        w1, b1, w2, b2 = ({**a, **changed}[name] for name in names)
        return mean_loss(dense(relu(dense(a["x"], w1, b1)), w2, b2), a["labels"])[0]

    def gradient(name):
        return differences(lambda value: loss(**{name: value}), a[name].copy())

    return {name: a[name] - a["learning_rate"] * gradient(name) for name in names}


def cases(rng):
    def arguments(n, i, h, o, learning_rate, steps):
        return {
            "x": rng.normal(size=(n, i)),
            "labels": rng.integers(0, o, n),
            **initial(rng, i, h, o),
            "learning_rate": learning_rate,
            "steps": steps,
        }

    for n, i, h, o in [(3, 2, 4, 3), (5, 3, 4, 2)]:
        yield Case("one step", arguments(n, i, h, o, 0.5, 1))
    for n, i, h, o, steps in [(4, 3, 5, 2, 3), (6, 2, 3, 4, 5)]:
        yield Case("several steps", arguments(n, i, h, o, 0.5, steps))
    yield Case("square arrays", arguments(3, 3, 3, 3, 0.4, 3))
    yield Case("a batch of one", arguments(1, 3, 4, 2, 0.3, 2))
    yield Case(
        "hidden neurons that are off", {**arguments(4, 2, 3, 2, 0.5, 3), "b1": np.array([-9.0, 0.1, -9.0])}
    )
    yield Case("numerical differences", arguments(4, 3, 4, 3, 1.0, 1), expected=first_step, tolerance=1e-6)
    x, labels = digits()
    start = initial(np.random.default_rng(1), 784, 10, 10)
    yield Case(
        "training with 1,000 digits",
        {"x": x, "labels": labels, **start, "learning_rate": 0.5, "steps": 200},
        slow=True,
    )


LOSS, Z2, A1 = "losses[step], dz2 = mean_loss(z2, labels)", "z2 = dense(a1, w2, b2)", "a1 = relu(z1)"
MASK, SECOND = "dz1 = relu_backward(da1, z1)", "da1 = dense_backward(dz2, a1, w2, dw2, db2)"
ZEROS1, ZEROS2 = (
    "dw1, db1 = np.zeros_like(w1), np.zeros_like(b1)",
    "dw2, db2 = np.zeros_like(w2), np.zeros_like(b2)",
)
START, END = "losses = np.zeros(steps)", "sgd(b2, db2, learning_rate)"
STEPS = [f"sgd({w}, d{w}, learning_rate)" for w in ("w1", "b1", "w2", "b2")]
AGAIN = "mean_loss(dense(relu(dense(x, w1, b1)), w2, b2), labels)[0]"

EXERCISE = Exercise(
    chapter=4,
    minutes=20,
    section="a-whole-network",
    functions=[Function("train", returns=["losses"], changes=["w1", "b1", "w2", "b2"])],
    cases=cases,
    hints=[
        "Which arrays of the forward pass does the backward pass need again? Keep them under the names of the text.",
        "`dense_backward` adds to the gradients that it gets. What do they have to be at the start of each step? And "
        "which W2 does da1 need: the one of the forward pass, or the updated one?",
        "The backward pass is `da1 = dense_backward(dz2, a1, w2, dw2, db2)`, `dz1 = relu_backward(da1, z1)` and "
        "`dense_backward(dz1, x, w1, dw1, db1)`, with new zeros for dw1, db1, dw2 and db2 in each step. Then call "
        "`sgd` for each of the four parameters.",
    ],
    mistakes=[
        Mistake(
            "missing-inner-derivative",
            "You leave out the backward pass of ReLU: dz1 is da1 where z1 is positive, and 0 elsewhere.",
            [(MASK, "dz1 = da1")],
        ),
        Mistake(
            "not-reset",
            "You do not set the gradients back to 0. Those of the steps before are added again.",
            [
                (START, f"{START}\n    {ZEROS1}\n    {ZEROS2}"),
                (f"        {ZEROS1}\n        {ZEROS2}\n", ""),
            ],
        ),
        Mistake(
            "wrong-array",
            "You update W2 before da1 is computed. The backward pass needs the weights of the forward pass.",
            [
                (
                    SECOND,
                    f"dense_backward(dz2, a1, w2, dw2, db2)\n        {STEPS[2]}\n        da1 = dz2 @ w2",
                ),
                (f"b1, db1, learning_rate)\n        {STEPS[2]}", "b1, db1, learning_rate)"),
            ],
        ),
        Mistake(
            "wrong-step",
            "You keep the loss after each step. Keep the loss before the step, which the forward pass has computed.",
            [(LOSS, "_, dz2 = mean_loss(z2, labels)"), (END, f"{END}\n        losses[step] = {AGAIN}")],
        ),
        Mistake(
            "wrong-step",
            "You also return the loss after the last step. Return one loss for each step, before it.",
            [("return losses", f"return np.append(losses, {AGAIN})")],
        ),
        Mistake(
            "missing-term",
            "You return the last loss only. Return the loss before each step, an array.",
            [("return losses", "return losses[-1]")],
        ),
        Mistake(
            "mean-for-sum",
            "You return the mean of the losses. Return the loss before each step, an array.",
            [("return losses", "return losses.mean()")],
        ),
        Mistake(
            "missing-sum",
            "You return inside the loop, after the first step.",
            [("    return losses", "        return losses")],
        ),
        Mistake(
            "sign",
            "You add the gradients to the parameters, so the loss rises. Subtract them.",
            [(step, step.replace("learning_rate", "-learning_rate")) for step in STEPS],
        ),
        Mistake(
            "missing-factor",
            "You subtract the whole gradients. Multiply them by the learning rate.",
            [(step, step.replace("learning_rate", "1.0")) for step in STEPS],
        ),
        Mistake(
            "not-in-place",
            "`w1 = w1 - …` makes new arrays, and the caller keeps the old ones. Change the parameters in place.",
            [
                (step, f"{name} = {name} - learning_rate * d{name}")
                for step, name in zip(STEPS, ("w1", "b1", "w2", "b2"), strict=True)
            ],
        ),
        Mistake(
            "missing-term",
            "You do not update the biases. All four parameters change in each step.",
            [(STEPS[1], "pass"), (STEPS[3], "pass")],
        ),
        Mistake(
            "missing-term",
            "You do not update b1. All four parameters change in each step.",
            [(STEPS[1], "pass")],
        ),
        Mistake(
            "missing-term",
            "You do not update b2. All four parameters change in each step.",
            [(STEPS[3], "pass")],
        ),
        Mistake(
            "missing-term",
            "You do not update the first layer. All four parameters change in each step.",
            [(STEPS[0], "pass"), (STEPS[1], "pass")],
        ),
        Mistake(
            "missing-term",
            "You do not update the second layer. All four parameters change in each step.",
            [(STEPS[2], "pass"), (STEPS[3], "pass")],
        ),
        Mistake(
            "missing-activation",
            "You leave out ReLU in the forward pass. Without it two layers are no more than one.",
            [(A1, "a1 = z1")],
        ),
        Mistake(
            "missing-activation",
            "You leave out ReLU in both passes. Without it two layers are no more than one.",
            [(A1, "a1 = z1"), (MASK, "dz1 = da1")],
        ),
        Mistake(
            "extra-activation",
            "You apply ReLU to the second layer, too. Its outputs are logits, which may be negative.",
            [(Z2, "z2 = relu(dense(a1, w2, b2))")],
        ),
        Mistake(
            "extra-activation",
            "You apply ReLU to the second layer, forward and backward. Its outputs are logits.",
            [
                (Z2, "z2 = relu(dense(a1, w2, b2))"),
                (LOSS, f"{LOSS}\n        dz2 = relu_backward(dz2, z2)"),
            ],
        ),
        Mistake(
            "wrong-mask",
            "You take the mask of ReLU from da1. The slope depends on the input of the forward pass, z1.",
            [(MASK, "dz1 = relu_backward(da1, da1)")],
        ),
        Mistake(
            "wrong-array",
            "You pass z1 to the backward pass of the second layer. Its input was a1.",
            [(SECOND, "da1 = dense_backward(dz2, z1, w2, dw2, db2)")],
        ),
        Mistake(
            "no-upstream",
            "You pass a1 instead of da1 to the backward pass of ReLU. It needs the gradient that arrives.",
            [(MASK, "dz1 = relu_backward(a1, z1)")],
        ),
        Mistake(
            "sum-for-mean",
            "You multiply the gradient by N. `mean_loss` returns the gradient of the mean; use it as it is.",
            [(LOSS, f"{LOSS}\n        dz2 = dz2 * len(x)")],
        ),
        Mistake(
            "mean-twice",
            "You divide the gradient by N once more. `mean_loss` returns the gradient of the mean already.",
            [(LOSS, f"{LOSS}\n        dz2 = dz2 / len(x)")],
        ),
        Mistake(
            "mean-twice",
            "You divide the loss by N once more. `mean_loss` returns the mean already.",
            [(LOSS, f"{LOSS}\n        losses[step] /= len(x)")],
        ),
    ],
)
