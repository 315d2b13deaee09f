"""The layers, one a file."""

from handgrad.model.layers.dense import Dense
from handgrad.model.layers.layer import Layer
from handgrad.model.layers.relu import ReLU

__all__ = ["Dense", "Layer", "ReLU"]
