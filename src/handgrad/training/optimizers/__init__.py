"""The optimizers: how parameters follow their gradients."""

from handgrad.training.optimizers.adaptive import Adam, AdamW, RMSProp
from handgrad.training.optimizers.gradient_descent import SGD, Momentum, Nesterov
from handgrad.training.optimizers.muon import Muon
from handgrad.training.optimizers.optimizer import Optimizer

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp"]
