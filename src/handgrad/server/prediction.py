"""Predictions of the model in use: of numbers as in its data set, or of an image file."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from numpy.typing import NDArray
from starlette.datastructures import UploadFile

from handgrad.data.images import framed, read_image
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.server.models import ModelInUse
from handgrad.server.requests import MAX_EXAMPLES
from handgrad.server.security import SMALL_BODY

LIGHT = 1_000_000
"""Multiplications per example up to which the event loop computes itself: handing over to a thread costs more."""
IMAGE = {"schema": {"type": "string", "format": "binary"}}
FORM = {"type": "object", "properties": {"file": IMAGE["schema"]}, "required": ["file"]}
PIXELS = {
    "type": "array",
    "items": {},
    "description": "An example, or up to 1,000 examples, as in the data set.",
}
JSON = {"type": "object", "properties": {"pixels": PIXELS}, "required": ["pixels"]}
BODY = {"application/json": {"schema": JSON}, "multipart/form-data": {"schema": FORM}, "image/png": IMAGE}


def routes(in_use: ModelInUse, max_pixels: int) -> APIRouter:
    """Build the route."""
    router = APIRouter()
    heavy = asyncio.Semaphore(2)  # images decoded, or large networks computed, at a time

    @router.post("/predict", openapi_extra={"requestBody": {"required": True, "content": BODY}})
    async def predict(request: Request) -> dict[str, Any]:
        """Predict classes: `predictions` with `class`, `probability` and `probabilities` by class, by example."""
        network = in_use.get().network
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await (_uploaded(request) if kind == "multipart/form-data" else request.body())
        limit = max_pixels if kind.startswith(("image/", "multipart/")) else None
        if limit is None and len(body) <= SMALL_BODY and network.macs <= LIGHT:
            return predictions(network, body, limit)
        async with heavy:
            return await asyncio.to_thread(predictions, network, body, limit)

    return router


async def _uploaded(request: Request) -> bytes:
    """Return the image in a form."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: the form has no image under this name")
        return await file.read()


def predictions(network: Network, body: bytes, max_pixels: int | None) -> dict[str, Any]:
    """Predict the classes of numbers in JSON or, if `max_pixels` is not None, of an image file."""
    if max_pixels is None:
        x = _numbers(body, network.inputs)
    else:
        grey = read_image(body, "the image", max_pixels)
        x = framed(grey, network.example_shape, network.framing)[np.newaxis]
    with np.errstate(all="ignore"):
        probabilities = network.predict_proba(x)
    if not np.isfinite(probabilities).all():
        raise HandgradError("the model's output is not a finite number; its training has diverged")
    classes, best = network.classes, probabilities.argmax(axis=1).tolist()
    return {
        "predictions": [
            {
                "class": classes[index],
                "probability": row[index],
                "probabilities": dict(zip(classes, row, strict=True)),
            }
            for row, index in zip(probabilities.tolist(), best, strict=True)
        ]
    }


def _numbers(body: bytes, inputs: int) -> NDArray[Any]:
    """Read examples (N, I) from JSON."""
    with suppress(ValueError, TypeError, LookupError, RecursionError):
        x = np.array(json.loads(body)["pixels"], ndmin=2)
        if x.dtype.kind in "iuf" and x.ndim == 2 and x.shape[1] == inputs and len(x) <= MAX_EXAMPLES:
            return x
    raise HandgradError(
        f'the body must be JSON, {{"pixels": …}} with {inputs} numbers, or with at most {MAX_EXAMPLES} such lists'
    )
