"""Routes of the model in use."""

from typing import Any

from fastapi import APIRouter, Header, HTTPException, Response

from handgrad.server.errors import NOT_FOUND
from handgrad.server.model_in_use import ModelInUse, Served
from handgrad.server.schemas import Model

NONE = "no model is in use yet; train one, or start the server with one: handgrad serve MODEL"
FILE: dict[int | str, dict[str, Any]] = {
    **NOT_FOUND,
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The client has it: `If-None-Match` names it"},
}


def routes(in_use: ModelInUse) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["model"])

    @router.get("/model", responses=NOT_FOUND)
    def tell() -> Model:
        """Describe the model in use."""
        return described(chosen(in_use))

    @router.get("/model/file", response_class=Response, responses=FILE)
    async def file(if_none_match: str | None = Header(None)) -> Response:
        """Give the model in use as the bytes of a `model.safetensors`."""
        served = chosen(in_use)
        return tagged(served.content, served.etag, if_none_match)

    return router


def chosen(in_use: ModelInUse) -> Served:
    """Give the model in use; 404 where there is none."""
    served = in_use.served
    if served is None:
        raise HTTPException(404, NONE)
    return served


def tagged(content: bytes, etag: str, known: str | None) -> Response:
    """Answer with bytes, or with 304 where the client has them."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if known is not None and etag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/octet-stream", headers=headers)


def described(served: Served) -> Model:
    """Describe a model."""
    network = served.network
    scaling = network.scaling
    return Model(
        name=served.name,
        classes=list(network.classes),
        input_shape=list(network.input_shape),
        example_shape=list(network.example_shape),
        layers=[layer.describe() for layer in network.layers],
        parameters=network.parameter_count,
        scaling={"shift": scaling.shift.tolist(), "divisor": scaling.divisor.tolist()} if scaling else None,
        recipe=served.recipe,
    )
