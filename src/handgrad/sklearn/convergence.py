"""Whether a training has converged: a plateau of the loss ends it, and a loss that still falls causes a warning."""

from collections.abc import Sequence
from typing import Any
from warnings import warn

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from handgrad.sklearn.parameters import choose_schedule
from handgrad.training.schedules import Constant, Schedule

PACE = 1 / 3
"""Of the average fall of the loss per epoch; a loss that falls faster than this at the end still falls fast."""
ANNEALED = 0.1
"""Factor of the learning rate at the end below which a schedule ends the training on purpose."""


def has_plateau(losses: Sequence[float], tol: float | None, patience: int) -> bool:
    """Whether the loss has not fallen by more than `tol` for `patience` epochs."""
    if tol is None or len(losses) <= patience:
        return False
    lowest = min(losses[:-patience])
    for loss in losses[-patience:]:
        if loss <= lowest - tol:
            return False
        lowest = min(loss, lowest)
    return True


def falls_fast(losses: Sequence[float]) -> bool:
    """Whether the loss falls in the last tenth of the epochs at more than a third of its average pace.

    The pace is that from the mean of a tenth of the epochs to the mean of the next. One epoch has none.
    """
    count, part = len(losses), max(1, len(losses) // 10)
    if count < 2:
        return False
    average = (losses[0] - losses[-1]) / (count - 1)
    pace = (np.mean(losses[-2 * part : -part]) - np.mean(losses[-part:])) / part
    return bool(pace > PACE * average > 0)


def warn_unless_converged(estimator: Any, losses: Sequence[float]) -> None:
    """Warn if training ended at `epochs` while the loss still fell fast, unless the schedule anneals the rate."""
    chosen = choose_schedule(estimator, partial=False)
    schedule: Any = Schedule.resolve(Constant if chosen is None else chosen, "schedule")
    if falls_fast(losses) and schedule(99, 100) > ANNEALED:
        ended = f"training ended after {estimator.epochs} epochs while the loss still fell fast"
        advice = "increase epochs or learning_rate, or choose a schedule such as 'one_cycle'"
        warn(f"{ended}; {advice}", ConvergenceWarning, stacklevel=5)
