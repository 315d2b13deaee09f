"""Routes of recipes, of data sets that are available without a download, and of drawn digits."""

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import ValidationError

from handgrad.data.collection import add_to_collection, read_collection, remove_from_collection
from handgrad.data.dataset import Splits
from handgrad.data.load import load_data
from handgrad.data.mnist import COLLECTIONS, find
from handgrad.errors import HandgradError, suggest
from handgrad.model.layers import Dense
from handgrad.recipes.loading import load_recipe, recipe_names
from handgrad.server.errors import NotFound
from handgrad.server.models import ModelInUse
from handgrad.server.schemas import DataFacts, DigitsFacts, Drawing, Examples, Name, NewDigits, Recipe

DIGITS = "digits"
TEN_DIGITS = tuple("0123456789")
STROKES = ("strokes:5000", "strokes")
MAX_STROKES = 60_000
MAX_EXAMPLES = 10_000


class Datasets:
    """Data sets by name, with the drawn digits in ``digits/`` of a folder; the last ones used stay in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / DIGITS
        self._lock = Lock()

    def names(self) -> list[str]:
        """List the data sets."""
        published = [name for name in COLLECTIONS if find(name)]
        return [*published, *STROKES, *(f"{DIGITS}/{name}" for name in self.digits())]

    def digits(self) -> list[str]:
        """List the collections of drawn digits."""
        return sorted(
            path.stem
            for path in self.folder.glob("*.npz")
            if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}", path.stem) and path.is_file()
        )

    def file(self, name: str) -> Path:
        """Return the file of a collection of drawn digits."""
        return self.folder / f"{name.removeprefix(f'{DIGITS}/')}.npz"

    def source(self, name: str) -> str:
        """Return what `handgrad.load_data` takes for a name of `names`, or for strokes:N:SEED."""
        strokes = re.fullmatch(r"strokes(?::([0-9]{1,5}))?(?::[0-9]{1,9})?", name)
        if strokes and 1 <= int(strokes[1] or MAX_STROKES) <= MAX_STROKES:
            return name
        if name not in self.names():
            raise HandgradError(f"there is no data set '{name:.60}'{suggest(name[:60], self.names())}")
        return str(self.file(name)) if name.startswith(f"{DIGITS}/") else name

    def name(self, source: str) -> str:
        """Return the name of what `source` returned."""
        path = Path(source)
        return f"{DIGITS}/{path.stem}" if path == self.file(path.stem) else source

    def load(self, name: str) -> Splits:
        """Load a data set, or return the one in memory; HandgradError if there is none of that name."""
        source = self.source(name)
        path = self.file(name)
        with self._lock:  # requests at the same time share the result
            return _load(source, path.stat().st_mtime_ns if source == str(path) else 0)

    def all_facts(self) -> list[DataFacts]:
        """Describe all data sets; damaged files are left out."""
        found = []
        for name in self.names():
            with suppress(HandgradError):
                found.append(self.facts(name))
        return found

    def facts(self, name: str) -> DataFacts:
        """Describe a data set; only collections of drawn digits are read for that."""
        self.source(name)
        shape, classes = [1, 28, 28], list(TEN_DIGITS)
        if name in COLLECTIONS:
            examples = 60_000
        elif name.startswith(f"{DIGITS}/"):
            train = self.load(name).train
            examples, classes, shape = len(train), list(train.class_names), list(train.input_shape)
        else:
            examples = int(name.partition(":")[2].partition(":")[0] or MAX_STROKES)
        return DataFacts(name=name, examples=examples, classes=classes, input_shape=shape)


def routes(datasets: Datasets, in_use: ModelInUse, check_quota: Callable[[], None]) -> APIRouter:
    """Build the routes."""
    writing = Lock()
    router = APIRouter()

    @router.get("/recipes", tags=["data"])
    def list_recipes() -> list[Recipe]:
        """List the built-in recipes."""
        return [_describe(name) for name in recipe_names()]

    @router.get("/data", tags=["data"])
    def list_data() -> list[DataFacts]:
        """List the data sets that are available without a download."""
        return datasets.all_facts()

    @router.get("/data/examples", tags=["data"])
    def examples(
        name: Annotated[str, Query(max_length=100)],
        split: Literal["train", "validation", "test"] = "test",
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_EXAMPLES)] = 100,
    ) -> Examples:
        """Return a slice of a data set."""
        dataset = datasets.load(name).split(split)
        part = dataset.take(slice(offset, offset + limit))
        return Examples(
            inputs=base64.b64encode(part.inputs.tobytes()).decode(),
            dtype="uint8" if part.inputs.dtype == "uint8" else "float32",
            labels=part.labels.tolist(),
            total=len(dataset),
            input_shape=list(dataset.input_shape),
            classes=list(dataset.class_names),
        )

    @router.get("/digits", tags=["digits"])
    def list_digits() -> list[DigitsFacts]:
        """List the collections; damaged files are left out."""
        found = []
        for name in datasets.digits():
            with suppress(HandgradError):
                facts = datasets.facts(f"{DIGITS}/{name}")
                found.append(DigitsFacts(name=name, examples=facts.examples, classes=facts.classes))
        return found

    @router.post("/digits", tags=["digits"])
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

    @router.get("/digits/{name}/strokes", tags=["digits"])
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

    @router.delete("/digits/{name}/{index}", tags=["digits"])
    def remove(name: Name, index: Annotated[int, InPath(ge=0, le=10**9)]) -> dict[str, Any]:
        """Remove one digit from a collection; with its last digit, the collection is removed."""
        with writing:
            file = datasets.file(name)
            if not file.is_file() or index >= len(read_collection(file)):
                raise NotFound(f"there is no digit {index} in a collection '{name}'")
            return {"name": name, "examples": remove_from_collection(file, index)}

    return router


@lru_cache(maxsize=2)  # MNIST is 55 MB
def _load(source: str, changed: int) -> Splits:
    return load_data(source)


@cache
def _describe(name: str) -> Recipe:
    recipe = load_recipe(name)
    layers = recipe.network.layers
    dense = [layer for layer in layers if layer["type"] == Dense.__name__]
    changeable = len(dense) >= 2 and layers[0] is dense[0]
    return Recipe(
        name=name,
        lesson=recipe.lesson,
        training=recipe.training.model_dump(exclude_none=True)
        | {"learning_rate": recipe.build_optimizer().learning_rate},
        data=recipe.data.source,
        dense=changeable,
        hidden=[layer["units"] for layer in dense[:-1]] if changeable else [],
    )
