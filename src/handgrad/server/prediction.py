"""Predictions: what waits is computed together, on a thread of its own, so that the server goes on answering."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from fastapi import APIRouter, HTTPException, Request
from numpy.typing import NDArray
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from handgrad.data.images import check_takes_pictures, framed, read_image_bytes
from handgrad.errors import HandgradError
from handgrad.model.inference import FEW
from handgrad.model.network import Network
from handgrad.server.errors import NOT_FOUND, first_complaint
from handgrad.server.model import chosen
from handgrad.server.model_in_use import ModelInUse
from handgrad.server.schemas import Pixels, Prediction, Predictions

MOST_TOGETHER = 256
"""Examples that are computed at a time; of small networks `FEW`."""
LIGHT = 20_000_000
"""Multiplications, about a millisecond of them: less than another thread waits for the interpreter under load."""
MOST_PIXELS = 25_000_000
"""Of a picture file: more than a telephone's camera takes, and 100 MB at most once unpacked."""


LARGEST = 1e6
"""Of scaled numbers, which are some units large where the model was trained; beyond, sums could overflow."""


class Predictor:
    """Computes together what is asked at once: at once where it is little, else on a thread beside the server's.

    The first prediction of a network, which may have to compile kernels, is never little.
    """

    def __enter__(self) -> "Predictor":
        self._thread = ThreadPoolExecutor(1, "predict")
        self._waiting: list[tuple[Network, NDArray[Any], asyncio.Future[NDArray[Any]]]] = []
        self._task: asyncio.Task[None] | None = None
        self._tried: Network | None = None
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    async def probabilities(self, network: Network, raw: NDArray[Any]) -> NDArray[Any]:
        """Compute as `network.predict_proba` does.

        Parameters
        ----------
        raw : (N, I)

        Returns
        -------
        (N, C)
            The last bits may depend on what else was computed at the time.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((network, raw, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._compute())
        return await answer

    async def _compute(self) -> None:
        while self._waiting:
            network, count, batch = self._waiting[0][0], 0, []
            light = network is self._tried and FEW * network.macs <= LIGHT
            most = FEW if light else MOST_TOGETHER
            while self._waiting and self._waiting[0][0] is network and count < most:
                _, raw, answer = self._waiting.pop(0)
                batch.append((raw, answer))
                count += len(raw)
            try:
                raws = np.concatenate([raw for raw, _ in batch])
                if light and count <= most:
                    found = _probabilities(network, raws)
                else:
                    loop = asyncio.get_running_loop()
                    found = await loop.run_in_executor(self._thread, _probabilities, network, raws)
                    self._tried = network
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            ends = np.cumsum([len(raw) for raw, _ in batch])
            for part, (_, answer) in zip(np.split(found, ends[:-1]), batch, strict=True):
                if not answer.done():
                    answer.set_result(part)


def _probabilities(network: Network, raw: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):  # what is no number is told in the answer
        return network.predict_proba(raw)


def warm(network: Network) -> None:
    """Predict something, so that kernels are compiled and loaded before anybody waits for an answer."""
    of_bytes = network.scaling is not None and network.scaling.for_bytes
    for count in (1, FEW):
        _probabilities(network, np.zeros((count, network.inputs), np.uint8 if of_bytes else network.dtype))


PICTURE = {"schema": {"type": "string", "format": "binary"}}
BODY = {
    "requestBody": {
        "required": True,
        "description": "Numbers, or a picture of any size, dark on light or light on dark.",
        "content": {
            "application/json": {"schema": Pixels.model_json_schema()},
            "image/png": PICTURE,
            "image/jpeg": PICTURE,
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": PICTURE["schema"]}, "required": ["file"]}
            },
        },
    }
}


def routes(in_use: ModelInUse, predictor: Predictor) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["model"])
    unpacking = asyncio.Semaphore(2)

    @router.post("/predict", responses=NOT_FOUND, openapi_extra=BODY)
    async def predict(request: Request) -> Predictions:
        """Say what examples show: numbers as the data have them, or a picture file."""
        network = chosen(in_use).network
        content = await _picture(request)
        if content is None:
            raw = numbers(await request.body(), network)
        else:
            check_takes_pictures(network.example_shape)
            async with unpacking:
                raw = await asyncio.to_thread(_example, content, network)
        return told(await predictor.probabilities(network, raw), network.classes)

    return router


async def _picture(request: Request) -> bytes | None:
    """Take the picture file out of a request; None where it is JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind.startswith("image/"):
        return await request.body()
    if kind != "multipart/form-data":
        return None
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: a picture is missing under this name")
        return await file.read()


def _example(content: bytes, network: Network) -> NDArray[np.uint8]:
    grey = read_image_bytes(content, "the picture", MOST_PIXELS)
    return framed(grey, network.example_shape, network.framing)[np.newaxis]


def numbers(body: bytes, network: Network) -> NDArray[Any]:
    """Read examples from JSON, (N, I); bytes where all are whole and from 0 to 255, as those of pictures are."""
    try:
        pixels = Pixels.model_validate_json(body).pixels
    except ValidationError as error:
        raise HandgradError(first_complaint(list(error.errors()))) from error
    inputs = network.inputs
    rows = pixels if isinstance(pixels[0], list) else [pixels]
    for row in rows:
        if len(row) != inputs:
            raise HandgradError(f"pixels: the model takes {inputs} numbers an example; got {len(row)}")
    raw = np.array(rows, np.float64)
    if raw.min() >= 0 and raw.max() <= 255 and np.array_equal(small := raw.astype(np.uint8), raw):
        return small
    with np.errstate(over="ignore"):
        if not (np.abs(network.scale(raw)) <= LARGEST).all():
            raise HandgradError("pixels: numbers are far beyond those that the model was trained on")
    return raw


def told(probabilities: NDArray[Any], classes: tuple[str, ...]) -> Predictions:
    """Name the classes of probabilities (N, C)."""
    if not np.isfinite(probabilities).all():
        raise HandgradError("the model's answer is no number; it has diverged")
    return Predictions(
        predictions=[
            Prediction(
                class_=classes[best],
                probability=row[best],
                probabilities=dict(zip(classes, row, strict=True)),
            )
            for row, best in zip(probabilities.tolist(), probabilities.argmax(axis=1).tolist(), strict=True)
        ]
    )
