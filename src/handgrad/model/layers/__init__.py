"""The layers."""

from handgrad.model.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, Tanh
from handgrad.model.layers.convolution import Conv2D
from handgrad.model.layers.dense import Dense, Flatten, Maxout
from handgrad.model.layers.layer import Layer
from handgrad.model.layers.normalization import BatchNorm
from handgrad.model.layers.pooling import AvgPool2D, MaxPool2D
from handgrad.model.layers.regularization import Dropout

# fmt: off
__all__ = [
    "GELU", "AvgPool2D", "BatchNorm", "Conv2D", "Dense", "Dropout", "Flatten", "Layer", "LeakyReLU", "MaxPool2D",
    "Maxout", "ReLU", "Sigmoid", "Tanh",
]
