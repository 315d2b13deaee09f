"""Routes of digits of one's own."""

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Annotated

import numpy as np
from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import ValidationError

from handgrad.data.collection import add_to_collection, read_collection, take_from_collection
from handgrad.errors import HandgradError
from handgrad.server.dataset_cache import DIGITS, OpenData
from handgrad.server.errors import NOT_FOUND
from handgrad.server.model_in_use import ModelInUse
from handgrad.server.schemas import DigitsCount, DigitsFacts, Drawing, Name, NewDigits
from handgrad.server.trainings import Unknown

TEN = tuple("0123456789")


def routes(opened: OpenData, in_use: ModelInUse) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["digits"])
    folder = opened.folder / DIGITS
    writing = Lock()

    def file(name: str) -> Path:
        return folder / f"{name}.npz"

    @router.get("/digits")
    def list_digits() -> list[DigitsFacts]:
        """List the collections."""
        found = []
        for name in opened.digits():
            with suppress(HandgradError):  # a damaged file is told of when it is named
                facts = opened.facts_of(f"{DIGITS}/{name}")
                found.append(DigitsFacts(name=name, examples=facts.examples, classes=facts.classes))
        return found

    @router.post("/digits")
    def add(wanted: NewDigits) -> DigitsCount:
        """Add digits to a collection, all of them or none; it can be trained on as `digits/NAME`."""
        served = in_use.served
        fits = served is not None and served.network.example_shape == (1, 28, 28)
        drawings = (
            [drawing and drawing.model_dump() for drawing in wanted.strokes]
            if wanted.strokes is not None
            else None
        )
        images = np.array(wanted.inputs, np.uint8)
        with writing:
            examples = add_to_collection(
                file(wanted.name),
                images,
                wanted.labels,
                drawings,
                served.network.classes if served is not None and fits else TEN,
            )
        return DigitsCount(name=wanted.name, examples=examples)

    @router.get("/digits/{name}/strokes", responses=NOT_FOUND)
    def drawings(name: Name) -> list[Drawing | None]:
        """Give the drawings behind the digits of a collection, null for those that came without one."""
        if not file(name).is_file():
            raise Unknown(f"there is no collection '{name}'")
        found = read_collection(file(name)).strokes
        try:
            return [drawing and Drawing.model_validate(drawing) for drawing in found]
        except ValidationError:
            raise HandgradError(f"{name} holds strokes that are no drawings; move its file away") from None

    @router.delete("/digits/{name}/{index}", responses=NOT_FOUND)
    def take_back(name: Name, index: Annotated[int, InPath(ge=0, le=10**9)]) -> DigitsCount:
        """Take one digit out of a collection; with the last, the collection goes."""
        with writing:
            if not file(name).is_file() or index >= len(read_collection(file(name))):
                raise Unknown(f"there is no digit {index} in a collection '{name}'")
            return DigitsCount(name=name, examples=take_from_collection(file(name), index))

    return router
