"""The layers, one a file."""

from handgrad.model.layers.batch_norm import BatchNorm
from handgrad.model.layers.convolution import Conv2D
from handgrad.model.layers.dense import Dense
from handgrad.model.layers.dropout import Dropout
from handgrad.model.layers.flatten import Flatten
from handgrad.model.layers.gelu import GELU
from handgrad.model.layers.layer import Layer
from handgrad.model.layers.leaky_relu import LeakyReLU
from handgrad.model.layers.maxout import Maxout
from handgrad.model.layers.pooling import AvgPool2D, MaxPool2D
from handgrad.model.layers.relu import ReLU
from handgrad.model.layers.sigmoid import Sigmoid
from handgrad.model.layers.tanh import Tanh

__all__ = [
    "GELU",
    "AvgPool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "Maxout",
    "ReLU",
    "Sigmoid",
    "Tanh",
]
