"""The gradient of a large batch, in chunks.

The classes of N examples are learned by one dense layer with softmax. Its loss is the mean over all N examples, and
its gradient needs the logits of all of them. If N is large, the arrays do not fit into memory. So the batch is cut
into chunks of `size` examples, one after the other; the last chunk has fewer if `size` does not divide N.

`mean_loss` of a chunk of n examples is the mean over these n. The result must be that of the whole batch, so each
chunk counts by its share n/N of the examples:

    loss = Σ (n / N) · loss of the chunk
    dW   = Σ (n / N) · dW of the chunk
    db   = Σ (n / N) · db of the chunk

The sums run over the chunks. Use your functions `dense(x, weights, biases)`, `mean_loss(logits, labels)`, which
returns the loss and dlogits, and `dense_backward(dy, x, weights, dweights, dbiases)`, which adds to the last two.

Return a tuple of the loss, dW and db. They do not depend on `size`. Change none of the arguments.

| array | shape |
|---|---|
| x | (N, I) |
| labels | (N,), integers from 0 to O − 1 |
| weights, dW | (O, I) |
| biases, db | (O,) |
| loss | a number |

Example: three examples in chunks of two, so the chunks count 2/3 and 1/3. With parameters of 0, both classes of each
example have the probability 0.5, and its loss is log 2, about 0.693. The derivative of a logit is −0.5 for the label
and 0.5 for the other class. db[0] is (−0.5 + 0.5 + 0.5) / 3, about 0.167.

>>> x, labels = np.array([[1.0], [2.0], [6.0]]), np.array([0, 1, 1])
>>> loss, dweights, dbiases = batch_gradient(x, labels, np.zeros((2, 1)), np.zeros(2), 2)
>>> print(f"{loss:.3f}")
0.693
>>> dbiases.round(3)
array([ 0.167, -0.167])
>>> dweights.round(3)
array([[ 1.167],
       [-1.167]])
"""

import numpy as np

from handgrad.learn.exercises.ex03_dense import dense
from handgrad.learn.exercises.ex05_dense_backward import dense_backward
from handgrad.learn.exercises.ex15_mean_loss import mean_loss


def batch_gradient(x, labels, weights, biases, size):
    """Return the mean loss, dW (O, I) and db (O,), computed in chunks of at most `size` examples."""
    loss, dweights, dbiases = 0.0, np.zeros_like(weights), np.zeros_like(biases)
    for start in range(0, len(x), size):
        chunk = slice(start, start + size)
        chunk_loss, dlogits = mean_loss(dense(x[chunk], weights, biases), labels[chunk])
        share = len(labels[chunk]) / len(labels)
        loss += share * chunk_loss
        dense_backward(share * dlogits, x[chunk], weights, dweights, dbiases)
    return loss, dweights, dbiases


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake, differences


def whole(x, labels, weights, biases):
    """Return the loss, dW and db of the whole batch at once."""
    loss, dlogits = mean_loss(dense(x, weights, biases), labels)
    return {"loss": loss, "dweights": dlogits.T @ x, "dbiases": dlogits.sum(axis=0)}


def cases(rng):
    def arguments(n, i, o, size):
        return {
            "x": rng.normal(size=(n, i)),
            "labels": rng.integers(0, o, n),
            "weights": rng.normal(size=(o, i)),
            "biases": rng.normal(size=o),
            "size": size,
        }

    def at_once(a):
        return whole(a["x"], a["labels"], a["weights"], a["biases"])

    for n, i, o, size in [(6, 3, 2, 2), (8, 2, 4, 4)]:
        yield Case("equal chunks", arguments(n, i, o, size), expected=at_once)
    for n, i, o, size in [(5, 3, 2, 3), (7, 2, 3, 3), (9, 4, 3, 4)]:
        yield Case("a smaller last chunk", arguments(n, i, o, size), expected=at_once)
    yield Case("square arrays", arguments(5, 3, 3, 3), expected=at_once)
    yield Case("chunks of one example", arguments(3, 2, 3, 1), expected=at_once)
    yield Case("a single chunk", arguments(4, 3, 2, 4), expected=at_once)
    yield Case("a chunk larger than the batch", arguments(3, 2, 4, 10), expected=at_once)
    yield Case(
        "numerical differences",
        arguments(5, 3, 4, 2),
        expected=lambda a: {
            "dweights": differences(
                lambda w: whole(a["x"], a["labels"], w, a["biases"])["loss"], a["weights"].copy()
            ),
            "dbiases": differences(
                lambda b: whole(a["x"], a["labels"], a["weights"], b)["loss"], a["biases"].copy()
            ),
        },
        tolerance=1e-6,
    )


SHARE, BACKWARD = "len(labels[chunk]) / len(labels)", "dense_backward(share * dlogits,"
ADD, RANGE, END = "loss += share * chunk_loss", "range(0, len(x), size)", "return loss, dweights, dbiases"

EXERCISE = Exercise(
    chapter=4,
    minutes=15,
    section="a-dense-layer-for-a-batch",
    functions=[Function("batch_gradient", returns=["loss", "dweights", "dbiases"])],
    cases=cases,
    hints=[
        "Seven examples in chunks of three: how much does the loss of the last example count in the mean over its "
        "chunk, and how much in the mean over all?",
        "Start with a loss of 0 and gradients of zeros. Loop over `range(0, len(x), size)`: `x[start : start + size]` "
        "is a chunk, and a slice that is too long ends at the end of the array.",
        "The mean over N examples is Σ (n/N) · (mean over the n of a chunk). Gradients are linear in dlogits: "
        "multiply dlogits of the chunk by n/N, and let `dense_backward` add to dweights and dbiases.",
    ],
    mistakes=[
        Mistake(
            "wrong-constant",
            "You take the mean over the chunks. The last chunk may be smaller: weight each by n/N.",
            [(SHARE, "1 / -(-len(labels) // size)")],
        ),
        Mistake(
            "wrong-constant",
            "You weight each chunk by size/N. The last chunk may have fewer examples: n/N.",
            [(SHARE, "size / len(labels)")],
        ),
        Mistake(
            "sum-for-mean",
            "You add up the means of the chunks. Weight each by its share n/N of the examples.",
            [(SHARE, "1.0")],
        ),
        Mistake(
            "sum-for-mean",
            "You weight each chunk by n, which gives a sum over the examples. Divide by N.",
            [(SHARE, "len(labels[chunk])")],
        ),
        Mistake(
            "mean-twice",
            "You divide the means of the chunks by N. A chunk of n examples counts n/N.",
            [(SHARE, "1 / len(labels)")],
        ),
        Mistake(
            "missing-factor",
            "You weight the loss by n/N, and the gradients not.",
            [(BACKWARD, "dense_backward(dlogits,")],
        ),
        Mistake(
            "missing-factor",
            "You weight the gradients by n/N, and the loss not.",
            [(ADD, "loss += chunk_loss")],
        ),
        Mistake(
            "wrong-constant",
            "You weight the gradients by n/N, and take the plain mean over the chunks for the loss.",
            [(ADD, "loss += chunk_loss / -(-len(labels) // size)")],
        ),
        Mistake(
            "missing-term",
            "You leave out the last chunk if it is smaller. Its examples belong to the mean, too.",
            [(RANGE, "range(0, len(x) - size + 1, size)")],
        ),
        Mistake(
            "missing-term",
            "You leave out the last chunk. The loop has to reach the end of the batch.",
            [(RANGE, "range(0, len(x) - size, size)")],
        ),
        Mistake(
            "missing-term",
            "You leave out the first chunk. It starts at 0.",
            [(RANGE, "range(size, len(x), size)")],
        ),
        Mistake(
            "missing-sum",
            "You return inside the loop, after the first chunk.",
            [(END, f"    {END}")],
        ),
        Mistake(
            "overwritten",
            "You keep the gradients of the last chunk only. Add up those of all chunks.",
            [(BACKWARD, f"dweights[:] = dbiases[:] = 0\n        {BACKWARD}")],
        ),
        Mistake(
            "overwritten",
            "You keep dW of the last chunk only. Add up those of all chunks.",
            [(BACKWARD, f"dweights[:] = 0\n        {BACKWARD}")],
        ),
        Mistake(
            "overwritten",
            "You keep db of the last chunk only. Add up those of all chunks.",
            [(BACKWARD, f"dbiases[:] = 0\n        {BACKWARD}")],
        ),
        Mistake(
            "overwritten",
            "You keep the loss of the last chunk only. Add up those of all chunks.",
            [(ADD, "loss = share * chunk_loss")],
        ),
        Mistake(
            "overwritten",
            "You return the mean loss of the last chunk. The loss is the mean over all examples.",
            [(ADD, "loss = chunk_loss")],
        ),
        Mistake(
            "boundary",
            "Your chunks overlap by one example. The slice start : start + size has `size` examples.",
            [("start + size)", "start + size + 1)")],
        ),
        Mistake(
            "boundary",
            "Your chunks lack their last example. The slice start : start + size has `size` examples.",
            [
                ("start + size)", "start + size - 1)"),
                (
                    "        chunk_loss,",
                    "        if not len(labels[chunk]):\n            continue\n        chunk_loss,",
                ),
            ],
        ),
        Mistake(
            "wrong-step",
            "You move on by one example, and each is in several chunks. The next chunk starts `size` later.",
            [(RANGE, "range(len(x))")],
        ),
        Mistake(
            "wrong-array",
            "You use the labels of the first chunk for all chunks. Take the same slice of x and labels.",
            [("weights, biases), labels[chunk]", "weights, biases), labels[: len(labels[chunk])]")],
        ),
        Mistake(
            "wrong-array",
            "You use the first examples of x in the backward pass. It needs the x of its chunk.",
            [("share * dlogits, x[chunk]", "share * dlogits, x[: len(labels[chunk])]")],
        ),
        Mistake(
            "swapped-results",
            "You return dW and db in the wrong order: loss, dW, db.",
            [(END, "return loss, dbiases, dweights")],
        ),
        Mistake(
            "missing-bias",
            "You leave the biases out of the logits.",
            [("weights, biases)", "weights, 0 * biases)")],
        ),
    ],
)
