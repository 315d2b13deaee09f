"""Runs that clients follow by server-sent events; a run is read once for all of its clients."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from handgrad.server.run_folders import Status, is_run, read_records
from handgrad.server.trainings import Trainings
from handgrad.training.records import Record

RECORD = TypeAdapter(Record)
FINAL = ("finished", "failed", "damaged")
POLL = 0.2  # seconds between two looks at a run that is training; five times as long for others
BATCH = 100  # records that are sent at a time
QUIET = 15.0  # seconds after which a comment is sent, so that a proxy keeps the connection


class Followed:
    """A run that clients follow: the steps of its records, and the records as events."""

    def __init__(self, folder: Path, trainings: Trainings) -> None:
        self.folder, self.trainings = folder, trainings
        self.steps, self.events = list[int](), list[str]()
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
            self.events.append(f"event: record\nid: {record.step}\ndata: {data}\n\n")
            self.steps.append(record.step)
        return status


class Following:
    """All runs that clients follow."""

    def __init__(self, trainings: Trainings) -> None:
        self.trainings, self._followed = trainings, WeakValueDictionary[Path, Followed]()

    async def events(self, folder: Path, step: int) -> AsyncIterator[str]:
        """Yield the records after a step, then the state, then what is new; the end is a final state."""
        run = self._followed.setdefault(folder, Followed(folder, self.trainings))
        sent, spoken = None, (begun := monotonic())
        while is_run(folder) and not self.trainings.closing.is_set():
            status = await run.look(begun)
            while (first := bisect_right(run.steps, step)) < len(run.steps):
                part = run.steps[first : first + BATCH]
                yield "".join(run.events[first : first + len(part)])
                step, spoken = part[-1], monotonic()
            if status != sent:
                yield f"event: state\ndata: {json.dumps(asdict(status))}\n\n"
                sent, spoken = status, monotonic()
            if status.state in FINAL:
                return
            if monotonic() - spoken > QUIET:
                yield ":\n\n"
                spoken = monotonic()
            await asyncio.sleep(POLL if status.state == "running" else 5 * POLL)
