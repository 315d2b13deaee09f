"""The network in what scikit-learn has fitted: a classifier, a search, a pipeline."""

from copy import copy
from typing import Any

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def network_of(model: Any) -> Network:
    """Find the network that gives a fitted model's answers.

    Parameters
    ----------
    model : Network, HandgradClassifier, or a search or pipeline of scikit-learn that ends in one
        Before the classifier a pipeline may have a ``StandardScaler``, which becomes a part of the network.

    Returns
    -------
    Network
        It takes what the whole model takes.

    Raises
    ------
    HandgradError
        If there is no network in it, or a step before it that no file could hold.
    NotFittedError
        From scikit-learn, if the model is not fitted.
    """
    if isinstance(model, Network):
        return model
    if not hasattr(model, "get_params") or not hasattr(model, "fit"):
        raise HandgradError(f"a Network or a fitted classifier is needed; got {model!r:.60}")
    from sklearn.utils.validation import check_is_fitted

    steps = getattr(model, "steps", None)
    if steps is None:
        check_is_fitted(model)
        inner = getattr(model, "best_estimator_", None)
        found = getattr(model, "network_", None) if inner is None else network_of(inner)
        if not isinstance(found, Network):
            raise HandgradError(
                f"{type(model).__name__} holds no network of handgrad; fit an HandgradClassifier"
            )
        return found
    network = network_of(steps[-1][1])
    for name, step in reversed(steps[:-1]):
        if step is not None and step != "passthrough":
            network = _behind(network, name, step)
    return network


def _behind(network: Network, name: str, step: Any) -> Network:
    """Give the network that takes what a step of a pipeline takes."""
    if type(step).__name__ != "StandardScaler" or network.features:
        raise HandgradError(
            f"no file holds the step '{name}', {type(step).__name__}, which comes before the network; fit "
            "HandgradClassifier on the table itself, which scales numbers and takes names as they are"
        )
    zeros = np.zeros(step.n_features_in_)
    mean = step.mean_ if step.with_mean else zeros
    scale = step.scale_ if step.with_std else zeros + 1
    own = network.scaling or Scaling(np.array(0.0), np.array(1.0))
    network = copy(network)  # ((raw − mean) / scale − shift) / divisor
    network.scaling = Scaling(mean + scale * own.shift, scale * own.divisor)
    network.features = tuple(map(str, getattr(step, "feature_names_in_", ())))
    return network
