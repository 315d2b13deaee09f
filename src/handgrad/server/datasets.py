"""Routes of recipes, of data sets that are available without a download, and of drawn digits."""

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response

from handgrad.data.collection import add_to_collection, cut_unfinished, remove_from_collection
from handgrad.data.load import load_data
from handgrad.data.mnist import COLLECTIONS, find
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError, suggest
from handgrad.model.layers import Dense
from handgrad.recipes.loading import LADDER, load_recipe
from handgrad.recipes.recipe import Recipe
from handgrad.server.models import ModelInUse
from handgrad.server.requests import Name, NewDigits
from handgrad.server.turns import Turns

DRAWN = "digits/"
TEN_DIGITS = tuple("0123456789")
IMAGE: tuple[int, ...] = (1, 28, 28)
MAX_EXAMPLES = 10_000
_load = lru_cache(maxsize=2)(load_data)  # MNIST is 55 MB

State: TypeAlias = tuple[int, int]
"""Time of the last change, and size, of a file."""
Facts: TypeAlias = tuple[int, tuple[str, ...], tuple[int, ...]]
"""Examples, classes and input shape."""


class Datasets:
    """Data sets by name; ``digits/NAME`` is a collection of drawn digits in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._lock = folder, Lock()
        self.writing = Lock()  # held while a collection is changed or read
        self._facts: dict[str, tuple[State, Facts]] = {}  # of each collection

    def names(self) -> list[str]:
        """List the data sets."""
        drawn = sorted(DRAWN + path.stem for path in self.folder.glob("[A-Za-z0-9]*.csv"))
        return [*filter(find, COLLECTIONS), "strokes:5000", "strokes", *drawn]

    def file(self, name: str) -> Path:
        """Return the file of a collection of drawn digits."""
        return self.folder / f"{name.removeprefix(DRAWN)}.csv"

    def source(self, name: str) -> str:
        """Return what `handgrad.load_data` takes for a name of `names`, or for strokes:N:SEED."""
        if re.fullmatch(r"strokes:[1-9][0-9]{0,4}(:[0-9]{1,9})?", name):
            return name
        if name not in self.names():
            raise HandgradError(f"there is no data set '{name:.60}'{suggest(name[:60], self.names())}")
        return str(self.file(name)) if name.startswith(DRAWN) else name

    def name(self, source: str) -> str:
        """Return the name of what `source` returned."""
        path = Path(source)
        return f"{DRAWN}{path.stem}" if path == self.file(path.stem) else source

    def load(self, name: str) -> Splits:
        """Load a data set; the last ones that were not drawn stay in memory. HandgradError if there is none."""
        source = self.source(name)
        if name.startswith(DRAWN):
            return self._load_drawn(Path(source))[1]
        with self._lock:  # requests at the same time share the result
            return _load(source)

    def describe(self, name: str) -> dict[str, Any]:
        """Describe a data set; only collections of drawn digits are read for that."""
        self.source(name)
        examples, classes, shape = 60_000, TEN_DIGITS, IMAGE
        if name.startswith(DRAWN):
            state, facts = self._facts.get(name, (None, None))
            if facts is None or state != _state(self.file(name)):
                state, splits = self._load_drawn(self.file(name))
                facts = len(splits.train), splits.train.classes, splits.train.input_shape
                self._facts[name] = state, facts
            examples, classes, shape = facts
        elif name.startswith("strokes:"):
            examples = int(name.split(":")[1])
        return {"name": name, "examples": examples, "classes": classes, "input_shape": shape}

    def _load_drawn(self, file: Path) -> tuple[State, Splits]:
        """Load a collection, without the part of a digit that a killed server may have left at its end."""
        try:
            with self.writing:
                cut_unfinished(file)
                state = _state(file)
                return state, _load_state(file, state)
        except OSError as error:
            raise HandgradError(f"{file} cannot be read: {error.strerror}") from error


def routes(
    datasets: Datasets, in_use: ModelInUse, check_quota: Callable[[], None], heavy: Turns
) -> APIRouter:
    """Build the routes."""
    router, wait = APIRouter(), [Depends(heavy)]

    def find_file(name: Name) -> Path:
        if not (file := datasets.file(name)).is_file():
            raise HTTPException(404, f"there is no collection '{name}'")
        return file

    @router.get("/recipes")
    def list_recipes() -> list[dict[str, Any]]:
        """List the built-in recipes in the order of their lessons.

        Each has name, lesson, data, training, accuracy and seconds on MNIST, and `hidden` if `dense` allows to change
        it.
        """
        return [_describe(name) for name in LADDER]

    @router.get("/data")
    def list_data() -> list[dict[str, Any]]:
        """List the data sets that are available without a download: name, examples, classes, input_shape."""
        found = []
        for name in datasets.names():
            with suppress(HandgradError, OSError):  # it may be damaged, or removed meanwhile
                found.append(datasets.describe(name))
        return found

    @router.get("/data/examples", dependencies=wait)
    def examples(
        name: Annotated[str, Query(max_length=100)],
        split: Literal["train", "validation", "test"] = "test",
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_EXAMPLES)] = 100,
    ) -> dict[str, Any]:
        """Return a slice of a data set: Base64 of `inputs` (float32 is little-endian), `labels` into `classes`."""
        dataset = datasets.load(name).split(split)
        part = dataset.take(slice(offset, offset + limit))
        return {
            "inputs": base64.b64encode(part.inputs.tobytes()).decode(),
            "dtype": part.inputs.dtype.name,
            "labels": part.labels.tolist(),
            "total": len(dataset),
            "input_shape": dataset.input_shape,
            "classes": dataset.classes,
        }

    @router.post("/digits", dependencies=wait)
    def add(wanted: NewDigits) -> dict[str, Any]:
        """Add digits to a collection, all of them or none; a training takes it as `digits/NAME`."""
        network = in_use.served and in_use.served.network
        classes = network.classes if network and network.example_shape == IMAGE else TEN_DIGITS
        images = np.array(wanted.inputs, np.uint8)
        with datasets.writing:
            check_quota()
            examples = add_to_collection(datasets.file(wanted.name), images, wanted.labels, classes)
        return {"name": wanted.name, "examples": examples}

    @router.get("/digits/{name}", response_class=Response, dependencies=wait)
    def download(name: Name) -> Response:
        """Return a collection as the `.npz` file that `handgrad.load_data` reads."""
        find_file(name)
        train, content = datasets.load(DRAWN + name).train, BytesIO()
        names = np.array(train.classes)
        np.savez(
            content, images=train.inputs.reshape(-1, *IMAGE[1:]), labels=names[train.labels], classes=names
        )
        headers = {"Content-Disposition": f'attachment; filename="{name}.npz"'}
        return Response(content.getvalue(), media_type="application/octet-stream", headers=headers)

    @router.delete("/digits/{name}/{index}", dependencies=wait)
    def remove(name: Name, index: int) -> dict[str, Any]:
        """Remove one digit from a collection; with its last digit, the collection is removed."""
        with datasets.writing:
            return {"name": name, "examples": remove_from_collection(find_file(name), index)}

    return router


def _state(file: Path) -> State:
    found = file.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2)
def _load_state(file: Path, _state: State) -> Splits:
    return load_data(file)


def training_values(recipe: Recipe) -> dict[str, Any]:
    """Return epochs or steps, batch size and learning rate of a recipe."""
    values = recipe.training.to_config() | {"learning_rate": recipe.optimizer.learning_rate}
    del values["record_every"]
    return values


def hidden_units(recipe: Recipe) -> list[int]:
    """Return the units of the hidden layers of a recipe of dense layers; empty for others."""
    layers = recipe.network.layers
    dense = [layer for layer in layers if layer["type"] == Dense.__name__]
    return [layer["units"] for layer in dense[:-1]] if layers[:1] == dense[:1] else []


@cache
def _describe(name: str) -> dict[str, Any]:
    recipe = load_recipe(name)
    hidden, measured = hidden_units(recipe), LADDER[name]._asdict()
    facts = {"name": name, "lesson": recipe.lesson, "data": recipe.data.source, **measured}
    return {**facts, "training": training_values(recipe), "dense": bool(hidden), "hidden": hidden}
