"""The application: its routes, the page's files, and the description of the routes at /docs."""

import asyncio
import json
import mimetypes
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

import handgrad
from handgrad.server import datasets, errors, models, prediction, runs
from handgrad.server.security import Guard, content_security_policy
from handgrad.server.trainings import Trainings

FOLDER = Path(handgrad.__file__).parent / "frontend"
NO_CACHE = {"Cache-Control": "no-cache"}
mimetypes.add_type("text/javascript", ".js")  # on some systems it is another type, which browsers refuse
SUMMARY = "Predict, train, collect digits: the routes of handgrad's page. Every error is one line, `detail`."


@dataclass(frozen=True)
class Settings:
    """The folders of runs and of ``digits/``, host and token as in `Guard`, and limits in pixels and bytes."""

    runs: Path
    data: Path
    host: str = "127.0.0.1"
    token: str | None = None
    max_pixels: int = 4_000_000
    quota: int = 10**10


def create_app(
    settings: Settings,
    in_use: models.ModelInUse,
    closing: Event,
    report: Callable[[str], None] = lambda line: None,
) -> FastAPI:
    """Build the application.

    It sets `closing`, which ends streams of events, before it shuts down, and reports lines for the terminal.
    """
    available, trainings = datasets.Datasets(settings.data), Trainings(settings.runs)

    def check_quota() -> None:
        folders = (settings.runs, available.folder)
        with suppress(OSError):  # a file was removed meanwhile
            used = sum(path.lstat().st_size for folder in folders for path in folder.rglob("*"))
            if used >= settings.quota:
                limit = f"the limit is {settings.quota / 1e9:.1f} GB"
                raise errors.Conflict(f"runs and digits take {used / 1e9:.1f} GB, {limit}; remove some")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        closing.set()
        paused = await asyncio.to_thread(trainings.close)
        if paused:
            report(f"paused   {paused}; resume it on the page, or: handgrad resume {settings.runs / paused}")

    app = FastAPI(
        title="handgrad",
        version=version("handgrad"),
        summary=SUMMARY,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=errors.RESPONSES,
    )
    errors.install(app)

    @app.get("/health", tags=["server"])
    async def health() -> dict[str, str]:
        """Whether the server is running."""
        return {"status": "ok", "version": version("handgrad")}

    app.include_router(models.routes(in_use))
    app.include_router(prediction.routes(in_use, prediction.Predictor(), settings.max_pixels))
    app.include_router(datasets.routes(available, in_use, check_quota))
    app.include_router(runs.routes(trainings, in_use, available, closing, check_quota))
    _add_pages(app)
    app.add_middleware(Guard, host=settings.host, token=settings.token)
    return app


class RevalidatedFiles(StaticFiles):
    """Static files for which a browser asks each time whether they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file."""
        response = await super().get_response(path, scope)
        response.headers.update(NO_CACHE)
        return response


def _add_pages(app: FastAPI) -> None:
    """Add the routes, which are for browsers and not in the OpenAPI document."""
    app.mount("/static", RevalidatedFiles(directory=FOLDER, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        file = FOLDER / "index.html"
        if not file.is_file():
            raise HTTPException(404, "the page is not installed; the routes are described at /docs")
        page = file.read_text("utf-8")
        return HTMLResponse(
            page, headers={**NO_CACHE, "Content-Security-Policy": content_security_policy(page)}
        )

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse("".join(_docs(app.openapi())))


def _docs(document: Mapping[str, Any]) -> Iterator[str]:
    """Write an OpenAPI document as HTML that needs no script and no network."""
    title = f"handgrad {document['info']['version']}: routes"
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<link rel="stylesheet" href="./static/style.css"></head><body><main><h1>{escape(title)}</h1>'
    yield f"<p>{escape(document['info']['summary'])} For programs: "
    yield '<a href="./openapi.json">OpenAPI</a>. <a href="./">Page</a></p>'
    entries = [
        (f"{method.upper()} {path}", route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    ]
    for title, entry in [*entries, *document["components"]["schemas"].items()]:
        yield f"<h2>{escape(title)}</h2><p>{escape(entry.get('description', ''))}</p>"
        details = escape(json.dumps(entry, indent=2, ensure_ascii=False))
        yield f"<details><summary>Details</summary><pre>{details}</pre></details>"
    yield "</main></body></html>"
