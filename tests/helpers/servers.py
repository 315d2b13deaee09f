"""A local mirror with a prescribed answer, correct or not, that records its requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


class Mirror(ThreadingHTTPServer):
    """Give the same answer to every request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.url = answer, f"http://127.0.0.1:{self.server_port}/"
        self.paths: list[str] = []

    def handle_error(self, *_: Any) -> None:
        pass  # clients close connections in these tests


class Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.answer(self)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def mirror(answer: Answer) -> Iterator[Mirror]:
    with Mirror(answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def send(content: bytes, code: int = 200, **headers: Any) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def whole(content: bytes) -> Answer:
    return send(content, Content_Length=len(content))


def cut(content: bytes, after: int) -> Answer:
    """Announce all and close the connection early."""
    return send(content[:after], Content_Length=len(content))


def stall(content: bytes, after: int) -> Answer:
    """Send the first bytes only, and wait until the client hangs up; without any, not even a header is sent."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if after:
            cut(content, after)(handler)
        handler.rfile.read(1)

    return answer


def redirect(url: str) -> Answer:
    return send(b"", 302, Location=url, Content_Length=0)


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def files(content: dict[str, bytes]) -> Answer:
    return lambda handler: whole(content[handler.path])(handler)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send until the client hangs up."""
    send(b"")(handler)
    while True:
        handler.wfile.write(bytes(65536))
