"""How parameters follow their gradients."""

from handgrad.learning.optimizers.adaptive import Adam, AdamW, RMSProp
from handgrad.learning.optimizers.muon import Muon
from handgrad.learning.optimizers.optimizer import Optimizer
from handgrad.learning.optimizers.sgd import SGD, Momentum, Nesterov

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp"]
