"""The page's files."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

import handgrad

FOLDER = Path(handgrad.__file__).parent / "frontend"
mimetypes.add_type("text/javascript", ".js")  # some systems say otherwise, and then browsers refuse modules


class Fresh(StaticFiles):
    """Files of which a browser asks each time whether they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def install(app: FastAPI) -> None:
    """Add the routes, outside of the OpenAPI document: they are for browsers."""
    app.mount("/static", Fresh(directory=FOLDER, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        file = FOLDER / "index.html"
        if not file.is_file():
            raise HTTPException(404, "the page is not installed; the routes are described at /docs")
        return HTMLResponse(file.read_text("utf-8"), headers={"Cache-Control": "no-cache"})
