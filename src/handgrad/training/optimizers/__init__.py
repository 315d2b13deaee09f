"""How parameters follow their gradients."""

from handgrad.training.optimizers.adaptive import Adam, AdamW, RMSProp
from handgrad.training.optimizers.muon import Muon
from handgrad.training.optimizers.optimizer import Optimizer
from handgrad.training.optimizers.sgd import SGD, Momentum, Nesterov

__all__ = ["SGD", "Adam", "AdamW", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp"]
