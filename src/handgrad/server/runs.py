"""Routes of trainings."""

from typing import Any

from fastapi import APIRouter, Header, HTTPException, Response

from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.run_status import model_is_newest, validated
from handgrad.server.dataset_cache import OpenData
from handgrad.server.errors import CONFLICT, NOT_FOUND
from handgrad.server.latest_parameters import newest, newest_tag
from handgrad.server.model import FILE, chosen, described, tagged
from handgrad.server.model_in_use import ModelInUse
from handgrad.server.run_folders import LogEnds, LogReader, recipe_tables
from handgrad.server.schemas import Model, NewRun, Run, RunName, RunWithRecords, Started
from handgrad.server.train_command import order
from handgrad.server.trainings import Trainings

SHOWN = ("epochs", "steps", "batch_size", "learning_rate")


def routes(trainings: Trainings, in_use: ModelInUse, opened: OpenData) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["runs"], responses=NOT_FOUND)

    ends = LogEnds()

    def told(name: str) -> dict[str, Any]:
        found = trainings.standing(name)
        folder = trainings.folder(name)
        recipe, (count, last) = recipe_tables(folder), ends.of(folder)
        training = recipe.get("training", {}) | recipe.get("optimizer", {})
        return {
            "name": name,
            "state": found.state,
            "error": found.error,
            "recipe": str(recipe.get("name", "")),
            "data": opened.name_of(str(recipe.get("data", {}).get("source", ""))),
            "training": {key: training[key] for key in SHOWN if key in training},
            "records": count,
            "last": last,
        }

    @router.get("/runs")
    def list_runs() -> list[Run]:
        """List all runs, the one that was begun or resumed last first."""
        return [Run.model_validate(told(name)) for name in trainings.names()]

    @router.post("/runs", status_code=201, responses=CONFLICT)
    def start(wanted: NewRun) -> Started:
        """Train; one training runs at a time, and another is refused meanwhile."""
        origin = None
        if isinstance(wanted.start, RunName):
            origin = newest(trainings.folder(wanted.start.run))
        elif wanted.start == "model":
            origin = chosen(in_use)
        facts, source = opened.facts_of(wanted.data), opened.source(wanted.data)
        return Started(name=trainings.start(order(wanted, facts, source, origin)), state="running")

    @router.get("/runs/{name}")
    def tell(name: str) -> RunWithRecords:
        """Tell of one run, with all its records."""
        folder = trainings.folder(name)
        records = LogReader(folder).new()
        measured = validated(folder, MODEL_FILE if model_is_newest(folder) else CHECKPOINT_FILE)
        facts = {
            "records": len(records),
            "last": records[-1] if records else None,
            "validated": next((each for each in records if measured and each.step == measured.step), None),
            "records_so_far": records,
        }
        return RunWithRecords.model_validate({**told(name), **facts})

    @router.post("/runs/{name}/pause", responses=CONFLICT)
    def pause(name: str) -> RunWithRecords:
        """Have it save and end; it can be resumed as if nothing had happened."""
        trainings.interrupt(name, "paused")
        return tell(name)

    @router.post("/runs/{name}/resume", responses=CONFLICT)
    def resume(name: str) -> RunWithRecords:
        """Go on where it was paused, interrupted or killed, bit for bit."""
        trainings.resume(name)
        return tell(name)

    @router.post("/runs/{name}/stop", responses=CONFLICT)
    def stop(name: str) -> RunWithRecords:
        """End it for good; its model is kept."""
        trainings.interrupt(name, "stopped")
        return tell(name)

    @router.get("/runs/{name}/model", response_class=Response, responses=FILE)
    def model(name: str, if_none_match: str | None = Header(None)) -> Response:
        """Give the newest parameters as the bytes of a `model.safetensors`, also while it trains."""
        return answer(trainings, name, if_none_match)

    @router.post("/model", tags=["model"])
    def use(wanted: RunName) -> Model:
        """Answer with the model of this run from now on, as it is now."""
        found = newest(trainings.folder(wanted.run))
        in_use.served = found
        return described(found)

    return router


def answer(trainings: Trainings, name: str, known: str | None) -> Response:
    """Give the model of a run, or 304 where the client has it."""
    folder = trainings.folder(name)
    tag = newest_tag(folder)
    if tag is None:
        raise HTTPException(404, f"{name} has no parameters yet; ask again after its first record")
    if known is not None and tag in known:
        return tagged(b"", tag, known)
    served = newest(folder)
    return tagged(served.content, served.etag, None)
