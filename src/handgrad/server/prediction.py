"""Predictions: examples that arrive together are computed together, in a thread beside the event loop."""

import asyncio
from typing import Any, TypeAlias

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from numpy.typing import NDArray
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from handgrad.data.images import framed, read_image
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.server.errors import describe
from handgrad.server.models import ModelInUse
from handgrad.server.schemas import Pixels, Prediction
from handgrad.server.security import SMALL_BODY

BATCH = 256
"""Examples that are computed at a time, not counting the rest of a request."""
LIGHT = 20_000_000
"""Multiplications that the event loop makes itself: about a millisecond, less than handing them to a thread costs."""
MAX_SCALED = 1e6
"""Scaled inputs are of order one where the model was trained; beyond this limit, sums could overflow."""


Waiting: TypeAlias = tuple[Network, NDArray[Any], asyncio.Future[NDArray[Any]]]


class Predictor:
    """Computes waiting examples of the same network in one batch."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def probabilities(self, network: Network, x: NDArray[Any]) -> NDArray[Any]:
        """Compute what `network.predict_proba(x)` returns.

        The last bits may depend on the other examples of the batch.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((network, x, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._compute())
        return await answer

    async def _compute(self) -> None:
        while self._waiting:
            network, count = self._waiting[0][0], 0
            batch: list[Waiting] = []
            while self._waiting and self._waiting[0][0] is network and count < BATCH:
                batch.append(self._waiting.pop(0))
                count += len(batch[-1][1])
            examples = np.concatenate([x for _, x, _ in batch])
            try:
                if len(examples) * network.macs <= LIGHT:
                    found = _probabilities(network, examples)
                else:
                    found = await asyncio.to_thread(_probabilities, network, examples)
            except Exception as error:
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for _, x, answer in batch:
                part, found = found[: len(x)], found[len(x) :]
                if not answer.done():  # the client may have disconnected
                    answer.set_result(part)


def _probabilities(network: Network, x: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):  # `predictions` refuses what is not finite
        return network.predict_proba(x)


IMAGE = {"schema": {"type": "string", "format": "binary"}}
FORM = {"type": "object", "properties": {"file": IMAGE["schema"]}, "required": ["file"]}
BODY = {
    "requestBody": {
        "required": True,
        "description": "Numbers, or an image of any size, dark on light or light on dark.",
        "content": {
            "application/json": {"schema": Pixels.model_json_schema()},
            "image/png": IMAGE,
            "image/jpeg": IMAGE,
            "multipart/form-data": {"schema": FORM},
        },
    }
}


def routes(in_use: ModelInUse, predictor: Predictor, max_pixels: int) -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["model"])
    decoding = asyncio.Semaphore(2)

    @router.post("/predict", openapi_extra=BODY)
    async def predict(request: Request) -> dict[str, list[Prediction]]:
        """Predict the classes of examples: numbers as in the data set, or an image file."""
        network = in_use.get().network
        image = await _image(request)
        if image is not None:
            async with decoding:
                x = await asyncio.to_thread(_example, image, network, max_pixels)
        elif len(body := await request.body()) <= SMALL_BODY:
            x = numbers(body, network)
        else:
            async with decoding:
                x = await asyncio.to_thread(numbers, body, network)
        return {"predictions": predictions(await predictor.probabilities(network, x), network.classes)}

    return router


async def _image(request: Request) -> bytes | None:
    """Return the image file of a request, or None if the request is JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind.startswith("image/"):
        return await request.body()
    if kind != "multipart/form-data":
        return None
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: the form has no image under this name")
        return await file.read()


def _example(image: bytes, network: Network, max_pixels: int) -> NDArray[np.uint8]:
    grey = read_image(image, "the image", max_pixels)
    return framed(grey, network.example_shape, network.framing)[np.newaxis]


def numbers(body: bytes, network: Network) -> NDArray[Any]:
    """Read examples (N, I) from JSON; uint8 if all are whole numbers from 0 to 255, as pixels are."""
    try:
        pixels = Pixels.model_validate_json(body).pixels
    except ValidationError as error:
        raise HandgradError(describe(error.errors())) from error
    rows = pixels if isinstance(pixels[0], list) else [pixels]
    for row in rows:
        if len(row) != network.inputs:
            raise HandgradError(
                f"pixels: the model takes {network.inputs} numbers per example; got {len(row)}"
            )
    x = np.array(rows, np.float64)
    if x.min() >= 0 and x.max() <= 255 and np.array_equal(small := x.astype(np.uint8), x):
        return small
    with np.errstate(over="ignore"):
        if not (np.abs(network.scale(x)) <= MAX_SCALED).all():
            raise HandgradError(
                "pixels: some numbers are far outside the range that the model was trained on"
            )
    return x


def predictions(probabilities: NDArray[Any], classes: tuple[str, ...]) -> list[Prediction]:
    """Name the classes of probabilities (N, C); HandgradError if they are not finite."""
    if not np.isfinite(probabilities).all():
        raise HandgradError("the model's output is not a finite number; its training has diverged")
    return [
        Prediction(
            class_=classes[best], probability=row[best], probabilities=dict(zip(classes, row, strict=True))
        )
        for row, best in zip(probabilities.tolist(), probabilities.argmax(axis=1).tolist(), strict=True)
    ]
