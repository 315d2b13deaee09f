"""The model that the server answers with: a network, its file as bytes, and how it is called."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from handgrad.exports.formats import load_model, load_model_recipe
from handgrad.model.files import model_bytes
from handgrad.model.network import Network


@dataclass(frozen=True)
class Served:
    """A model as it was when it was taken into use.

    Attributes
    ----------
    content : bytes
        A whole ``model.safetensors``.
    etag : str
        Changes with the content.
    """

    name: str
    network: Network
    recipe: dict[str, Any] | None
    content: bytes
    etag: str

    @classmethod
    def of(cls, name: str, network: Network, recipe: dict[str, Any] | None) -> "Served":
        """Write a network down."""
        content = model_bytes(network, recipe)
        return cls(name, network, recipe, content, etag_of(content))

    @classmethod
    def read(cls, path: Path) -> "Served":
        """Load whatever `handgrad.load_model` loads; HandgradError where it cannot."""
        name = path.parent.name if path.name == "model.safetensors" else path.name
        return cls.of(name or path.resolve().name, load_model(path), load_model_recipe(path))


def etag_of(content: bytes) -> str:
    """Make a tag that changes with the content."""
    return f'"{sha256(content).hexdigest()[:32]}"'


class ModelInUse:
    """Holds the model in use; it is exchanged as a whole, so a request sees one or the other."""

    def __init__(self, served: Served | None = None) -> None:
        self.served = served
