"""Runs that clients follow by server-sent events; a run is read once for all of its clients."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from weakref import WeakValueDictionary

import anyio
from pydantic import TypeAdapter
from sse_starlette import EventSourceResponse, ServerSentEvent

from handgrad.server.run_folders import Status, is_run, read_records
from handgrad.server.trainings import Trainings
from handgrad.training.records import Record

RECORD = TypeAdapter(Record)
FINAL = ("finished", "failed", "damaged")
POLL = 0.2  # seconds between two looks at a run that is training; five times as long for others
BATCH = 100  # records that are sent at a time


class Followed:
    """A run that clients follow: the steps of its records, and the records as events."""

    def __init__(self, folder: Path, trainings: Trainings) -> None:
        self.folder, self.trainings = folder, trainings
        self.steps, self.events = list[int](), list[bytes]()
        self._reading: asyncio.Future[Status] | None = None
        self._looked = 0.0  # when the last reading began

    async def look(self, begun: float) -> Status:
        """Return the status of the run; all records before it are in `steps` and `events` then.

        One stream reads for all that look within `POLL` seconds. But a stream that began at the time `begun` takes
        no reading from before.
        """
        if self._reading and not self._reading.done() and self._looked < begun:
            await asyncio.wait([self._reading])
        is_old = self._looked < begun or monotonic() - self._looked >= POLL
        if self._reading is None or (self._reading.done() and is_old):
            self._looked = monotonic()
            self._reading = asyncio.ensure_future(asyncio.to_thread(self._read))
        return await asyncio.shield(self._reading)

    def _read(self) -> Status:
        status = self.trainings.status(self.folder)  # first: so a final state comes after the last record
        for record in read_records(self.folder, self.steps[-1] if self.steps else -1):
            data = RECORD.dump_json(record).decode()
            self.events.append(ServerSentEvent(data, event="record", id=str(record.step)).encode())
            self.steps.append(record.step)
        return status


class Following:
    """All runs that clients follow."""

    def __init__(self, trainings: Trainings) -> None:
        self.trainings, self._followed = trainings, WeakValueDictionary[Path, Followed]()

    def response(self, folder: Path, step: int) -> EventSourceResponse:
        """Answer with events until the state is final, or the server ends."""
        closing = anyio.Event()
        events = self.events(folder, step, closing)
        return EventSourceResponse(events, shutdown_event=closing, shutdown_grace_period=10 * POLL)

    async def events(self, folder: Path, step: int, closing: anyio.Event) -> AsyncIterator[bytes]:
        """Yield the records after a step, then the state, then what is new; the end is a final state."""
        run = self._followed.setdefault(folder, Followed(folder, self.trainings))
        sent, begun = None, monotonic()
        while is_run(folder) and not closing.is_set():
            status = await run.look(begun)
            while (first := bisect_right(run.steps, step)) < len(run.steps):
                part = run.steps[first : first + BATCH]
                yield b"".join(run.events[first : first + len(part)])
                step = part[-1]
            if status != sent:
                yield ServerSentEvent(json.dumps(asdict(status)), event="state").encode()
                sent = status
            if status.state in FINAL:
                return
            await asyncio.sleep(POLL if status.state == "running" else 5 * POLL)
