"""The records and states of a run as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from threading import Event
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from handgrad.errors import HandgradError
from handgrad.server.errors import NOT_FOUND
from handgrad.server.run_folders import LogReader, Standing
from handgrad.server.schemas import Record
from handgrad.server.trainings import Trainings

FINAL = ("finished", "failed", "stopped")
LOOK = 0.2
"""Seconds from one look at the log to the next."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that nobody in between hangs up."""
PIECE = 1_000
"""Records that are written at once."""

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
STREAM: dict[int | str, dict[str, Any]] = {
    **NOT_FOUND,
    200: {"content": {"text/event-stream": {"schema": EVENT}}},
}


def routes(trainings: Trainings, closing: Event) -> APIRouter:
    """Build the route; its streams end when `closing` is set."""
    router = APIRouter(tags=["runs"])

    @router.get("/runs/{name}/events", response_class=StreamingResponse, responses=STREAM)
    def events(
        name: str,
        last_event_id: str | None = Header(None),
        after: Annotated[
            int, Query(ge=-1, lt=10**15, description="As Last-Event-ID, where that is missing.")
        ] = -1,
    ) -> StreamingResponse:
        """Follow a run: `record` with a record as data and its step as id, `state` with `{"state", "error"}`.

        All records are told from the first, or from the one after `Last-Event-ID` or `after`, then the state, then
        what is new. The stream ends after a final state: finished, failed or stopped.
        """
        trainings.folder(name)
        known = last_event_id or ""
        step = int(known) if known.isdecimal() and len(known) < 16 else after
        return StreamingResponse(
            follow(trainings, name, step, closing),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    return router


async def follow(trainings: Trainings, name: str, after: int, closing: Event) -> AsyncIterator[str]:
    """Give the events of a run as they come."""
    reader = LogReader(trainings.runs / name, after)
    told, silent = None, 0.0
    yield "retry: 1000\n\n"
    while not closing.is_set():
        try:  # the state first: a final one is then known to come behind the last record
            found = await asyncio.to_thread(trainings.standing, name)
        except HandgradError:  # somebody removed its folder
            return
        records = await asyncio.to_thread(reader.new)
        while len(records) > PIECE:  # of a long run, in pieces, between which others are answered
            yield "".join(map(record_event, records[:PIECE]))
            records = records[PIECE:]
        text = "".join(map(record_event, records))
        if found != told:
            text, told = text + state_event(found), found
        silent += LOOK
        if not text and silent >= HEARTBEAT:
            text = ": still here\n\n"
        if text:
            yield text
            silent = 0.0
        if found.state in FINAL:
            return
        await asyncio.sleep(LOOK)


def record_event(record: Record) -> str:
    """Write a record as an event."""
    return f"event: record\nid: {record.step}\ndata: {record.model_dump_json()}\n\n"


def state_event(found: Standing) -> str:
    """Write a state as an event."""
    data = {"state": found.state} | ({"error": found.error} if found.error else {})
    return f"event: state\ndata: {json.dumps(data)}\n\n"
