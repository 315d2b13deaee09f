"""Limits of bodies, headers, times and connections, on a real server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from threading import Thread

import httpx2
import pytest

from handgrad.server import server as uvicorn_server
from handgrad.server.app import Settings, create_app
from handgrad.server.models import ModelInUse, ServedModel
from handgrad.server.security import MAX_BODY, MAX_IMAGE, MAX_LARGE, SMALL_BODY
from handgrad.server.server import MAX_HEAD, Server, bind
from served import Api, eventually, refused, small_network


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server in a thread of this process."""
    folder = tmp_path_factory.mktemp("limits")
    with bind("127.0.0.1", 0) as bound:
        in_use = ModelInUse(ServedModel("small", small_network(), None))
        server = Server(create_app(Settings(folder / "runs", folder), in_use))
        thread = Thread(target=server.run, args=([bound],))
        thread.start()
        with httpx2.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=60) as client:
            yield Api(client)
        server.should_exit = True
        thread.join()


def connect(api: Api) -> socket.socket:
    return socket.create_connection(("127.0.0.1", api.client.base_url.port or 0), timeout=60)


def read(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    content = b""
    with suppress(ConnectionError):
        while part := connection.recv(2**16):
            content += part
    return content


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(("path", "limit"), [("/digits", MAX_BODY), ("/predict", MAX_IMAGE)])
@pytest.mark.parametrize("kind", ["application/json", "image/png"])
@pytest.mark.parametrize("declared", [True, False])
def test_bodies_above_a_limit_are_refused(api: Api, path: str, kind: str, limit: int, declared: bool) -> None:
    for size, statuses in ((limit, (400, 422)), (limit + 1, (413,))):
        body = bytes(size) if declared else iter([bytes(size - 5), bytes(5)])
        refused(api.client.post(path, content=body, headers={"Content-Type": kind}), *statuses)


def test_headers_above_the_limit_are_refused(api: Api) -> None:
    with connect(api) as connection:
        with suppress(ConnectionError):
            connection.sendall(b"GET /runs HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20 * MAX_HEAD)
        assert read(connection)[:12] in (b"", b"HTTP/1.1 400")
    assert "Server" not in api.client.get("/runs").headers


@pytest.mark.parametrize("part", [b"", b"\r\n", b"GET /runs", HEAD, HEAD + b"Content-Length: 1000\r\n\r\n{"])
def test_slow_requests_are_closed(api: Api, monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(uvicorn_server, "REQUEST_SECONDS", 0.5)
    with connect(api) as connection:
        connection.sendall(part)
        read(connection)  # ends


def test_unfinished_large_bodies_delay_other_large_ones_but_no_small_requests(api: Api) -> None:
    def is_delayed() -> bool:
        with suppress(httpx2.TimeoutException):
            api.client.post("/predict", content=bytes(2 * SMALL_BODY), timeout=1)
            return False
        return True

    with ExitStack() as stack:
        for _ in range(2 * MAX_LARGE):
            connection = stack.enter_context(closing(connect(api)))
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % MAX_IMAGE + bytes(SMALL_BODY + 1))
        assert len(api.post("/predict", pixels=[0] * 784)["predictions"]) == 1
        eventually(is_delayed, bool)
    eventually(is_delayed, lambda delayed: not delayed)


def test_client_that_disconnects_causes_one_line_of_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "uvicorn.error")
    with connect(api) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
    eventually(lambda: caplog.records, bool)
    assert api.get("/runs") == []
    (record,) = caplog.records
    assert record.exc_info is None
    assert "disconnected" in record.message
