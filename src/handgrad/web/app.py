"""The application: its parts, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from handgrad.web import data, model, page, prediction, problems
from handgrad.web.model_in_use import ModelInUse
from handgrad.web.open_data import OpenData
from handgrad.web.prediction import Predictor
from handgrad.web.schemas import Health

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
    """

    runs: Path
    data: Path


def create_app(settings: Settings, in_use: ModelInUse) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings : Settings
    in_use : ModelInUse
        May hold no model yet.
    """
    predictor, opened = Predictor(), OpenData(settings.data)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with predictor:
            yield

    app = FastAPI(
        title="handgrad",
        version=version("handgrad"),
        summary=SUMMARY,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    problems.install(app)

    @app.get("/health", tags=["server"])
    async def health() -> Health:
        """Tell that the server is there."""
        return Health(status="ok", version=version("handgrad"))

    app.include_router(model.routes(in_use))
    app.include_router(prediction.routes(in_use, predictor))
    app.include_router(data.routes(opened))
    page.install(app)
    return app
