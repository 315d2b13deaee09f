"""The model that the server answers with, and the latest model of a run; their routes."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, HTTPException, Response
from numpy.typing import NDArray

from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model, load_model_recipe
from handgrad.model.files import load_recipe, model_bytes
from handgrad.model.network import Network
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import parse_recipe
from handgrad.run_status import model_is_newest
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.train import CALIBRATION


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

    @property
    def content(self) -> bytes:
        """The model as the bytes of a ``model.safetensors``."""
        return model_bytes(self.network, self.recipe)

    def describe(self) -> dict[str, Any]:
        """Describe the model."""
        network, scaling = self.network, self.network.scaling
        return {
            "name": self.name,
            "classes": network.classes,
            "input_shape": network.input_shape,
            "example_shape": network.example_shape,
            "layers": [layer.to_config() for layer in network.layers],
            "parameters": network.parameter_count,
            "scaling": scaling and {"shift": scaling.shift.tolist(), "divisor": scaling.divisor.tolist()},
            "recipe": self.recipe,
        }


class ModelInUse:
    """Holder of the model in use, which is replaced as a whole: a request sees one model or the other."""

    def __init__(self, served: ServedModel | None = None) -> None:
        self.served = served

    def get(self) -> ServedModel:
        """Return the model; status 404 if there is none."""
        if self.served is None:
            line = "no model is in use; train one, or start the server with one: handgrad serve MODEL"
            raise HTTPException(404, line)
        return self.served


def routes(in_use: ModelInUse) -> APIRouter:
    """Build the routes of the model in use."""
    router = APIRouter()

    @router.get("/model")
    def describe() -> dict[str, Any]:
        """Describe the model in use: name, layers, shapes, classes, scaling and recipe."""
        return in_use.get().describe()

    @router.get("/model/file", response_class=Response)
    def file() -> Response:
        """Return the model in use as the bytes of a `model.safetensors`."""
        return file_response(in_use.get())

    return router


def file_response(model: ServedModel) -> Response:
    """Answer with a model file, whose ETag changes with its content."""
    content = model.content
    headers = {"ETag": f'"{sha256(content).hexdigest()[:32]}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def latest_model(folder: Path) -> ServedModel | None:
    """Return the model that a run would leave if it were stopped now, or None before its first step."""
    if model_is_newest(folder):
        return ServedModel.read(folder / MODEL_FILE)
    network, state = load_checkpoint(folder / CHECKPOINT_FILE)
    if state.step == 0:
        return None
    recipe = load_recipe(folder / CHECKPOINT_FILE)
    state.use_result(network)
    # statistics of the average are not in the checkpoint
    if network.has_running_statistics and state.current is not None and recipe:
        network.calibrate(_sample(parse_recipe(recipe, folder.name).toml()))
    return ServedModel(folder.name, network, recipe)


@lru_cache(maxsize=1)
def _sample(toml: str) -> NDArray[Any]:
    """Return the examples on which training measures statistics."""
    recipe = parse_recipe(tomllib.loads(toml), "the recipe")
    return np.ascontiguousarray(open_splits(recipe).train.sample(CALIBRATION))
