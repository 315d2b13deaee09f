"""Routes of trainings, and their records and states as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from threading import Event, Lock
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.run_status import model_is_newest, validated
from handgrad.server.datasets import Datasets
from handgrad.server.disk import Quota
from handgrad.server.errors import CONFLICT, NOT_FOUND
from handgrad.server.models import (
    MODEL_FILE_RESPONSES,
    ModelInUse,
    file_response,
    latest_model,
    latest_tag,
)
from handgrad.server.run_folders import LogReader, Status, recipe_tables
from handgrad.server.schemas import Model, NewRun, Record, Run, RunName, RunWithRecords, Started
from handgrad.server.train_command import train_command
from handgrad.server.trainings import Trainings

SHOWN = ("epochs", "steps", "batch_size", "learning_rate")
FINAL = ("finished", "failed", "stopped", "damaged")
MAX_STREAMS = 200
POLL = 0.2
"""Seconds between two looks at a run."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy closes the connection."""
RECORDS_AT_ONCE = 1_000
EVENT = {
    "type": "object",
    "description": "One event of the stream; `data` is JSON, a Record or a state.",
    "properties": {
        "event": {"enum": ["record", "state"]},
        "id": {"type": "string"},
        "data": {"type": "string"},
    },
    "required": ["event", "data"],
}


class RunView:
    """What the routes show of a run; logs that were read before are read incrementally."""

    def __init__(self, trainings: Trainings, datasets: Datasets) -> None:
        self._trainings = trainings
        self._datasets = datasets
        self._logs: dict[str, LogReader] = {}
        self._lock = Lock()

    def describe(self, name: str) -> dict[str, Any]:
        """Return the values of a `Run`."""
        folder, status = self._trainings.folder(name), self._trainings.status(name)
        try:
            recipe = recipe_tables(folder)
        except (OSError, ValueError, RecursionError):  # its status is "damaged"
            recipe = {}
        training = recipe.get("training", {}) | recipe.get("optimizer", {})
        with self._lock:
            log = self._logs.get(name)
            if log is None or log.is_replaced():  # cut when the run was resumed, or another run of that name
                log = self._logs[name] = LogReader(folder)
            log.read()
        return {
            "name": name,
            "state": status.state,
            "error": status.error,
            "recipe": str(recipe.get("name", "")),
            "data": self._datasets.name(str(recipe.get("data", {}).get("source", ""))),
            "training": {key: training[key] for key in SHOWN if key in training},
            "records": log.count,
            "last": log.last,
        }

    def with_records(self, name: str) -> RunWithRecords:
        """Describe a run, with all its records."""
        folder = self._trainings.folder(name)
        records = LogReader(folder).read()
        measured = validated(folder, MODEL_FILE if model_is_newest(folder) else CHECKPOINT_FILE)
        step = measured.step if measured else None
        facts = {
            "records": len(records),
            "last": records[-1] if records else None,
            "validated": next((record for record in records if record.step == step), None),
            "records_so_far": records,
        }
        return RunWithRecords.model_validate({**self.describe(name), **facts})


def routes(
    trainings: Trainings, in_use: ModelInUse, datasets: Datasets, quota: Quota, closing: Event
) -> APIRouter:
    """Build the routes; streams of events end when `closing` is set."""
    router = APIRouter(tags=["runs"], responses=NOT_FOUND)
    view, follower = RunView(trainings, datasets), Follower(trainings, closing)

    @router.get("/runs")
    def list_runs() -> list[Run]:
        """List all runs, the last started or resumed first."""
        return [Run.model_validate(view.describe(name)) for name in trainings.names()]

    @router.post("/runs", status_code=201, responses=CONFLICT)
    def start(wanted: NewRun) -> Started:
        """Start a training; one training runs at a time."""
        origin = None
        if isinstance(wanted.start, RunName):
            origin = latest_model(trainings.folder(wanted.start.run))
        elif wanted.start == "model":
            origin = in_use.get()
        facts, source = datasets.facts(wanted.data), datasets.source(wanted.data)
        command = train_command(wanted, facts, source, origin)
        quota.check()
        return Started(name=trainings.start(command), state="running")

    @router.get("/runs/{name}")
    def describe(name: str) -> RunWithRecords:
        """Describe a run, with all its records."""
        return view.with_records(name)

    @router.post("/runs/{name}/pause", responses=CONFLICT)
    def pause(name: str) -> RunWithRecords:
        """Save a run and end its process; it can be resumed exactly."""
        trainings.interrupt(name, "paused")
        return view.with_records(name)

    @router.post("/runs/{name}/resume", responses=CONFLICT)
    def resume(name: str) -> RunWithRecords:
        """Continue a run that was paused, interrupted or killed, bit for bit."""
        trainings.resume(name)
        return view.with_records(name)

    @router.post("/runs/{name}/stop", responses=CONFLICT)
    def stop(name: str) -> RunWithRecords:
        """End a run for good; its model is kept."""
        trainings.interrupt(name, "stopped")
        return view.with_records(name)

    @router.get(
        "/runs/{name}/model",
        response_class=Response,
        responses={**MODEL_FILE_RESPONSES, 204: {"description": "The run has no parameters yet"}},
    )
    def model(name: str, if_none_match: str | None = Header(None)) -> Response:
        """Return the latest parameters as the bytes of a `model.safetensors`, also during the training."""
        folder = trainings.folder(name)
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
        in_use.served = latest_model(trainings.folder(wanted.run))
        return in_use.served.describe()

    @router.get(
        "/runs/{name}/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": EVENT}}}},
    )
    def events(
        name: str,
        last_event_id: str | None = Header(None),
        after: Annotated[
            int, Query(ge=-1, lt=10**15, description="Default of the header Last-Event-ID.")
        ] = -1,
    ) -> StreamingResponse:
        """Follow a run: `record` with a record as data and its step as id, `state` with `{"state", "error"}`.

        All records are sent from the first, or from the one after `Last-Event-ID` or `after`, then the state, then
        what is new. The stream ends after a final state: finished, failed, stopped or damaged.
        """
        trainings.folder(name)
        if follower.streams >= MAX_STREAMS:
            raise HTTPException(
                503, f"{MAX_STREAMS} clients follow runs; try again later", {"Retry-After": "5"}
            )
        known = last_event_id or ""
        step = int(known) if known.isdecimal() and len(known) < 16 else after
        return StreamingResponse(
            follower.follow(name, step), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


class Follower:
    """Server-sent events of runs. The streams of one run share each look at its state."""

    def __init__(self, trainings: Trainings, closing: Event) -> None:
        self.streams = 0
        self._trainings = trainings
        self._closing = closing
        self._looks: dict[str, tuple[float, asyncio.Future[Status]]] = {}

    async def follow(self, name: str, after: int) -> AsyncIterator[str]:
        """Yield the events of a run."""
        self.streams += 1
        try:
            async for text in self._events(name, after):
                yield text
        finally:
            self.streams -= 1

    async def _events(self, name: str, after: int) -> AsyncIterator[str]:
        log, sent, silence = LogReader(self._trainings.runs / name, after), None, 0.0
        yield "retry: 1000\n\n"
        while not self._closing.is_set():
            try:  # the state first: so a final state comes after the last record
                status = await self._status(name)
            except HandgradError:  # its folder was removed
                return
            records = [] if log.is_unchanged() else await asyncio.to_thread(log.read)
            while len(records) > RECORDS_AT_ONCE:  # other requests are answered in between
                yield "".join(map(_record_event, records[:RECORDS_AT_ONCE]))
                records = records[RECORDS_AT_ONCE:]
            text = "".join(map(_record_event, records))
            if status != sent:
                text, sent = text + _state_event(status), status
            silence += POLL
            if not text and silence >= HEARTBEAT:
                text = ": heartbeat\n\n"
            if text:
                yield text
                silence = 0.0
            if status.state in FINAL:
                return
            await asyncio.sleep(POLL)

    async def _status(self, name: str) -> Status:
        now = monotonic()
        since, look = self._looks.get(name, (0.0, None))
        if look is None or now - since > POLL / 2:
            look = asyncio.ensure_future(asyncio.to_thread(self._trainings.status, name))
            self._looks[name] = now, look
        return await asyncio.shield(look)


def _record_event(record: Record) -> str:
    return f"event: record\nid: {record.step}\ndata: {record.model_dump_json()}\n\n"


def _state_event(status: Status) -> str:
    data = {"state": status.state} | ({"error": status.error} if status.error else {})
    return f"event: state\ndata: {json.dumps(data)}\n\n"
