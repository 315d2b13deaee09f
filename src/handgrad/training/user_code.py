"""Networks and losses from a user's Python file, for ``handgrad check FILE``."""

import runpy
from pathlib import Path
from traceback import extract_tb

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.losses import Loss
from handgrad.model.network import Network


def load_user_code(path: Path) -> tuple[list[Network], list[Loss]]:
    """Run a Python file, and return the networks, converted to float64, and the losses at its top level."""
    try:
        found = list(runpy.run_path(str(path)).values())
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
        raise HandgradError(f"{path}, line {line}: {type(error).__name__}: {error}") from error
    networks = [
        Network(net.layers, net.input_shape, 0, np.float64, scaling=net.scaling, classes=net.classes)
        for net in found
        if isinstance(net, Network)
    ]
    losses = [loss for loss in found if isinstance(loss, Loss)]
    if not networks and not losses:
        raise HandgradError(
            f"{path} creates neither a network nor a loss; to check a layer, put it into a network"
        )
    return networks, losses
