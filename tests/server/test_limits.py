"""Limits of bodies, headers, times and connections, on a real server."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
from fastapi import HTTPException
from sse_starlette.sse import AppStatus

from handgrad.data.splits import Splits
from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from handgrad.server import runs
from handgrad.server import server as uvicorn_server
from handgrad.server.app import Settings, create_app
from handgrad.server.datasets import Datasets
from handgrad.server.models import ModelInUse, ServedModel
from handgrad.server.security import MAX_DIGITS, MAX_IMAGE, MAX_LARGE, SMALL_BODY
from handgrad.server.server import MAX_HEAD, Server, bind
from handgrad.server.turns import Turns
from served import Api, eventually, refused, small_network


@contextmanager
def running(folder: Path) -> Iterator[tuple[Api, Server]]:
    """Run a server in a thread of this process."""
    with bind("127.0.0.1", 0) as bound:
        assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # else each answer takes 40 ms
        in_use = ModelInUse(ServedModel("small", small_network(), None))
        server = Server(create_app(Settings(folder / "runs", folder), in_use))
        thread = Thread(target=server.run, args=([bound],))
        thread.start()
        with httpx2.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=60) as client:
            yield Api(client), server
        server.should_exit = True
        thread.join()
    AppStatus.should_exit = False  # which a signal sets for all servers of a process


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server for requests that leave it as it was."""
    with running(tmp_path_factory.mktemp("limits")) as (found, _):
        yield found


def connect(api: Api) -> socket.socket:
    connection = socket.socket()
    connection.settimeout(60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    connection.connect(("127.0.0.1", api.client.base_url.port))
    return connection


def read(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    content = b""
    with suppress(ConnectionError):
        while part := connection.recv(2**16):
            content += part
    return content


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UNFINISHED = HEAD + b"Content-Length: 1000\r\n\r\n{"
GET = b"GET /model HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "limit"), [("/digits", MAX_DIGITS), ("/predict", MAX_IMAGE), ("/runs", SMALL_BODY)]
)
@pytest.mark.parametrize("kind", ["application/json", "image/png"])
@pytest.mark.parametrize("declared", [True, False])
def test_bodies_above_a_limit_are_refused(api: Api, path: str, kind: str, limit: int, declared: bool) -> None:
    for size, statuses in ((limit, (400, 422)), (limit + 1, (413,))):
        body = bytes(size) if declared else iter([bytes(size - 5), bytes(5)])
        refused(api.client.post(path, content=body, headers={"Content-Type": kind}), *statuses)


@pytest.mark.parametrize(
    "start", [b"GET /runs HTTP/1.1\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n"]
)
def test_headers_and_trailers_above_the_limit_are_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(uvicorn_server, "REQUEST_SECONDS", 600.0)
    with connect(api) as connection:
        with suppress(ConnectionError):
            connection.sendall(start + b"X: " + b"x" * 20 * MAX_HEAD)
        assert read(connection)[:12] in (b"", b"HTTP/1.1 400")
    assert "Server" not in api.client.get("/runs").headers


@pytest.mark.slow
@pytest.mark.parametrize("part", [b"", b"\r\n", b"GET /runs", HEAD, UNFINISHED, GET, GET + UNFINISHED])
def test_slow_requests_are_closed(api: Api, monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(uvicorn_server, "REQUEST_SECONDS", 0.5)
    with connect(api) as connection:
        connection.sendall(part)
        read(connection)  # ends


def test_of_too_many_connections_the_one_that_waits_longest_is_closed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn_server, "REQUEST_SECONDS", 600.0)
    monkeypatch.setattr(uvicorn_server, "MAX_CONNECTIONS", 5)
    with ExitStack() as stack:
        held = [stack.enter_context(closing(connect(api))) for _ in range(9)]
        read(held[0])  # ends
        held[-1].sendall(GET)
        assert held[-1].recv(12) == b"HTTP/1.1 200"


@pytest.mark.slow
def test_answers_that_are_not_read_end_and_give_others_their_turn(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, loaded = "/data/examples?name=strokes:9999:1&split=train&limit=10000", list[Splits]()
    whole = len(api.client.get(query).content)
    splits = Datasets.load(Datasets(Path()), "strokes:9999:1")

    def load(_: Datasets, name: str) -> Splits:
        loaded.append(splits)
        return splits

    monkeypatch.setattr(Datasets, "load", load)
    with ExitStack() as stack:
        held = [stack.enter_context(closing(connect(api))) for _ in range(5)]
        monkeypatch.setattr(uvicorn_server, "REQUEST_SECONDS", 2.0)
        for connection in held:
            connection.sendall(GET.replace(b"/model", query.encode()))
        eventually(lambda: len(loaded), lambda count: count == 5)
        assert min(len(read(connection)) for connection in held) < whole


def test_long_requests_do_not_delay_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, calls = Event(), list[str]()

    def wait(_: Datasets, name: str) -> None:
        calls.append(name)
        finish.wait(60)
        raise HandgradError(name)

    monkeypatch.setattr(Datasets, "load", wait)
    with ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(api.client.get, "/data/examples?name=strokes:60") for _ in range(60)]
        eventually(lambda: calls, lambda count: len(count) == 4)
        assert api.get("/runs") == []
        assert {recipe["name"] for recipe in api.get("/recipes")} > {"classic"}
        assert {data["name"] for data in api.get("/data")} >= {"strokes"}
        finish.set()
        assert {answer.result().status_code for answer in asked} == {422}


def test_requests_that_wait_when_the_server_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    finish, calls = Event(), list[str]()

    def wait(_: Datasets, name: str) -> None:
        calls.append(name)
        finish.wait(60)

    monkeypatch.setattr(Datasets, "load", wait)
    with running(tmp_path) as (api, server), ThreadPoolExecutor(6) as pool:
        server.config.timeout_graceful_shutdown = 0
        monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
        asked = [pool.submit(api.client.get, "/data/examples?name=strokes:60") for _ in range(6)]
        eventually(lambda: calls, lambda count: len(count) == 4)
        server.should_exit = True
        assert {answer.result().status_code for answer in asked[-2:]} == {503}
        finish.set()
    (record,) = caplog.records
    assert "Cancel 6" in record.getMessage()


def test_streams_above_their_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_STREAMS", 2)
    recipe = override(load_recipe("mlp"), {"data": {"source": "strokes:50:1", "validation": 0}}, "test")
    paused = Run.start(recipe, tmp_path / "runs" / "one")
    with paused.open():
        list(paused.train(1, stop=lambda: True))
    with running(tmp_path) as (api, server), ExitStack() as stack:

        def follow() -> int:
            stream = api.client.stream("GET", "/runs/one/events")
            return int(stack.enter_context(stream).status_code)

        assert [follow() for _ in range(3)] == [200, 200, 503]
        assert api.get("/runs")[0]["state"] == "paused"
        stack.close()
        eventually(follow, lambda status: status == 200)
        server.handle_exit(2, None)  # ends the stream


def test_turns() -> None:
    async def take_turns() -> None:
        turns = Turns(active=1, waiting=1)
        first, second = turns(), turns()
        await anext(first)
        waiting = asyncio.ensure_future(anext(second))
        await asyncio.sleep(0)
        with pytest.raises(HTTPException):
            await anext(turns())
        assert not waiting.done()
        await first.aclose()
        await waiting
        await second.aclose()
        await anext(turns())

    asyncio.run(take_turns())


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
        connection.sendall(UNFINISHED)
    eventually(lambda: caplog.records, bool)
    assert api.get("/runs") == []
    (record,) = caplog.records
    assert record.exc_info is None
    assert "disconnected" in record.message
