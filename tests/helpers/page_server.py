"""The page behind a little server of its own: its files, one model, some examples, and no more."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from handgrad.data.dataset import Dataset
from handgrad.frontend import page_files

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
OTHERS = "export default function mount(section) { section.textContent = 'elsewhere'; }"
"""In place of sections that are not under test."""


class Site(ThreadingHTTPServer):
    """A server of the page.

    Parameters
    ----------
    model : bytes or None
        Of the model in use; None: there is none.
    examples : Dataset
        What `/data/examples` has.
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
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        """Give status, content type and body."""
        if path in ("/", "/alone"):
            html = self.files["index.html"]
            return 200, TYPES["html"], (html if path == "/" else self.alone(html)).encode()
        if path.startswith("/static/"):
            return self.file(path.removeprefix("/static/"))
        if path == "/model/file":
            none = 404, "application/json", b'{"detail": "no model yet"}'
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
            found: Any = self.some_examples(int(query["offset"][0]), int(query["limit"][0]))
        elif path in known:
            found = known[path]
        else:
            return 404, "application/json", b'{"detail": "not here"}'
        return 200, "application/json", json.dumps(found).encode()

    def file(self, path: str) -> tuple[int, str, bytes]:
        """Give a file of the page, and something harmless for sections that are not under test."""
        kind = TYPES[path.rpartition(".")[2]]
        other = re.match(r"(train|digits)/", path)
        if other:
            return 200, kind, OTHERS.encode() if path.endswith(".js") else b""
        return (200, kind, self.files[path].encode()) if path in self.files else (404, kind, b"")

    def alone(self, html: str) -> str:
        """Give the page as an export has it: the model in it, and no server."""
        assert self.model is not None
        inside = base64.b64encode(self.model).decode()
        script = f'<script type="text/plain" id="model" data-name="pen">{inside}</script>'
        return html.replace("</head>", f"{script}</head>")

    def some_examples(self, offset: int, limit: int) -> dict[str, Any]:
        """Answer as `/data/examples` does."""
        inputs = self.examples.inputs[offset : offset + limit]
        return {
            "inputs": base64.b64encode(inputs.tobytes()).decode(),
            "labels": self.examples.labels[offset : offset + limit].tolist(),
            "total": len(self.examples),
            "input_shape": [1, 28, 28],
            "classes": self.examples.classes,
        }


class Handler(BaseHTTPRequestHandler):
    """Answers as the site says."""

    server: Site

    def do_GET(self) -> None:
        """Answer."""
        url = urlparse(self.path)
        status, kind, body = self.server.answer(url.path, parse_qs(url.query))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(model: bytes | None, examples: Dataset) -> Iterator[Site]:
    """Serve the page on a free port."""
    with Site(model, examples) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
