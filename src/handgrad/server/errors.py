"""Refusals: whatever was wrong with a request, the answer is {"detail": "one line"}."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from handgrad.errors import HandgradError
from handgrad.server.schemas import Problem
from handgrad.server.trainings import Busy, Unknown

LONGEST = 500
SHOULD, OBJECT = "Input should be ", "a valid dictionary or object to extract fields from"
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body cannot be read"},
    401: {"model": Problem, "description": "The token is missing or wrong"},
    403: {"model": Problem, "description": "The request came from another site"},
    413: {"model": Problem, "description": "The body is too large"},
    422: {"model": Problem, "description": "A value is wrong"},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is none"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Not now"}}


def refusal(status: int, line: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with a status and one line of bounded length."""
    line = " ".join(line.encode("utf-8", "replace").decode().split())
    detail = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
    return JSONResponse({"detail": detail}, status, headers)


def install(app: FastAPI) -> None:
    """Have every failure told so."""

    @app.exception_handler(HandgradError)
    async def cannot(_: Request, error: HandgradError) -> JSONResponse:
        return refusal(
            404 if isinstance(error, Unknown) else 409 if isinstance(error, Busy) else 422, str(error)
        )

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        return refusal(422, first_complaint(list(error.errors())))

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        return refusal(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return refusal(500, f"unexpected {type(error).__name__}; the server's terminal shows where")


def first_complaint(findings: list[Any]) -> str:
    """Put the first of pydantic's findings in one line, with the alternatives to it."""
    first = findings[0]
    if first["type"] == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', first['msg'])}"
    place = _place(first)
    if first["type"] == "missing":
        return f"{place or 'the body'} is missing"
    if first["type"] == "extra_forbidden":
        return f"unknown key '{first['loc'][-1]!s:.60}'"
    told = [str(finding["msg"]) for finding in findings if _place(finding) == place]
    told = [text.replace(OBJECT, "an object") for text in told]
    wanted = [text.removeprefix(SHOULD) for text in dict.fromkeys(told) if text.startswith(SHOULD)]
    if wanted:
        return f"{place or 'the body'} must be {' or '.join(wanted)}"
    return f"{place}: {told[0].removeprefix('Value error, ')}"


def _place(finding: Any) -> str:
    """Write where it is, as a program would; without pydantic's names for alternatives."""
    parts = [str(part) for part in finding["loc"]]
    kept = [part for part in parts if re.fullmatch(r"[a-z_0-9]+", part)]
    return ".".join(kept[1:] if kept and kept[0] in ("body", "query", "path", "header") else kept)
