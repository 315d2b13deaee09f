"""Routes of what can be trained, and on what."""

import base64
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from handgrad.model.layers import Dense
from handgrad.recipes.loading import load_recipe, recipe_names
from handgrad.server.dataset_cache import OpenData
from handgrad.server.schemas import DataFacts, Examples, Recipe

MOST = 10_000


def routes(opened: OpenData) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["data"])

    @router.get("/recipes")
    def list_recipes() -> list[Recipe]:
        """List the built-in recipes."""
        return _recipes()

    @router.get("/data")
    def list_data() -> list[DataFacts]:
        """List the data that can be opened without a download."""
        return opened.facts()

    @router.get("/data/examples")
    def examples(
        name: Annotated[str, Query(max_length=100)],
        split: Literal["train", "validation", "test"] = "test",
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    ) -> Examples:
        """Give a piece of a data set."""
        dataset = opened.open(name).split(split)
        piece = dataset.take(slice(offset, offset + limit))
        return Examples(
            inputs=base64.b64encode(piece.inputs.tobytes()).decode(),
            dtype="uint8" if piece.inputs.dtype == "uint8" else "float32",
            labels=piece.labels.tolist(),
            total=len(dataset),
            input_shape=list(dataset.input_shape),
            classes=list(dataset.class_names),
        )

    return router


@cache
def _recipes() -> list[Recipe]:
    return [_described(name) for name in recipe_names()]


def _described(name: str) -> Recipe:
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
