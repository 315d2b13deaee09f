"""The model that the server answers with, and the latest model of a run; their routes."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from fastapi import APIRouter, Header, Response
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model, load_model_recipe
from handgrad.model.files import load_recipe, load_safetensors, model_bytes
from handgrad.model.network import Network
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import parse_recipe
from handgrad.run_status import model_is_newest
from handgrad.server.errors import NotFound
from handgrad.server.schemas import Model
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.train import CALIBRATION

FILE: dict[int | str, dict[str, Any]] = {
    204: {"description": "There are no parameters yet"},
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The client has it: `If-None-Match` names it"},
}


@dataclass(frozen=True)
class ServedModel:
    """A network, its recipe, its ``model.safetensors`` as bytes, and a tag that changes with them."""

    name: str
    network: Network
    recipe: dict[str, Any] | None
    content: bytes
    etag: str

    @classmethod
    def of(cls, name: str, network: Network, recipe: dict[str, Any] | None) -> "ServedModel":
        """Serialize a network."""
        content = model_bytes(network, recipe)
        return cls(name, network, recipe, content, f'"{sha256(content).hexdigest()[:32]}"')

    @classmethod
    def read(cls, path: Path) -> "ServedModel":
        """Load whatever `handgrad.load_model` loads; HandgradError if it cannot."""
        name = path.parent.name if path.name == MODEL_FILE else path.name
        return cls.of(name or path.resolve().name, load_model(path), load_model_recipe(path))

    def describe(self) -> Model:
        """Describe the model."""
        network, scaling = self.network, self.network.scaling
        return Model(
            name=self.name,
            classes=list(network.classes),
            input_shape=list(network.input_shape),
            example_shape=list(network.example_shape),
            layers=[layer.to_config() for layer in network.layers],
            parameters=network.parameter_count,
            scaling={"shift": scaling.shift.tolist(), "divisor": scaling.divisor.tolist()}
            if scaling
            else None,
            recipe=self.recipe,
        )


class ModelInUse:
    """Holder of the model in use, which is replaced as a whole: a request sees one model or the other."""

    def __init__(self, served: ServedModel | None = None) -> None:
        self.served = served

    def get(self) -> ServedModel:
        """Return the model; NotFound if there is none."""
        if self.served is None:
            raise NotFound(
                "no model is in use; train one, or start the server with one: handgrad serve MODEL"
            )
        return self.served


def routes(in_use: ModelInUse) -> APIRouter:
    """Build the routes of the model in use."""
    router = APIRouter(tags=["model"])

    @router.get("/model")
    def describe() -> Model:
        """Describe the model in use."""
        return in_use.get().describe()

    @router.get("/model/file", response_class=Response, responses=FILE)
    async def file(if_none_match: str | None = Header(None)) -> Response:
        """Return the model in use as the bytes of a `model.safetensors`."""
        served = in_use.get()
        return file_response(served.content, served.etag, if_none_match)

    return router


def file_response(content: bytes, etag: str, known: str | None) -> Response:
    """Answer with bytes, or with 304 if the client has them."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if known is not None and etag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/octet-stream", headers=headers)


_loading = Lock()


def latest_model(folder: Path) -> ServedModel:
    """Return the model that a run would leave if it were stopped now; HandgradError if there is none."""
    tag = latest_tag(folder)
    if tag is None:
        raise HandgradError(f"{folder.name} has no parameters yet; wait for its first step")
    with _loading:  # requests at the same time share the result
        return _latest(folder, tag)


def latest_tag(folder: Path) -> str | None:
    """Return a tag that changes whenever the latest parameters do, or None if there are none."""
    try:
        status = (folder / (MODEL_FILE if model_is_newest(folder) else CHECKPOINT_FILE)).stat()
    except OSError:
        return None
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"'


@lru_cache(maxsize=2)
def _latest(folder: Path, tag: str) -> ServedModel:
    if model_is_newest(folder):
        path = folder / MODEL_FILE
        return ServedModel(folder.name, load_safetensors(path), load_recipe(path), path.read_bytes(), tag)
    network, state = load_checkpoint(folder / CHECKPOINT_FILE)
    recipe = load_recipe(folder / CHECKPOINT_FILE)
    state.use_result(network)
    # statistics of the average are not in the checkpoint
    if network.has_running_statistics and state.current is not None and recipe:
        network.calibrate(_sample(parse_recipe(recipe, folder.name).toml()))
    return ServedModel(folder.name, network, recipe, model_bytes(network, recipe, state.step), tag)


@lru_cache(maxsize=1)
def _sample(toml: str) -> NDArray[Any]:
    """Return the examples on which training measures statistics."""
    recipe = parse_recipe(tomllib.loads(toml), "the recipe")
    return np.ascontiguousarray(open_splits(recipe).train.sample(CALIBRATION))
