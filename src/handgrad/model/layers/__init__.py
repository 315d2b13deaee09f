"""The layers."""

from handgrad.model.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, Tanh
from handgrad.model.layers.convolution import AvgPool2D, Conv2D, MaxPool2D
from handgrad.model.layers.dense import Dense, Flatten, Maxout
from handgrad.model.layers.layer import Layer
from handgrad.model.layers.regularization import BatchNorm, Dropout

# fmt: off
__all__ = [
    "GELU", "AvgPool2D", "BatchNorm", "Conv2D", "Dense", "Dropout", "Flatten", "Layer", "LeakyReLU", "MaxPool2D",
    "Maxout", "ReLU", "Sigmoid", "Tanh",
]
