"""Error answers: whatever is wrong with a request, the answer is ``{"detail": "one line"}``."""

import logging
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from handgrad.errors import HandgradError

MAX_LINE = 300


def error_response(status: int, line: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a response with one printable line of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    return JSONResponse({"detail": line[:MAX_LINE]}, status, headers)


def install(app: FastAPI) -> None:
    """Add the exception handlers; that of FastAPI answers an HTTPException."""

    @app.exception_handler(HandgradError)
    async def refuse(_: Request, error: HandgradError) -> JSONResponse:
        return error_response(422, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return error_response(422, _describe(error.errors()[0]))

    @app.exception_handler(ClientDisconnect)
    async def disconnected(request: Request, _: ClientDisconnect) -> JSONResponse:
        logging.getLogger("uvicorn.error").warning(
            "%s %s: the client disconnected before its request was complete", request.method, request.url.path
        )
        return error_response(400, "the request is incomplete")


def _describe(error: Any) -> str:
    """Describe an error of pydantic, e.g. ``epochs: Input should be greater than or equal to 1``."""
    if error["type"] == "json_invalid":
        return f"the body is not valid JSON: {error['ctx']['error']}"
    places = [
        str(place) for place in error["loc"][1:] if re.fullmatch(r"\w+", str(place))
    ]  # no types of unions
    return f"{'.'.join(places) or 'the body'}: {error['msg']}"
