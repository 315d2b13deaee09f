"""uvicorn on a socket that is bound before anything else happens, with limits for each connection."""

import asyncio
import gc
import socket
from contextlib import suppress
from math import inf
from typing import Any
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from handgrad.errors import HandgradError

MAX_CONNECTIONS = 500
MAX_HEAD = 32 * 2**10  # bytes of a request's first line and headers
REQUEST_SECONDS = 30.0  # in which a request must arrive, body included


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise HandgradError; port 0 chooses a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:  # clients that connect before the server is ready wait
        return socket.create_server((host, port), family=family, backlog=2048)
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
    """uvicorn's connection, which is closed if a request is too slow or too large."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = 0.0  # bytes of headers received; -inf while a body is received
        self._timer = self.loop.call_later(REQUEST_SECONDS, transport.abort)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer.cancelled():  # the next request begins
            self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The headers of the request are too large.")

    def on_headers_complete(self) -> None:
        self._head = -inf
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0.0
        self._timer.cancel()
        super().on_message_complete()


class Server(uvicorn.Server):
    """uvicorn with these connections, which ends streams of events before it waits for open connections."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=30,
        )
        super().__init__(config)
        self._closing = app.state.closing
        gc.collect()
        gc.freeze()  # garbage collection of all objects so far took a sixth of the time

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Shut down after SIGINT or SIGTERM."""
        self._closing.set()
        super().handle_exit(sig, frame)
