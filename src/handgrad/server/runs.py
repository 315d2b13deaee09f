"""Routes of trainings, and their records and states as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe
from handgrad.run_status import validated
from handgrad.runs import RECIPE_FILE
from handgrad.server.datasets import Datasets, training_values
from handgrad.server.models import ModelInUse, ServedModel, file_response, latest_model
from handgrad.server.requests import NewRun, RunName
from handgrad.server.run_folders import Log, Status, run_names
from handgrad.server.trainings import Trainings, plan
from handgrad.training.records import Record

FINAL = ("finished", "failed", "stopped", "damaged")
MAX_STREAMS = 200
POLL = 0.2
"""Seconds between two looks at a run that is training; five times as long for others."""


def routes(
    trainings: Trainings,
    in_use: ModelInUse,
    datasets: Datasets,
    check_quota: Callable[[], None],
    closing: Event,
) -> APIRouter:
    """Build the routes; streams of events end when `closing` is set."""
    router = APIRouter()
    streams: set[object] = set()

    def find(name: str) -> Path:
        return trainings.folder(name)

    def count_stream() -> Iterator[None]:
        if len(streams) >= MAX_STREAMS:
            raise HTTPException(
                503, f"{MAX_STREAMS} clients follow runs; try again later", {"Retry-After": "5"}
            )
        streams.add(stream := object())
        try:
            yield
        finally:
            streams.discard(stream)

    Folder = Annotated[Path, Depends(find)]

    def latest_of(folder: Path) -> ServedModel:
        if (latest := latest_model(folder)) is None:
            raise HandgradError(f"{folder.name} has no parameters yet; wait for its first step")
        return latest

    def describe(folder: Path) -> dict[str, Any]:
        status, records = trainings.status(folder.name), Log(folder).read()
        facts: dict[str, Any] = {"recipe": "", "data": "", "training": {}}
        with suppress(HandgradError):
            recipe = load_recipe(str(folder / RECIPE_FILE))
            facts = {"recipe": recipe.name, "data": datasets.name(recipe.data.source)}
            facts["training"] = training_values(recipe)
        return {
            "name": folder.name,
            "state": status.state,
            "error": status.error,
            **facts,
            "records": len(records),
            "last": records[-1] if records else None,
        }

    @router.get("/runs")
    def list_runs() -> list[dict[str, Any]]:
        """List all runs, the last started or resumed first: name, state, error, recipe, data, training, last."""
        found = []
        for name in run_names(trainings.runs):
            with suppress(HTTPException):  # removed meanwhile
                found.append(describe(trainings.folder(name)))
        return found

    @router.post("/runs", status_code=201)
    def start(wanted: NewRun) -> dict[str, Any]:
        """Start a training; one training runs at a time."""
        origin = None
        if isinstance(wanted.start, RunName):
            origin = latest_of(find(wanted.start.run))
        elif wanted.start == "model":
            origin = in_use.get()
        recipe, network = plan(wanted, datasets.describe(wanted.data), datasets.source(wanted.data), origin)
        check_quota()
        return describe(trainings.start(recipe, network, origin))

    @router.get("/runs/{name}")
    def with_records(folder: Folder) -> dict[str, Any]:
        """Describe a run, with all its records, and the one in which its newest parameters were `validated`."""
        return {**describe(folder), "validated": validated(folder), "records_so_far": Log(folder).read()}

    @router.post("/runs/{name}/{action}")
    def act(folder: Folder, action: Literal["pause", "resume", "stop"]) -> dict[str, Any]:
        """Pause a run, which saves it and ends its process; resume it, bit for bit; or stop it for good."""
        if action == "resume":
            trainings.resume(folder.name)
        else:
            trainings.interrupt(folder.name, "paused" if action == "pause" else "stopped")
        return with_records(folder)

    @router.get("/runs/{name}/model", response_class=Response)
    def model(folder: Folder) -> Response:
        """Return the latest parameters as the bytes of a `model.safetensors`; status 204 before the first step."""
        latest = latest_model(folder)
        return file_response(latest) if latest else Response(status_code=204)

    @router.post("/model")
    def use(wanted: RunName) -> dict[str, Any]:
        """Use the latest model of a run from now on."""
        in_use.served = latest_of(find(wanted.run))
        return in_use.served.describe()

    @router.get(
        "/runs/{name}/events", response_class=EventSourceResponse, dependencies=[Depends(count_stream)]
    )
    async def events(
        folder: Folder,
        last_event_id: str | None = Header(None),
        after: Annotated[int, Query(ge=-1, lt=10**15, description="Default of Last-Event-ID.")] = -1,
    ) -> AsyncIterator[ServerSentEvent]:
        """Follow a run: `record` with a record as data and its step as id, `state` with `{"state", "error"}`.

        All records are sent from the first, or from the one after `Last-Event-ID` or `after`, then the state, then
        what is new. The stream ends after a final state: finished, failed, stopped or damaged.
        """
        known = last_event_id or ""
        start = int(known) if known.isdecimal() and len(known) < 16 else after
        async for event in follow(trainings, folder, start, closing):
            yield event

    return router


async def follow(
    trainings: Trainings, folder: Path, after: int, closing: Event
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of a run."""
    log, sent = Log(folder, after), None

    def look() -> tuple[Status, list[Record]]:
        status = trainings.status(folder.name)  # first: so a final state comes after the last record
        return status, log.read()

    while not closing.is_set():
        try:
            status, records = await asyncio.to_thread(look)
        except HTTPException:  # the folder was removed
            return
        for record in records:
            yield ServerSentEvent(data=record.as_dict(), event="record", id=str(record.step))
        if status != sent:
            sent = status
            yield ServerSentEvent(data={"state": status.state, "error": status.error}, event="state")
        if status.state in FINAL:
            return
        await asyncio.sleep(POLL if status.state == "running" else 5 * POLL)
