"""A local mirror with prescribed answers, correct or not, that records its requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Mirror:
    """Gives its answers one by one, and repeats the last."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def stall(self, content: bytes, after: int) -> Answer:
        """Send the first bytes only."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            cut(content, after)(handler)
            handler.wfile.flush()
            self.silence(handler)

        return answer

    def silence(self, handler: BaseHTTPRequestHandler) -> None:
        """Do not answer."""
        self.over.wait(30)


@contextmanager
def mirror(*answers: Answer) -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            recorded.paths.append(self.path)
            answer = recorded.answers.pop(0) if len(recorded.answers) > 1 else recorded.answers[0]
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # clients close connections in these tests

    with Server(("127.0.0.1", 0), Handler) as server:
        recorded = Mirror(f"http://127.0.0.1:{server.server_port}/", list(answers))
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield recorded
        finally:
            recorded.over.set()
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


def redirect(url: str) -> Answer:
    return send(b"", 302, Location=url, Content_Length=0)


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def files(content: dict[str, bytes]) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        (whole(content[handler.path]) if handler.path in content else status(404))(handler)

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send until the client hangs up."""
    send(b"")(handler)
    while True:
        handler.wfile.write(bytes(65536))
