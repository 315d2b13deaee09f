"""Networks and losses that a Python file of one's own makes, so that their gradients can be checked."""

import runpy
from pathlib import Path
from traceback import extract_tb

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.losses import Loss
from handgrad.model.network import Network


def load_own(path: Path) -> tuple[list[Network], list[Loss]]:
    """Run a Python file, and find the networks and losses at its top level.

    Parameters
    ----------
    path : Path

    Returns
    -------
    networks : list of Network
        In float64, with the layers, shapes and classes of those found.
    losses : list of Loss

    Raises
    ------
    HandgradError
        If the file cannot be read, fails, or makes neither.
    """
    try:
        found = runpy.run_path(str(path)).values()
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}") from error
    except Exception as error:
        raise HandgradError(f"{path}, line {_line(error, path)}: {type(error).__name__}: {error}") from error
    networks = [
        Network(
            network.layers,
            network.input_shape,
            np.random.default_rng(0),
            np.float64,
            scaling=network.scaling,
            classes=network.classes,
        )
        for network in found
        if isinstance(network, Network)
    ]
    losses = [loss for loss in found if isinstance(loss, Loss)]
    if not networks and not losses:
        raise HandgradError(
            f"{path} makes no network and no loss; to check a layer, put it into a network there, as "
            "network = hg.Network([hg.Dense(8), MyLayer(), hg.Dense(3)], input_shape=(4,))"
        )
    return networks, losses


def _line(error: Exception, path: Path) -> int | None:
    """Find the last line of the file that was at work when the error came."""
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None
