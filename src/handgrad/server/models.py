"""The model that the server answers with, and the latest model of a run."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Response

from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model, load_model_recipe
from handgrad.model.files import load_recipe, model_bytes
from handgrad.model.network import Network
from handgrad.server.run_folders import is_finished, is_result
from handgrad.training.checkpoint import load_checkpoint


@dataclass(frozen=True)
class ServedModel:
    """A network, its name, and its recipe as plain tables."""

    name: str
    network: Network
    recipe: dict[str, Any] | None

    @classmethod
    def read(cls, path: Path) -> "ServedModel":
        """Load whatever `handgrad.load_model` loads; HandgradError if it cannot."""
        name = path.parent.name if path.name == MODEL_FILE else path.name
        return cls(name or path.resolve().name, load_model(path), load_model_recipe(path))

    def describe(self) -> dict[str, Any]:
        """Describe the model."""
        network = self.network
        return {
            "name": self.name,
            "task": network.task or "classification",
            "classes": network.classes,
            "features": network.features,
            "input_shape": network.input_shape,
            "example_shape": network.example_shape,
            "layers": [layer.to_config() for layer in network.layers],
            "parameters": network.parameter_count,
            "recipe": self.recipe,
        }


@dataclass
class ModelInUse:
    """Holder of the model in use, which is replaced as a whole: a request sees one model or the other."""

    served: ServedModel | None = None

    def get(self) -> ServedModel:
        """Return the model; status 404 if there is none."""
        if self.served is None:
            line = "no model is in use; train one, or start the server with one: handgrad serve MODEL"
            raise HTTPException(404, line)
        return self.served


def file_response(model: ServedModel) -> Response:
    """Answer with a model file, whose ETag changes with its content."""
    content = model_bytes(model.network, model.recipe)
    headers = {"ETag": f'"{sha256(content).hexdigest()[:32]}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def latest_model(folder: Path) -> ServedModel | None:
    """Return the model that a run would leave if it ended now, or None before its first step."""
    if is_finished(folder) or not (folder / CHECKPOINT_FILE).exists() or is_result(folder):
        return ServedModel.read(folder / MODEL_FILE)
    network, state = load_checkpoint(folder / CHECKPOINT_FILE)
    if state.step == 0:
        return None
    if not network.has_running_statistics:  # a checkpoint holds them for its last step only
        state.use_result(network)
    return ServedModel(folder.name, network, load_recipe(folder / CHECKPOINT_FILE))
