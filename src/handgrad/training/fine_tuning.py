"""Fine-tuning: the parameters of a trained model become the initial ones of another training."""

from handgrad.errors import HandgradError
from handgrad.model.network import Network


def begin_from(network: Network, trained: Network, name: str) -> None:
    """Copy parameters and scaling from a trained network.

    Parameters
    ----------
    network : Network
        With the same layers, inputs and classes. Layers without parameters may have other settings, such as the rate
        of `Dropout`.
    trained : Network
    name : str
        Its name in messages.

    Raises
    ------
    HandgradError
        If the two do not have the same layers, inputs or classes.
    """
    ours, theirs = _architecture(network), _architecture(trained)
    length = min(len(ours), len(theirs))
    layer = next((index for index in range(length) if ours[index] != theirs[index]), length)
    if network.input_shape != trained.input_shape:
        reason = f"it takes inputs {trained.input_shape}, the recipe {network.input_shape}; choose other data"
    elif network.classes != trained.classes:
        now, then = (f"{', '.join(names):.60}" for names in (network.classes, trained.classes))
        reason = f"it has the classes {then}, the data {now}; choose data with the classes of the model"
    elif layer < length:
        reason = f"its layer {layer} is {theirs[layer]}, that of the recipe {ours[layer]}; train its recipe"
    elif len(ours) != len(theirs):
        reason = f"it has {len(theirs)} layers, the recipe {len(ours)}; train its recipe"
    else:
        network.flat_parameters = trained.flat_parameters.astype(network.dtype)
        network.scaling = trained.scaling
        return
    raise HandgradError(f"cannot start from {name}: {reason}, or name another model")


def _architecture(network: Network) -> list[str]:
    """Write each layer as its class and the shapes of its parameters."""
    return [
        " ".join(
            [type(layer).__name__, *(f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items())]
        )
        for layer, shapes in zip(network.layers, network.shapes, strict=True)
    ]
