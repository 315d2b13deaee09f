"""Refusals: whatever was wrong with a request, the answer is {"detail": "one line"}."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from handgrad.errors import HandgradError
from handgrad.web.schemas import Problem
from handgrad.web.trainings import Busy, Unknown

LONGEST = 500
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
    """Put the first of pydantic's findings in one line."""
    first = findings[0]
    if first["type"] == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', first['msg'])}"
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
