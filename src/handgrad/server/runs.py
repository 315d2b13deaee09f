"""Routes of trainings, and their records and states as server-sent events."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Response
from sse_starlette import EventSourceResponse

from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe
from handgrad.runs import RECIPE_FILE
from handgrad.server.datasets import Datasets, hidden_units, training_values
from handgrad.server.following import Following
from handgrad.server.models import ModelInUse, file_response, latest_model
from handgrad.server.requests import NewName, NewRun, RunName
from handgrad.server.run_folders import all_records, find_runs, validated
from handgrad.server.trainings import Trainings, plan
from handgrad.server.turns import Turns

MAX_STREAMS = 200


def routes(
    trainings: Trainings,
    in_use: ModelInUse,
    datasets: Datasets,
    check_quota: Callable[[], None],
    heavy: Turns,
) -> APIRouter:
    """Build the routes."""
    router, following = APIRouter(), Following(trainings)
    wait, acting = [Depends(heavy)], [Depends(Turns(active=1, waiting=50))]
    Folder = Annotated[Path, Depends(trainings.folder)]

    def describe(folder: Path) -> dict[str, Any]:
        status, records = trainings.status(folder), all_records(folder)
        facts: dict[str, Any] = {"recipe": "", "data": "", "training": {}}
        with suppress(HandgradError):
            recipe = load_recipe(str(folder / RECIPE_FILE))
            network = {"hidden": hidden_units(recipe), "seed": recipe.seed}
            training = {**training_values(recipe), **network}
            facts = {
                "recipe": recipe.name,
                "data": datasets.name(recipe.data.source),
                "training": training,
            }
        last = records[-1] if records else None
        return {"name": folder.name, **asdict(status), **facts, "records": len(records), "last": last}

    @router.get("/runs")
    def list_runs() -> list[dict[str, Any]]:
        """List all runs, the last started or resumed first: name, state, error, recipe, data, training, last."""
        return [describe(folder) for folder in find_runs(trainings.runs)]

    @router.post("/runs", status_code=201, dependencies=acting)
    def start(wanted: NewRun) -> dict[str, Any]:
        """Start a training; one training runs at a time."""
        origin = in_use.get() if wanted.start else None
        recipe, network = plan(wanted, datasets, origin)
        check_quota()
        return describe(trainings.start(recipe, network, origin))

    @router.get("/runs/{name}", dependencies=wait)
    def with_records(folder: Folder) -> dict[str, Any]:
        """Describe a run, with all its records, and the one in which its newest parameters were `validated`."""
        return {**describe(folder), "validated": validated(folder), "records_so_far": all_records(folder)}

    @router.post("/runs/{name}/rename", dependencies=acting)
    def rename(folder: Folder, wanted: NewName) -> dict[str, Any]:
        """Rename a run that is not in training."""
        return describe(trainings.rename(folder, wanted.name))

    @router.delete("/runs/{name}", status_code=204, dependencies=acting)
    def remove(folder: Folder) -> None:
        """Delete a run that is not in training: its files, and its folder if that contains no others."""
        trainings.remove(folder)

    @router.post("/runs/{name}/{action}", dependencies=acting)
    def act(folder: Folder, action: Literal["pause", "resume"]) -> dict[str, Any]:
        """Pause a run, which saves it and ends its process, or resume it, bit for bit."""
        if action == "resume":
            trainings.resume(folder)
        else:
            trainings.pause(folder)
        return with_records(folder)

    @router.get("/runs/{name}/model", response_class=Response, dependencies=wait)
    def model(folder: Folder) -> Response:
        """Return the latest parameters as the bytes of a `model.safetensors`; status 204 before the first step."""
        latest = latest_model(folder)
        return file_response(latest) if latest else Response(status_code=204)

    @router.post("/model", dependencies=wait)
    def use(wanted: RunName) -> dict[str, Any]:
        """Use the latest model of a run from now on."""
        if (latest := latest_model(trainings.folder(wanted.run))) is None:
            raise HandgradError(f"{wanted.run} has no parameters yet; wait for its first step")
        in_use.served = latest
        return latest.describe()

    @router.get(
        "/runs/{name}/events",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}}},
        dependencies=[Depends(Turns(MAX_STREAMS, waiting=0))],
    )
    async def events(
        folder: Folder, last_event_id: Annotated[str, Header()] = "", after: int = -1
    ) -> EventSourceResponse:
        """Follow a run: `record` with a record as data and its step as id, `state` with `{"state", "error"}`.

        All records are sent from the first, or from the one after `Last-Event-ID` or else `after`, then the state,
        then what is new. The stream ends after a final state: finished, failed or damaged.
        """
        step = int(last_event_id) if re.fullmatch("[0-9]{1,15}", last_event_id) else after
        return following.response(folder, step)

    return router
