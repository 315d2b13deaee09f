"""Turns: routes that compute, or send much, process few requests at a time."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import HTTPException


class Turns:
    """Dependency of routes that together process `active` requests at a time, until the answer has been read.

    `waiting` others wait, and occupy no thread meanwhile; further ones are refused with status 503.
    """

    def __init__(self, active: int, waiting: int) -> None:
        self._active, self._free = asyncio.Semaphore(active), active + waiting

    async def __call__(self) -> AsyncGenerator[None, None]:
        """Wait for a turn, and hold it within the dependency."""
        if not self._free:
            raise HTTPException(503, "too many requests of this kind at a time; try again later")
        self._free -= 1
        try:
            async with self._active:
                yield
        finally:
            self._free += 1
