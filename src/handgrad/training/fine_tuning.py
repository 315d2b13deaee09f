"""Going on from a trained model with other data: its parameters become the first ones of another training."""

from handgrad.errors import HandgradError
from handgrad.model.network import Network


def begin_from(network: Network, trained: Network, name: str) -> None:
    """Take over parameters and scaling.

    Parameters
    ----------
    network : Network
        Of the same layers, for the same inputs and classes; layers without parameters may differ in how they are
        set, as `Dropout` in its rate.
    trained : Network
    name : str
        What messages call it.

    Raises
    ------
    HandgradError
        If the two do not have the same layers, inputs or classes.
    """
    if network.input_shape != trained.input_shape:
        raise HandgradError(
            f"cannot start from {name}: it takes inputs {trained.input_shape}, the data and the recipe give "
            f"{network.input_shape}; choose other data"
        )
    if network.classes != trained.classes:
        raise HandgradError(
            f"cannot start from {name}: it knows the classes {_listed(trained.classes)}, the data have "
            f"{_listed(network.classes)}; choose data with the classes of the model"
        )
    ours, theirs = _architecture(network), _architecture(trained)
    for index, (own, its) in enumerate(zip(ours, theirs, strict=False)):
        if own != its:
            raise HandgradError(
                f"cannot start from {name}: its layer {index} is {its}, that of the recipe {own}; "
                "train the model's own recipe, or name another model"
            )
    if len(ours) != len(theirs):
        raise HandgradError(
            f"cannot start from {name}: it has {len(theirs)} layers, the recipe {len(ours)}; "
            "train the model's own recipe, or name another model"
        )
    network.flat_parameters = trained.flat_parameters.astype(network.dtype)
    network.scaling = trained.scaling


def _architecture(network: Network) -> list[str]:
    """Write each layer as its class and the shapes of its parameters."""
    return [
        " ".join(
            [type(layer).__name__, *(f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items())]
        )
        for layer, shapes in zip(network.layers, network.shapes, strict=True)
    ]


def _listed(classes: tuple[str, ...]) -> str:
    text = ", ".join(classes)
    return text if len(text) <= 40 else f"{text[:39]}…"
