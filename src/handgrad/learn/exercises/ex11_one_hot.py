"""One-hot targets.

A network with C classes returns C numbers for each example. The label of an example is the number of its class, from
0 to C − 1. To compare the two, write each label as a row of C numbers: 1 at the label, and 0 elsewhere. This row is
the probability of each class that the network should return.

    t[n, c] = 1 if c = labels[n], else 0

Compute the rows of all N examples. Return a new array of float64. Change none of the arguments.

| array | shape |
|---|---|
| labels | (N,), whole numbers |
| classes | the number C |
| targets | (N, C) |

Example: three examples, and four classes. No label is 1, but class 1 has a column, too.

>>> one_hot(np.array([2, 0, 3]), 4)
array([[0., 0., 1., 0.],
       [1., 0., 0., 0.],
       [0., 0., 0., 1.]])
"""

import numpy as np


def one_hot(labels, classes):
    """Return the targets (N, C)."""
    targets = np.zeros((len(labels), classes))
    targets[np.arange(len(labels)), labels] = 1
    return targets


# --- check

from handgrad.learn.exercise import Case, Exercise, Function, Mistake


def cases(rng):
    for n, c in [(2, 3), (5, 4), (7, 3)]:
        labels = rng.integers(0, c, size=n)
        labels[0] = c - 1
        yield Case("random shapes", {"labels": labels, "classes": c})
    yield Case("square arrays", {"labels": np.array([1, 2, 2]), "classes": 3})
    yield Case("a batch of one", {"labels": np.array([1]), "classes": 4})
    yield Case("classes without examples", {"labels": np.array([1, 0, 1]), "classes": 5})
    yield Case("one class for all", {"labels": np.array([2, 2, 2, 2]), "classes": 3})


EXERCISE = Exercise(
    chapter=3,
    minutes=5,
    section="softmax-and-cross-entropy",
    functions=[
        Function("one_hot", returns=["targets"], derivations={"targets": "targets[n,c] = c == labels[n]"})
    ],
    cases=cases,
    hints=[
        "Begin with an array of zeros of the right shape. How many numbers must you change in each row?",
        "Row n changes in column labels[n]. A loop over the examples can do this. NumPy can do it at once, with an "
        "array of row numbers and an array of column numbers.",
        "t[n, labels[n]] = 1 for n = 0 … N − 1: `targets[np.arange(len(labels)), labels] = 1`, after "
        "`targets = np.zeros((len(labels), classes))`.",
    ],
    mistakes=[
        Mistake(
            "transposed-one-hot",
            "You return one column for each example, (C, N). Examples are rows: (N, C).",
            [("return targets", "return targets.T")],
        ),
        Mistake(
            "transposed-one-hot",
            "You use the label as the row. Row n belongs to example n, and the label is the column.",
            [("[np.arange(len(labels)), labels]", "[labels, np.arange(len(labels))]")],
        ),
        Mistake(
            "wrong-index",
            "targets[:, labels] = 1 writes all labels into every row. Row n has one 1: give the row numbers, too.",
            [("[np.arange(len(labels)), labels]", "[:, labels]")],
        ),
        Mistake(
            "wrong-index",
            "You count the classes from 1. Labels begin with 0, so label 0 is column 0.",
            [("labels] = 1", "labels - 1] = 1")],
        ),
        Mistake(
            "wrong-index",
            "Row n has its 1 in column n, whatever its label is. The column is labels[n].",
            [
                (
                    "targets[np.arange(len(labels)), labels] = 1",
                    "targets = np.eye(len(labels), classes)",
                )
            ],
        ),
        Mistake(
            "wrong-shape",
            "You take the number of classes from the largest label. A batch may lack the last class: use classes.",
            [("(len(labels), classes)", "(len(labels), labels.max() + 1)")],
        ),
        Mistake(
            "wrong-array",
            "You write the label into its column. A target is a probability: write 1.",
            [("labels] = 1", "labels] = labels")],
        ),
        Mistake(
            "missing-one-hot",
            "You repeat the label in each column. Write 1 in the column of the label, and 0 elsewhere.",
            [("targets[np.arange(len(labels)), labels] = 1", "targets += labels[:, None]")],
        ),
        Mistake(
            "missing-one-hot",
            "You return the labels themselves. Each becomes a row of C numbers, with 1 at the label.",
            [("return targets", "return labels.astype(float)")],
        ),
        Mistake(
            "inverted-mask",
            "The label has 0 and the other classes have 1. It is the other way round.",
            [("return targets", "return 1 - targets")],
        ),
        Mistake(
            "wrong-dtype",
            "The targets are integers. They are probabilities: return float64.",
            [("classes))", "classes), int)")],
        ),
        Mistake(
            "wrong-dtype",
            "The targets are True and False. They are probabilities: return float64, e.g. with astype(float).",
            [("classes))", "classes), bool)")],
        ),
    ],
)
