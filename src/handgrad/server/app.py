"""The application: its parts, put together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event

from fastapi import FastAPI

from handgrad.server import data, digits, errors, events, model, page, prediction, reference, runs
from handgrad.server.body_limit import BodyLimit
from handgrad.server.dataset_cache import OpenData
from handgrad.server.guard import Guard
from handgrad.server.model_in_use import ModelInUse
from handgrad.server.prediction import Predictor
from handgrad.server.schemas import Health
from handgrad.server.trainings import Trainings

SUMMARY = "Draw, watch, train: the routes behind handgrad's page. Every refusal is one line, `detail`."


@dataclass(frozen=True)
class Settings:
    """What a server was started with.

    Attributes
    ----------
    runs : Path
        The folder whose subfolders are the runs.
    data : Path
        The folder in which ``digits/`` lies.
    host, token
        As `Guard` takes them.
    """

    runs: Path
    data: Path
    host: str = "127.0.0.1"
    token: str | None = None


def create_app(
    settings: Settings, in_use: ModelInUse, closing: Event, tell: Callable[[str], None] = lambda line: None
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings
    in_use : ModelInUse
        May hold no model yet.
    closing : Event
        Set when the server is about to end; streams of events end then.
    tell : callable
        Takes a line for whoever sits at the terminal.
    """
    predictor, opened, trainings = Predictor(), OpenData(settings.data), Trainings(settings.runs)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if in_use.served is not None:
            await asyncio.to_thread(prediction.warm, in_use.served.network)
        with predictor:
            yield
            closing.set()
            paused = await asyncio.to_thread(trainings.close)
            if paused:
                tell(
                    f"paused   {paused}; go on on the page, or with: handgrad resume {settings.runs / paused}"
                )

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
    async def health() -> Health:
        """Tell that the server is there."""
        return Health(status="ok", version=version("handgrad"))

    app.include_router(model.routes(in_use))
    app.include_router(prediction.routes(in_use, predictor))
    app.include_router(data.routes(opened))
    app.include_router(runs.routes(trainings, in_use, opened))
    app.include_router(events.routes(trainings, closing))
    app.include_router(digits.routes(opened, in_use))
    reference.install(app)
    page.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, host=settings.host, token=settings.token)
    return app
