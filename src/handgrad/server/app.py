"""The application: its settings, its routes, its error answers, and the page's files."""

import asyncio
import logging
import mimetypes
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.requests import ClientDisconnect

from handgrad import __version__
from handgrad.errors import HandgradError
from handgrad.frontend import FOLDER, KERNELS, generated_modules
from handgrad.server import datasets, prediction, runs
from handgrad.server.models import ModelInUse
from handgrad.server.requests import PATTERNS
from handgrad.server.security import Guard, error_response
from handgrad.server.trainings import Trainings
from handgrad.server.turns import Turns

ASSETS = {
    "swagger_js_url": "swagger-ui-bundle.js",
    "swagger_css_url": "swagger-ui.css",
    "swagger_favicon_url": "favicon.png",
}
mimetypes.add_type("text/javascript", ".js")  # on some systems it is another type, which browsers refuse


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
    settings: Settings, in_use: ModelInUse, report: Callable[[str], None] = lambda line: None
) -> FastAPI:
    """Build the application, which reports lines for the terminal."""
    available, trainings = datasets.Datasets(settings.data / "digits"), Trainings(settings.runs)
    page = (FOLDER / "index.html").read_text("utf-8")
    heavy = Turns(active=4, waiting=100)

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
        if paused := await asyncio.to_thread(trainings.close):
            report(f"paused   {paused.name}; resume it on the page, or: handgrad resume {paused}")

    app = FastAPI(title="handgrad", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.router.responses = {"4XX": {"description": "The request was refused; `detail` is one line"}}
    app.add_exception_handler(HandgradError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_exception_handler(ClientDisconnect, _note)

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        return HTMLResponse(page)

    app.include_router(prediction.routes(in_use, settings.max_pixels, heavy))
    app.include_router(datasets.routes(available, in_use, check_quota, heavy))
    app.include_router(runs.routes(trainings, in_use, available, check_quota, heavy))

    @app.get("/static/generated/{name}", include_in_schema=False)
    def generated(name: str) -> Response:
        if (text := generated_modules().get(f"generated/{name}")) is None:
            raise HTTPException(404)
        return Response(text, media_type="text/javascript")

    @app.get("/static/kernels.wasm", include_in_schema=False)
    def page_kernels() -> Response:
        if not KERNELS.exists():
            raise HTTPException(404)
        return FileResponse(KERNELS, media_type="application/wasm")

    app.mount("/static", StaticFiles(directory=FOLDER))
    scripts = page + _documentation(app)
    app.add_middleware(Guard, host=settings.host, token=settings.token, page=scripts)
    return app


def _documentation(app: FastAPI) -> str:
    """Add `/docs`, a page of Swagger UI, whose files are those of the package fastapi-offline; return the page."""
    files: Any = {name: f"docs/{file}" for name, file in ASSETS.items()}
    page = get_swagger_ui_html(openapi_url="openapi.json", title="handgrad: HTTP routes", **files)
    app.add_api_route("/docs", lambda: page, include_in_schema=False)
    app.mount("/docs", StaticFiles(packages=[("fastapi_offline", "static")]))
    return bytes(page.body).decode()


async def _refuse(_: Request, error: Exception) -> Response:
    """Answer with one line, e.g. ``epochs: Input should be greater than or equal to 1``."""
    line = str(error)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        places = [str(place) for place in first["loc"][1:] if re.fullmatch(r"\w+", str(place))]  # no unions
        reason = PATTERNS.get(first.get("ctx", {}).get("pattern"), first["msg"])
        line = f"{'.'.join(places) or 'the body'}: {reason}"
        if first["type"] == "json_invalid":
            line = f"the body is not valid JSON: {first['ctx']['error']}"
    return error_response(422, line)


async def _note(request: Request, _: Exception) -> Response:
    line = f"{request.method} {request.url.path}: the client disconnected before its request was complete"
    logging.getLogger("uvicorn.error").warning(line)
    return error_response(400, "the request is incomplete")
