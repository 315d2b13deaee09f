"""Training that starts from the parameters of a trained model."""

from itertools import zip_longest

from handgrad.errors import HandgradError
from handgrad.model.network import Network


def begin_from(network: Network, trained: Network, name: str) -> None:
    """Copy parameters and scaling from a trained network; HandgradError, with its name, if the two differ.

    Layers without parameters may have other settings, such as the rate of `Dropout`.
    """
    for what, ours, theirs in (
        ("input shape", [network.input_shape], [trained.input_shape]),
        ("task", [network.task or trained.task], [trained.task]),
        ("class", network.classes, trained.classes),
        ("layer", _architecture(network), _architecture(trained)),
    ):
        for index, (here, there) in enumerate(zip_longest(ours, theirs, fillvalue="missing")):
            if here != there:
                raise HandgradError(
                    f"cannot start from {name}: its {what} {index} is {there}, that of the recipe is {here}; "
                    "train the recipe of the model, on data with its inputs and classes"
                )
    network.flat_parameters = trained.flat_parameters.astype(network.dtype)
    network.features, network.task = trained.features, trained.task
    network.scaling, network.target_scaling = trained.scaling, trained.target_scaling


def _architecture(network: Network) -> list[str]:
    """Describe each layer by its class and the shapes of its parameters."""
    pairs = zip(network.layers, network.shapes, strict=True)
    return [f"{type(layer).__name__}{[*shapes.values()] or ''}" for layer, shapes in pairs]
