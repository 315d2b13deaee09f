"""The application: its routes, the page's files, and the description of the routes at /docs."""

import asyncio
import json
import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from threading import Event

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

import handgrad
from handgrad.server import datasets, errors, models, prediction, runs
from handgrad.server.security import Guard
from handgrad.server.trainings import Trainings

FOLDER = Path(handgrad.__file__).parent / "frontend"
mimetypes.add_type("text/javascript", ".js")  # on some systems it is another type, which browsers refuse
SUMMARY = "Predict, train, collect digits: the routes of handgrad's page. Every error is one line, `detail`."
DOCS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>handgrad: routes</title>
<link rel="stylesheet" href="./static/style.css"></head><body><main><h1>handgrad: routes</h1>
<p>For programs: <a href="./openapi.json">OpenAPI</a>. <a href="./">Page</a></p>"""


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
    settings: Settings, in_use: models.ModelInUse, report: Callable[[str], None] = lambda line: None
) -> FastAPI:
    """Build the application, which reports lines for the terminal; `state.closing` ends streams of events."""
    available, trainings = datasets.Datasets(settings.data / "digits"), Trainings(settings.runs)
    page, closing = (FOLDER / "index.html").read_text("utf-8"), Event()

    def check_quota() -> None:
        folders = (settings.runs, available.folder)
        with suppress(OSError):  # a file was removed meanwhile
            used = sum(path.lstat().st_size for folder in folders for path in folder.rglob("*"))
            if used >= settings.quota:
                limit = f"the limit is {settings.quota / 1e9:.1f} GB"
                raise HTTPException(409, f"runs and digits take {used / 1e9:.1f} GB, {limit}; remove some")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        closing.set()
        if paused := await asyncio.to_thread(trainings.close):
            report(f"paused   {paused}; resume it on the page, or: handgrad resume {settings.runs / paused}")

    app = FastAPI(
        title="handgrad",
        version=version("handgrad"),
        summary=SUMMARY,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"description": "The request was refused"}, "503": {"description": "Busy"}},
    )
    app.state.closing = closing
    errors.install(app)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the server is running."""
        return {"status": "ok", "version": version("handgrad")}

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """Show the OpenAPI document without scripts and without the network."""
        document = app.openapi()
        parts = dict(document["components"]["schemas"])
        for path, methods in document["paths"].items():
            parts |= {f"{method.upper()} {path}": route for method, route in methods.items()}
        text = DOCS
        for title, part in parts.items():
            details = escape(json.dumps(part, indent=2, ensure_ascii=False))
            text += f"<h2>{escape(title)}</h2><p>{escape(part.get('description', ''))}</p>"
            text += f"<details><summary>Details</summary><pre>{details}</pre></details>"
        return HTMLResponse(text)

    app.include_router(models.routes(in_use))
    app.include_router(prediction.routes(in_use, settings.max_pixels))
    app.include_router(datasets.routes(available, in_use, check_quota))
    app.include_router(runs.routes(trainings, in_use, available, check_quota, closing))
    app.mount("/static", StaticFiles(directory=FOLDER))
    app.add_middleware(Guard, host=settings.host, token=settings.token, page=page)
    return app
