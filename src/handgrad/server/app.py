"""The application."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event

from fastapi import FastAPI

from handgrad.server import datasets, digits, errors, models, pages, prediction, runs
from handgrad.server.security import Guard
from handgrad.server.trainings import Trainings

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
    app.include_router(datasets.routes(available))
    app.include_router(runs.routes(trainings, in_use, available, closing, check_quota))
    app.include_router(digits.routes(available, in_use, check_quota))
    pages.install(app)
    app.add_middleware(Guard, host=settings.host, token=settings.token)
    return app
