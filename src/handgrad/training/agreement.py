"""What ranks must have in common before they train together."""

import re
from zlib import crc32

from handgrad.data.dataset import Splits
from handgrad.model.network import Network
from handgrad.training.gradients import BatchGradient
from handgrad.training.plan import Plan
from handgrad.training.state import TrainingState


def check_agreement(
    network: Network, splits: Splits, plan: Plan, batch_gradient: BatchGradient, state: TrainingState
) -> None:
    """Make sure that all ranks were given the same.

    Raises
    ------
    HandgradError
        On all of them, naming what one has otherwise.
    """
    weights = batch_gradient.weights
    position = {
        name: value for name, value in state.numbers().items() if name not in ("seconds", "fingerprint")
    }
    scaling = network.scaling
    batch_gradient.communication.alike(
        data=[split and split.fingerprint() for split in (splits.train, splits.validation)],
        layers=_told(network.layers),
        scaling=scaling and crc32(scaling.shift.tobytes() + scaling.divisor.tobytes()),
        parameters=crc32(network.flat_parameters.data),
        settings=_told((plan, batch_gradient.augmentation, batch_gradient.adversarial)),
        state=str(position),
        sample_weights=weights is not None and crc32(weights.data),
    )


def _told(settings: object) -> str:
    """Write settings down, but not where in memory things are that have no words for themselves."""
    return re.sub(" at 0x[0-9a-fA-F]+", "", repr(settings))
