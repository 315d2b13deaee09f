"""Bodies that are too large, told of beforehand or not, through a real server."""

import asyncio
import http.client
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import HTTPException

from handgrad.model.files import save_model
from handgrad.server.body_limit import JSON_LIMIT, PICTURE_LIMIT, BodyLimit
from handgrad.server.errors import refusal
from served import Process, serving, small_network


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("limits")
    save_model(small_network(), folder / "model.safetensors")
    with serving(folder, "model.safetensors") as found:
        yield found


@pytest.mark.parametrize("path", ["/predict", "/digits", "/runs"])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_beyond_the_limit_gets_the_limit_as_answer(server: Process, path: str, told: bool) -> None:
    content = b'{"pixels": [' + b" " * JSON_LIMIT
    body = content if told else iter([content[:100], content[100:]])
    answer = server.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "4 MiB" in answer.json()["detail"]


@pytest.mark.parametrize("told", [True, False])
def test_pictures_may_be_larger_but_not_without_end(server: Process, told: bool) -> None:
    for size, status in ((JSON_LIMIT + 1, 422), (PICTURE_LIMIT + 1, 413)):
        body = bytes(size) if told else iter([bytes(size - 5), bytes(5)])
        answer = server.client.post("/predict", content=body, headers={"Content-Type": "image/png"})
        assert answer.status_code == status, answer.text
    form = server.client.post("/predict", files={"file": bytes(PICTURE_LIMIT + 1)})
    assert (form.status_code, "16 MiB" in form.text) == (413, True)


def connected(server: Process) -> socket.socket:
    address = urlsplit(server.address)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def test_what_is_endless_is_ended(server: Process) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    with connected(server) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 2000:
                connection.sendall(piece)
                sent += 1
        except OSError:  # it has hung up
            pass
        assert sent < 200
    assert server.get("/health")["status"] == "ok"


def messages_read(headers: dict[str, str], chunks: list[int]) -> tuple[int, int]:
    """Send pieces of these sizes to an application that reads all; gives the status and how many pieces were read."""
    pieces = [
        {"type": "http.request", "body": bytes(size), "more_body": index < len(chunks) - 1}
        for index, size in enumerate(chunks)
    ]
    read, sent = 0, []

    async def receive() -> Any:
        nonlocal read
        read += 1
        await asyncio.sleep(0)  # as one that comes over a network
        return pieces[read - 1]

    async def send(message: Any) -> None:
        sent.append(message)

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive())["more_body"]:
                pass
        except HTTPException as refused:
            await refusal(refused.status_code, str(refused.detail))(scope, receive, send)

    raw = [(key.encode(), value.encode()) for key, value in headers.items()]
    asyncio.run(BodyLimit(reading)({"type": "http", "headers": raw}, receive, send))
    return sent[0]["status"], read


def test_a_body_that_is_too_large_is_read_to_its_end_so_that_its_sender_reads_the_answer() -> None:
    large = [JSON_LIMIT, 1, 1, 1]
    assert messages_read({"content-length": str(sum(large))}, large) == (413, 4)
    assert messages_read({}, large) == (413, 4)


def test_who_asks_before_sending_is_answered_before() -> None:
    assert messages_read({"content-length": str(JSON_LIMIT + 1), "expect": "100-continue"}, [1]) == (413, 0)
    assert messages_read({"content-length": "99999999999"}, [1]) == (413, 0)


@pytest.mark.parametrize("length", [b"-1", b"many", b"9" * 30])
def test_lengths_that_are_none_are_refused(server: Process, length: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + b"\r\n\r\n"
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status in (400, 413)
    assert server.get("/health")["status"] == "ok"


def test_a_client_that_hangs_up_leaves_the_server_in_peace(server: Process) -> None:
    for _ in range(5):
        with connected(server) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    assert server.get("/health")["status"] == "ok"
