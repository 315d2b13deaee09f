"""Routes of drawn digits."""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import ValidationError

from handgrad.data.collection import add_to_collection, read_collection, remove_from_collection
from handgrad.errors import HandgradError
from handgrad.server.datasets import DIGITS, Datasets
from handgrad.server.errors import NotFound
from handgrad.server.models import ModelInUse
from handgrad.server.schemas import DigitsFacts, Drawing, Name, NewDigits

TEN_DIGITS = tuple("0123456789")


def routes(datasets: Datasets, in_use: ModelInUse, check_quota: Callable[[], None]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["digits"])
    writing = Lock()

    @router.get("/digits")
    def list_digits() -> list[DigitsFacts]:
        """List the collections; damaged files are left out."""
        found = []
        for name in datasets.digits():
            with suppress(HandgradError):
                facts = datasets.facts(f"{DIGITS}/{name}")
                found.append(DigitsFacts(name=name, examples=facts.examples, classes=facts.classes))
        return found

    @router.post("/digits")
    def add(wanted: NewDigits) -> dict[str, Any]:
        """Add digits to a collection, all of them or none; a training takes it as `digits/NAME`."""
        served = in_use.served
        takes_digits = served is not None and served.network.example_shape == (1, 28, 28)
        classes = served.network.classes if served is not None and takes_digits else TEN_DIGITS
        drawings = wanted.model_dump(include={"strokes"})["strokes"]
        images = np.array(wanted.inputs, np.uint8)
        with writing:
            check_quota()
            file = datasets.file(wanted.name)
            examples = add_to_collection(file, images, wanted.labels, drawings, classes)
        return {"name": wanted.name, "examples": examples}

    @router.get("/digits/{name}/strokes")
    def drawings(name: Name) -> list[Drawing | None]:
        """Return the drawing of each digit of a collection, or null for a digit without one."""
        if not datasets.file(name).is_file():
            raise NotFound(f"there is no collection '{name}'")
        try:
            return [
                drawing and Drawing.model_validate(drawing)
                for drawing in read_collection(datasets.file(name)).strokes
            ]
        except ValidationError:
            raise HandgradError(f"{name} holds strokes that are not drawings; move its file away") from None

    @router.delete("/digits/{name}/{index}")
    def remove(name: Name, index: Annotated[int, InPath(ge=0, le=10**9)]) -> dict[str, Any]:
        """Remove one digit from a collection; with its last digit, the collection is removed."""
        with writing:
            file = datasets.file(name)
            if not file.is_file() or index >= len(read_collection(file)):
                raise NotFound(f"there is no digit {index} in a collection '{name}'")
            return {"name": name, "examples": remove_from_collection(file, index)}

    return router
