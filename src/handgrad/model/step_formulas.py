"""Formulas of the arrays outside the layers: the input, what comes behind the last layer, and the update.

``{z}`` stands for the name of the output of the last layer, ``{target}`` for that of the class, label or target,
``{parameter}`` and ``{gradient}`` for those of a parameter and its gradient. Index formulas are those of
`derivation.derive`.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Formula(NamedTuple):
    """How an array is computed, and the index formula of its entries."""

    text: str
    entry: str


INPUTS: Mapping[str, Formula] = {
    "unscaled": Formula("x = raw", "n,i… = raw[n,i…]"),
    "bytes": Formula("x = raw / 255", "n,i… = raw[n,i…] / 255"),
    "standardized": Formula(
        "x = (raw − shift) / divisor", "n,i… = (raw[n,i…] - shift[n,i…]) / divisor[n,i…]"
    ),
}
"""The input of the first layer, by the kind of scaling."""

RESULTS: Mapping[str, Mapping[str, Formula]] = {
    "classification": {
        "probabilities": Formula(
            "softmax({z}) = exp {z} / Σ exp {z}",
            "n,c = exp(z[n,c] - largest) / (Σ[k] exp(z[n,k] - largest))",
        ),
        "loss": Formula(
            "loss = −log probabilities[{target}]",
            " = largest + log(Σ[k] exp(z[0,k] - largest)) - z[0,label]",
        ),
        "dz": Formula("d{z} = probabilities − one_hot({target})", "n,c = probabilities[n,c] - (c == label)"),
    },
    "multilabel": {
        "probabilities": Formula("sigmoid({z}) = 1 / (1 + exp −{z})", "n,c = 1 / (1 + exp(-z[n,c]))"),
        "loss": Formula(
            "loss = −log probabilities[{target}]",
            " = max(-z[0,label], 0) + log(1 + exp(-abs(z[0,label])))",
        ),
        "dz": Formula(
            "d{z} = (probabilities − 1) one_hot({target})", "n,c = (probabilities[n,c] - 1) * (c == label)"
        ),
    },
    "regression": {
        "predictions": Formula("predictions = {z}", "n,t = z[n,t] * divisor[t] + shift[t]"),
        "dz": Formula("d{z} = one_hot({target})", "n,t = divisor[t] * (t == target)"),
    },
    "scaled regression": {
        "predictions": Formula("predictions = {z} · divisor + shift", "n,t = z[n,t] * divisor[t] + shift[t]"),
        "dz": Formula("d{z} = divisor one_hot({target})", "n,t = divisor[t] * (t == target)"),
    },
}
"""What comes behind the last layer, by task: its arrays, and the gradient of its outputs."""

UPDATE = Formula("{parameter} ← {parameter} − rate · {gradient}", "i… = parameter[i…] - rate * gradient[i…]")
"""A parameter after a step of gradient descent."""
