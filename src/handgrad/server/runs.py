"""Routes of trainings, and their records and states as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.run_status import model_is_newest, validated
from handgrad.server.datasets import Datasets
from handgrad.server.errors import NotFound
from handgrad.server.models import FILE, ModelInUse, file_response, latest_model, latest_tag
from handgrad.server.run_folders import LogReader, log_end, recipe_tables
from handgrad.server.schemas import Model, NewRun, Run, RunName, RunWithRecords
from handgrad.server.trainings import Trainings, train_command

SHOWN = ("epochs", "steps", "batch_size", "learning_rate")
FINAL = ("finished", "failed", "stopped", "damaged")
EVENT_STREAM = "text/event-stream"
EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {EVENT_STREAM: {"schema": {"type": "object"}}}}}
MAX_STREAMS = 200
POLL = 0.2
"""Seconds between two looks at a run that is training; five times as long for others."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy closes the connection."""


def routes(
    trainings: Trainings,
    in_use: ModelInUse,
    datasets: Datasets,
    closing: Event,
    check_quota: Callable[[], None],
) -> APIRouter:
    """Build the routes; streams of events end when `closing` is set."""
    router = APIRouter(tags=["runs"])
    streams: set[object] = set()

    def find(name: str) -> Path:
        return trainings.folder(name)

    def find_for_stream(name: str) -> Path:
        if len(streams) >= MAX_STREAMS:
            raise HTTPException(
                503, f"{MAX_STREAMS} clients follow runs; try again later", {"Retry-After": "5"}
            )
        return find(name)

    existing, to_follow = Depends(find), Depends(find_for_stream)

    def describe(folder: Path) -> dict[str, Any]:
        status, recipe, (count, last) = trainings.status(folder.name), recipe_tables(folder), log_end(folder)
        values = recipe.get("training", {}) | recipe.get("optimizer", {})
        return {
            "name": folder.name,
            "state": status.state,
            "error": status.error,
            "recipe": str(recipe.get("name", "")),
            "data": datasets.name(str(recipe.get("data", {}).get("source", ""))),
            "training": {key: values[key] for key in SHOWN if key in values},
            "records": count,
            "last": last,
        }

    @router.get("/runs")
    def list_runs() -> list[Run]:
        """List all runs, the last started or resumed first."""
        found = []
        for name in trainings.names():
            with suppress(NotFound):  # removed meanwhile
                found.append(Run.model_validate(describe(trainings.runs / name)))
        return found

    @router.post("/runs", status_code=201)
    def start(wanted: NewRun) -> Run:
        """Start a training; one training runs at a time."""
        origin = None
        if isinstance(wanted.start, RunName):
            origin = latest_model(find(wanted.start.run))
        elif wanted.start == "model":
            origin = in_use.get()
        command = train_command(wanted, datasets.facts(wanted.data), datasets.source(wanted.data), origin)
        check_quota()
        return Run.model_validate(describe(trainings.start(command)))

    @router.get("/runs/{name}")
    def with_records(folder: Path = existing) -> RunWithRecords:
        """Describe a run, with all its records."""
        records = LogReader(folder).read()
        measured = validated(folder, MODEL_FILE if model_is_newest(folder) else CHECKPOINT_FILE)
        step = measured.step if measured else None
        best = next((record for record in records if record.step == step), None)
        return RunWithRecords.model_validate(
            {**describe(folder), "validated": best, "records_so_far": records}
        )

    @router.post("/runs/{name}/pause")
    def pause(folder: Path = existing) -> RunWithRecords:
        """Save a run and end its process; it can be resumed exactly."""
        trainings.interrupt(folder.name, "paused")
        return with_records(folder)

    @router.post("/runs/{name}/resume")
    def resume(folder: Path = existing) -> RunWithRecords:
        """Continue a run that was paused, interrupted or killed, bit for bit."""
        trainings.resume(folder.name)
        return with_records(folder)

    @router.post("/runs/{name}/stop")
    def stop(folder: Path = existing) -> RunWithRecords:
        """End a run for good; its model is kept."""
        trainings.interrupt(folder.name, "stopped")
        return with_records(folder)

    @router.get("/runs/{name}/model", response_class=Response, responses=FILE)
    def model(folder: Path = existing, if_none_match: str | None = Header(None)) -> Response:
        """Return the latest parameters as the bytes of a `model.safetensors`, also during the training."""
        tag = latest_tag(folder)
        if tag is None:
            return Response(status_code=204)
        if if_none_match is not None and tag in if_none_match:
            return file_response(b"", tag, if_none_match)
        latest = latest_model(folder)
        return file_response(latest.content, latest.etag, None)

    @router.post("/model", tags=["model"])
    def use(wanted: RunName) -> Model:
        """Use the latest model of a run from now on."""
        in_use.served = latest_model(find(wanted.run))
        return in_use.served.describe()

    @router.get("/runs/{name}/events", response_class=StreamingResponse, responses=EVENTS)
    async def events(
        folder: Path = to_follow,
        last_event_id: str | None = Header(None),
        after: Annotated[int, Query(ge=-1, lt=10**15, description="Default of Last-Event-ID.")] = -1,
    ) -> StreamingResponse:
        """Follow a run: `record` with a record as data and its step as id, `state` with `{"state", "error"}`.

        All records are sent from the first, or from the one after `Last-Event-ID` or `after`, then the state, then
        what is new. The stream ends after a final state: finished, failed, stopped or damaged.
        """
        known = last_event_id or ""
        step = int(known) if known.isdecimal() and len(known) < 16 else after

        async def counted() -> AsyncIterator[bytes]:
            streams.add(stream := object())
            try:
                async for text in follow(trainings, folder, step, closing):
                    yield text
            finally:
                streams.discard(stream)

        return StreamingResponse(counted(), media_type=EVENT_STREAM, headers={"Cache-Control": "no-store"})

    return router


async def follow(trainings: Trainings, folder: Path, after: int, closing: Event) -> AsyncIterator[bytes]:
    """Yield the events of a run. Many records are joined: other requests are answered in between."""
    log, sent, last = LogReader(folder, after), None, monotonic()
    yield format_sse_event(retry=1000)
    while not closing.is_set():
        try:  # the state first: so a final state comes after the last record
            status = await asyncio.to_thread(trainings.status, folder.name)
        except HandgradError:  # its folder was removed
            return
        events = [
            format_sse_event(data_str=record.model_dump_json(), event="record", id=str(record.step))
            for record in await asyncio.to_thread(log.read)
        ]
        if status != sent:
            sent = status
            state = {"state": status.state} | ({"error": status.error} if status.error else {})
            events.append(format_sse_event(data_str=json.dumps(state), event="state"))
        if monotonic() > last + HEARTBEAT:
            events.append(KEEPALIVE_COMMENT)
        for start in range(0, len(events), 1000):
            yield b"".join(events[start : start + 1000])
            last = monotonic()
        if status.state in FINAL:
            return
        await asyncio.sleep(POLL if status.state == "running" else 5 * POLL)
