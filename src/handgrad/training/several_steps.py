"""Several steps of a small network in one call of C, with the bits of single steps.

On a small table the arithmetic of a step takes 30 µs; single steps would take as long again in Python.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.training.gradients import BatchGradient
from handgrad.training.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSProp
from handgrad.training.state import TrainingState

RULES: dict[type[Optimizer], tuple[str, ...]] = {
    SGD: ("sgd",),
    Momentum: ("momentum", "momentum"),
    Nesterov: ("nesterov", "momentum"),
    RMSProp: ("rmsprop", "decay", "epsilon"),
    Adam: ("adam", "beta1", "beta2", "epsilon"),
    AdamW: ("adam", "beta1", "beta2", "epsilon"),
}
"""By optimizer its kernel, and the fields that the kernel takes before the rate and the number of the update."""


def several_steps(
    gradient: BatchGradient, optimizer: Optimizer, batch_size: int
) -> Callable[[TrainingState, list[float]], int] | None:
    """Return a function that takes steps of a training; None where only single steps can be taken.

    The function takes the state, with the order of an epoch and the seed of the next step, and the learning rates of
    the next steps of the epoch. It updates network and state, and returns how many steps it took: it ends before one
    whose loss is not finite.
    """
    plain = type(optimizer) in RULES and not (optimizer.clip_norm or optimizer.max_norm)
    take = gradient.steps_kernel(batch_size) if plain else None
    if take is None:
        return None
    rule, *fields = RULES[type(optimizer)]
    constants = [getattr(optimizer, name) for name in fields]
    examples = len(gradient.dataset)

    def steps(state: TrainingState, rates: list[float]) -> int:
        optimizer.begin(gradient.network, state.moments)
        moments = [state.moments[name] for name in optimizer.moment_names]
        order: Any = np.arange(examples) if state.order is None else state.order
        rows = order[state.position : state.position + len(rates) * batch_size]
        numbers = [
            (1 - rate * optimizer.weight_decay, *constants, rate, update)
            for update, rate in enumerate(rates, state.updates + 1)
        ]
        found = take(rows, rule, moments, numbers)
        state.rng.integers(2**63, size=max(0, len(found) - 1))  # the seeds that single steps draw
        for loss, correct in found:
            state.count(loss, correct, min(batch_size, examples - state.position))
        return len(found)

    return steps
