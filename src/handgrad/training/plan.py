"""How to train: what `handgrad.train` was asked for, checked and complete, and what it means for each step."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from handgrad.kernels.threads import Workers
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.training.averaging import Averaging
from handgrad.training.metrics import Evaluation
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The arguments of `handgrad.train`, which says what each of them is."""

    optimizer: Optimizer
    schedule: Schedule
    loss: Loss
    averaging: Averaging | None
    early_stopping: EarlyStopping | None
    batch_size: int
    epoch_steps: int
    total: int
    record_every: int

    def is_done(self, state: TrainingState) -> bool:
        """Say whether all steps are made, or no better record came for too long."""
        patience = self.early_stopping.patience if self.early_stopping else self.total
        return state.step >= self.total or state.waited >= patience

    def step(self, network: Network, gradient: NDArray[Any], state: TrainingState, workers: Workers) -> float:
        """Move the parameters, and their average with them; gives the learning rate."""
        rate = self.optimizer.learning_rate * self.schedule(state.step, self.total, state.memory)
        state.updates += 1
        self.optimizer.step(network, gradient, state.moments, state.updates, rate, workers)
        state.step += 1
        if self.averaging:
            share = self.averaging.share(state.step, self.total, self.epoch_steps, state.averaged)
            if share:
                state.include(network.flat_parameters, share, workers)
        return rate

    def judge(
        self, loss: float, validation: Evaluation | None, network: Network, state: TrainingState
    ) -> None:
        """Let schedule and early stopping look at a record."""
        self.schedule.observe(validation.loss if validation else loss, state.memory)
        if self.early_stopping and validation:
            score = self.early_stopping.score(validation.loss, validation.accuracy)
            state.judge(network.flat_parameters, score)
