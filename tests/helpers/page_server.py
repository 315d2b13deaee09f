"""A small server for the Draw section: the page's files, one model and some examples."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from handgrad.data.dataset import Dataset
from handgrad.frontend import page_files

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
STUB = "export default function mount(section) { section.textContent = 'not part of this test'; }"
"""In place of the sections that are not tested."""
JSON = "application/json"


class Site(ThreadingHTTPServer):
    """A server of the page.

    Parameters
    ----------
    model : bytes or None
        The model in use; None: there is none.
    examples : Dataset
        What `/data/examples` returns.
    """

    daemon_threads = True

    def __init__(self, model: bytes | None, examples: Dataset) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.model = model
        self.name = "pen"
        self.examples = examples
        self.files = page_files()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        if path in ("/", "/alone"):
            html = self.files["index.html"]
            return 200, TYPES["html"], (html if path == "/" else self.alone(html)).encode()
        if path.startswith("/static/"):
            return self.file(path.removeprefix("/static/"))
        if path == "/model/file":
            none = 404, JSON, b'{"detail": "no model yet"}'
            return none if self.model is None else (200, "application/octet-stream", self.model)
        known = {
            "/model": {"name": self.name},
            "/runs": [{"name": "pen"}],
            "/runs/pen": {"validated": {"validation_accuracy": 0.9731}},
            "/data": [
                {"name": "strokes:3000", "input_shape": [1, 28, 28]},
                {"name": "table", "input_shape": [4]},
            ],
        }
        if path == "/data/examples":
            found: Any = self.page_of_examples(int(query["offset"][0]), int(query["limit"][0]))
        elif path in known:
            found = known[path]
        else:
            return 404, JSON, b'{"detail": "not here"}'
        return 200, JSON, json.dumps(found).encode()

    def file(self, path: str) -> tuple[int, str, bytes]:
        """Return a file of the page, and a stub for the sections Train and Digits."""
        kind = TYPES[path.rpartition(".")[2]]
        if path.startswith(("train/", "digits/")):
            return 200, kind, STUB.encode() if path.endswith(".js") else b""
        return (200, kind, self.files[path].encode()) if path in self.files else (404, kind, b"")

    def alone(self, html: str) -> str:
        """Return the page like an export: with the model, and without a server."""
        assert self.model is not None
        model = base64.b64encode(self.model).decode()
        script = f'<script type="text/plain" id="model" data-name="pen">{model}</script>'
        return html.replace("</head>", f"{script}</head>")

    def page_of_examples(self, offset: int, limit: int) -> dict[str, Any]:
        inputs = self.examples.inputs[offset : offset + limit]
        return {
            "inputs": base64.b64encode(inputs.tobytes()).decode(),
            "labels": self.examples.labels[offset : offset + limit].tolist(),
            "total": len(self.examples),
            "input_shape": [1, 28, 28],
            "classes": self.examples.classes,
        }


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        url = urlparse(self.path)
        status, kind, body = self.server.answer(url.path, parse_qs(url.query))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""


@contextmanager
def serving_page(model: bytes | None, examples: Dataset) -> Iterator[Site]:
    """Serve the page on a free port."""
    with Site(model, examples) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
