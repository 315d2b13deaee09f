"""Routes of the model in use: what it is, and its predictions of numbers as in its data set, or of an image."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from handgrad.data.images import framed, read_image
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.server.models import ModelInUse, file_response
from handgrad.server.requests import MAX_EXAMPLES
from handgrad.server.security import SMALL_BODY
from handgrad.server.turns import Turns

# multiplications per example up to which the event loop computes itself: handing over to a thread costs more
LIGHT = 1_000_000
MAX_QUOTES = 100  # in a body that is parsed
LISTS = re.compile(rb'\s*\{\s*"pixels"\s*:\s*\[(?=\s*\[)')  # how a body with a list of examples begins
EXAMPLES = {"type": "array", "items": {}, "description": "One or up to 1,000 examples, as in the data set."}
JSON = {"type": "object", "properties": {"pixels": EXAMPLES}, "required": ["pixels"]}
IMAGE = {"type": "string", "format": "binary"}
BODY = {"application/json": {"schema": JSON}, "image/png": {"schema": IMAGE}}


def routes(in_use: ModelInUse, max_pixels: int, heavy: Turns) -> APIRouter:
    """Build the routes."""
    router = APIRouter()
    computing = asyncio.Semaphore(2)  # images decoded, long lists read, or large networks computed, at a time

    @router.get("/model")
    def describe() -> dict[str, Any]:
        """Describe the model in use: name, task, layers, shapes, classes, names of inputs, and recipe."""
        return in_use.get().describe()

    @router.get("/model/file", response_class=Response, dependencies=[Depends(heavy)])
    def file() -> Response:
        """Return the model in use as the bytes of a `model.safetensors`."""
        return file_response(in_use.get())

    @router.post(
        "/predict",
        response_model=dict[str, Any],
        openapi_extra={"requestBody": {"required": True, "content": BODY}},
    )
    async def predict(request: Request) -> Response:
        """Predict examples: `predictions`, with one object for each.

        It has `class`, `probability` and `probabilities` by class; for several labels `labels`, which are those above
        0.5, and `probabilities` by label; for a regression the targets by name.
        """
        network, body = in_use.get().network, await request.body()
        limit = max_pixels if request.headers.get("content-type", "").lower().startswith("image/") else None
        if limit is None and len(body) <= SMALL_BODY and network.macs <= LIGHT:
            return predictions(network, body, limit)
        async with computing:
            return await asyncio.to_thread(predictions, network, body, limit)

    return router


def predictions(network: Network, body: bytes, max_pixels: int | None) -> Response:
    """Predict from numbers in JSON or, if `max_pixels` is not None, from an image file; answer in JSON."""
    if max_pixels is None:
        x = _numbers(body, network.inputs)
    else:
        grey = read_image(body, "the image", max_pixels)
        x = framed(grey, network.example_shape, network.framing)[np.newaxis]
    with np.errstate(all="ignore"):
        values = network.predict(x) if network.task == "regression" else network.predict_proba(x)
    if not np.isfinite(values).all():
        raise HandgradError("the model's output is not a finite number; its training has diverged")
    classes, found = network.classes, []
    for row, best in zip(values.tolist(), values.argmax(axis=1).tolist(), strict=True):
        by_class: dict[str, Any] = dict(zip(classes, row, strict=True))
        if network.task == "regression":
            found.append(by_class)
        elif network.task == "multilabel":
            labels = [name for name in classes if by_class[name] > 0.5]
            found.append({"labels": labels, "probabilities": by_class})
        else:
            found.append({"class": classes[best], "probability": row[best], "probabilities": by_class})
    return Response(to_json({"predictions": found}), media_type="application/json")


def _numbers(body: bytes, inputs: int) -> NDArray[Any]:
    """Read examples (N, I) from JSON; integers from 0 to 255 are bytes, which networks compute fastest."""
    with suppress(ValueError, TypeError, LookupError, RecursionError):
        if body.count(b",") > MAX_EXAMPLES * (inputs + 1) or body.count(b'"') > MAX_QUOTES:
            raise ValueError  # millions of lists or keys would take seconds and gigabytes
        x = np.array(_examples(body, inputs) or from_json(body)["pixels"], ndmin=2)
        if x.dtype.kind in "iuf" and x.ndim == 2 and x.shape[1] == inputs and len(x) <= MAX_EXAMPLES:
            return x.astype(np.uint8) if x.dtype.kind == "i" and 0 <= x.min() <= x.max() <= 255 else x
    form = f'{{"pixels": …}} with {inputs} numbers, or with at most {MAX_EXAMPLES} such lists'
    raise HandgradError(f"the body must be JSON, {form}; send an image with Content-Type: image/png")


def _examples(body: bytes, inputs: int) -> list[NDArray[Any]]:
    """Parse a list of examples one by one, or return [] if the body has another form.

    A single call would hold Python's lock for 0.1 seconds, in which no other request is answered.
    """
    if not (start := LISTS.match(body)) or body.count(b"]") > MAX_EXAMPLES + 1:
        return []
    *texts, end, last = body[start.end() :].split(b"]")
    if end.strip() or last.strip() != b"}":
        return []
    texts[0], examples = b"," + texts[0], []
    for text in texts:  # such as ",[0,1,2"
        if text.count(b",") != inputs:
            raise ValueError("an example has another number of inputs")
        _, example = from_json(b"[0" + text + b"]]")
        examples.append(np.array(example))
    return examples
