"""The losses: what training minimizes, and its derivative."""

from handgrad.model.losses.classification import BinaryCrossEntropy, CrossEntropy
from handgrad.model.losses.loss import Loss
from handgrad.model.losses.regression import Huber, MeanSquaredError

__all__ = ["BinaryCrossEntropy", "CrossEntropy", "Huber", "Loss", "MeanSquaredError"]


def default_loss(task: str) -> Loss:
    """Return the loss that training minimizes where none is given."""
    losses = {"multilabel": BinaryCrossEntropy, "regression": MeanSquaredError}
    return losses.get(task, CrossEntropy)()
