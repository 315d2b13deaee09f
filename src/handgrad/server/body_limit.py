"""Bodies that are too large are not taken in: by what they say of their length, and else as they come."""

import asyncio
from contextlib import suppress

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handgrad.server.errors import refusal

JSON_LIMIT = 4 * 2**20
PICTURE_LIMIT = 16 * 2**20
DISCARDED = 64 * 2**20
"""Bytes of a body that is too large which are still read, and forgotten: who is sending reads no answer."""
PATIENCE = 5.0


class BodyLimit:
    """Answers 413, with the limit, to what is larger."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "")
        limit = PICTURE_LIMIT if kind.startswith(("image/", "multipart/")) else JSON_LIMIT
        line = f"the body is larger than {limit // 2**20} MiB; send less at a time"
        told = headers.get("content-length", "")
        if told.isdecimal() and int(told[:20]) > limit:
            if "expect" not in headers and int(told[:20]) <= DISCARDED:
                await _discard(receive, DISCARDED)
            await refusal(413, line, {"Connection": "close"})(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                if message.get("more_body"):
                    await _discard(receive, DISCARDED - taken)
                raise HTTPException(413, line, {"Connection": "close"})
            return message

        await self.app(scope, counted, send)


async def _discard(receive: Receive, most: int) -> None:
    """Read on until the end, for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
