"""Error answers: whatever is wrong with a request, the answer is ``{"detail": "one line"}``."""

import logging
import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from handgrad.errors import HandgradError
from handgrad.server.schemas import Problem

MAX_LINE = 300


class NotFound(HandgradError):
    """What the request names does not exist."""


class Conflict(HandgradError):
    """The request cannot be carried out in the present state of the run or the server."""


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "The request was refused"},
    "503": {"model": Problem, "description": "The server is busy"},
}


def error_response(status: int, line: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a response with one printable line of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    return JSONResponse(
        {"detail": line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"}, status, headers
    )


def install(app: FastAPI) -> None:
    """Add the exception handlers."""

    @app.exception_handler(HandgradError)
    async def refuse(_: Request, error: HandgradError) -> JSONResponse:
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 422
        return error_response(status, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return error_response(422, describe(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return error_response(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(ClientDisconnect)
    async def disconnected(request: Request, _: ClientDisconnect) -> JSONResponse:
        logging.getLogger("uvicorn.error").warning(
            "%s %s: the client disconnected before its request was complete", request.method, request.url.path
        )
        return error_response(400, "the request is incomplete")

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return error_response(
            500, f"unexpected {type(error).__name__}; see the server's log for the traceback"
        )


def describe(errors: Sequence[Any]) -> str:
    """Describe the first of pydantic's errors in one line."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return f"the body is not valid JSON: {first.get('ctx', {}).get('error', first['msg'])}"
    if first["type"] == "extra_forbidden":
        return f"unknown key '{first['loc'][-1]!s:.60}'"
    names = [str(part) for part in first["loc"] if re.fullmatch(r"[a-z_0-9]+", str(part))]
    if names and names[0] in ("body", "query", "path", "header"):
        names = names[1:]
    message = first["msg"].removeprefix("Value error, ")
    return f"{'.'.join(names) or 'the body'}: {message[:1].lower()}{message[1:]}"
