"""uvicorn on a socket that is bound before anything else happens, with limits for each connection."""

import asyncio
import gc
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import cast
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from handgrad.errors import HandgradError

MAX_CONNECTIONS = 500
MAX_HEAD = 32 * 2**10  # bytes of a request's first line and headers
REQUEST_SECONDS = 30.0  # in which a request must arrive, body included, or a part of an answer be read
SEND_BUFFER = 2**17  # bytes that the system holds; a slow client reads its megabytes too late
SWITCH_SECONDS = 0.001  # after which a thread that computes lets the event loop run; it asks often
BACKLOG = 256  # connections that are accepted at a time; with those above, fewer than 1,024 open files


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise HandgradError; port 0 chooses a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:  # clients that connect before the server is ready wait
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # connections inherit it
        # an answer is sent in two parts; without this the second one waits 40 ms until the client confirms the first
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound
    except (OSError, OverflowError, UnicodeError) as error:
        reason = f"cannot serve on {host}, port {port}: {getattr(error, 'strerror', None) or error}"
        raise HandgradError(f"{reason}; choose another address or port, or 0 for a free one") from error


def address(host: str, port: int, token: str | None) -> str:
    """Return the address to open in a browser; for a server on all interfaces, one that others can reach."""
    if host in ("0.0.0.0", "::", ""):
        host = socket.gethostname()
        with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:  # nothing is sent
            probe.connect(("192.0.2.1", 9))
            host = str(probe.getsockname()[0])
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


class _Connection(HttpToolsProtocol):
    """uvicorn's connection, which is closed if the client sends too slowly or too much, or does not read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = 0  # bytes since the last part of a body: headers, or what can follow a body
        self._timer = self.loop.call_later(REQUEST_SECONDS, transport.abort)
        if len(self.connections) > MAX_CONNECTIONS:
            connections = cast("set[_Connection]", self.connections)
            waiting = [other for other in connections if not other._timer.cancelled()]
            oldest = min(waiting, key=lambda other: other._timer.when())
            oldest._timer.cancel()
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._timer.cancel()

    def _restart_timer(self) -> None:
        """Limit the time from now on in which the client must send or read, if it is the client's turn."""
        self._timer.cancel()
        cycle = self.cycle
        if cycle is None or cycle.more_body or cycle.response_complete or self.flow.write_paused:
            self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The headers of the request are too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._restart_timer()

    def on_headers_complete(self) -> None:
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
        self._restart_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._restart_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._restart_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._restart_timer()


class Server(uvicorn.Server):
    """uvicorn with these connections.

    `ready` is called when it answers, and when signals end it: until then Python could lose one during an import.
    """

    def __init__(self, app: FastAPI, ready: Callable[[], object] = lambda: None) -> None:
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            backlog=BACKLOG,
            timeout_keep_alive=int(REQUEST_SECONDS),
        )
        super().__init__(config)
        self._ready = ready
        gc.collect()
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # garbage collection of all objects so far took a sixth of the time

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and report that."""
        await super().startup(sockets)
        self._ready()
