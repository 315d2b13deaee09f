"""From fitted scikit-learn objects to networks: a classifier, a search, a pipeline."""

from copy import copy
from typing import Any

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def network_of(model: Any) -> Network:
    """Return the network that computes the predictions of a fitted model.

    Parameters
    ----------
    model : Network, HandgradClassifier, or a search or pipeline of scikit-learn that ends in one
        Before the classifier a pipeline may have a ``StandardScaler``, which becomes a part of the network.

    Raises
    ------
    HandgradError
        If there is no network in the model, since it is not fitted, say, or a step before it that no file can hold.
    """
    if isinstance(model, Network):
        return model
    if hasattr(model, "steps"):  # a pipeline
        network = network_of(model.steps[-1][1])
        for name, step in reversed(model.steps[:-1]):
            if step is not None and step != "passthrough":
                network = _merge_scaler(network, name, step)
        return network
    if hasattr(model, "best_estimator_"):  # a search
        return network_of(model.best_estimator_)
    found = getattr(model, "network_", None)
    if not isinstance(found, Network):
        raise HandgradError(f"a Network or a fitted HandgradClassifier is needed; got {model!r:.60}")
    return found


def _merge_scaler(network: Network, name: str, step: Any) -> Network:
    """Return a network with the inputs of a StandardScaler: ((raw − mean) / scale − shift) / divisor."""
    if type(step).__name__ != "StandardScaler" or network.features:
        raise HandgradError(
            f"model files cannot hold the step '{name}', {type(step).__name__}, before the network; fit "
            "HandgradClassifier on the table itself, which scales numbers and encodes names"
        )
    zeros = np.zeros(step.n_features_in_)
    mean = step.mean_ if step.with_mean else zeros
    scale = step.scale_ if step.with_std else zeros + 1
    inner = network.scaling or Scaling(np.array(0.0), np.array(1.0))
    network = copy(network)
    network.scaling = Scaling(mean + scale * inner.shift, scale * inner.divisor)
    network.features = tuple(map(str, getattr(step, "feature_names_in_", ())))
    return network
