"""The page's files, and the routes as a page at /docs, made from the OpenAPI document."""

import json
import mimetypes
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

import handgrad
from handgrad.server.security import content_security_policy

FOLDER = Path(handgrad.__file__).parent / "frontend"
NO_CACHE = {"Cache-Control": "no-cache"}
mimetypes.add_type(
    "text/javascript", ".js"
)  # some systems have another type, and then browsers refuse modules


class RevalidatedFiles(StaticFiles):
    """Static files for which a browser asks each time whether they have changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file."""
        response = await super().get_response(path, scope)
        response.headers.update(NO_CACHE)
        return response


def install(app: FastAPI) -> None:
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
