"""The schedules: how the learning rate changes over a training."""

from handgrad.training.schedules.cosine import Cosine, OneCycle
from handgrad.training.schedules.decay import Constant, Exponential, ReduceOnPlateau, StepDecay
from handgrad.training.schedules.schedule import Schedule

__all__ = ["Constant", "Cosine", "Exponential", "OneCycle", "ReduceOnPlateau", "Schedule", "StepDecay"]
