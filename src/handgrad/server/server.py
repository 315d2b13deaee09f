"""uvicorn on a socket that is bound before anything else happens, with limits for each connection."""

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from handgrad.errors import HandgradError

MAX_CONNECTIONS = 500
MAX_HEAD = 32 * 2**10
"""Bytes of a request's first line and headers."""
REQUEST_SECONDS = 30.0
"""Time in which a request must arrive, body included."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise HandgradError; port 0 chooses a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:  # clients that connect before the server is ready wait
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HandgradError(
            f"cannot serve on {host}, port {port}: {reason}; choose another address or port, or 0 for a free one"
        ) from error


def address(host: str, port: int, token: str | None) -> str:
    """Return the address to open in a browser; for a server on all interfaces, one that others can reach."""
    if host in ("0.0.0.0", "::", ""):
        host = _outward(socket.AF_INET6 if ":" in host else socket.AF_INET)
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


def _outward(family: socket.AddressFamily) -> str:
    """Return this machine's address in its network; nothing is sent."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(("2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which is closed if a request is too slow or too large."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first request."""
        super().connection_made(transport)
        self._head: int | None = 0  # bytes of headers received; None while a body is received
        self._timer: asyncio.TimerHandle | None = None
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data, and count the bytes of headers."""
        if self._timer is None and self._head is not None:
            self._start_timer()
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The headers of the request are too large.")

    def on_headers_complete(self) -> None:
        """Receive the body."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        self._head = 0
        self._stop_timer()
        super().on_message_complete()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Server(uvicorn.Server):
    """uvicorn that calls `on_exit` before it waits for open connections."""

    def __init__(self, app: FastAPI, on_exit: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
                timeout_keep_alive=30,
            )
        )
        self._on_exit = on_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and exempt all present objects from garbage collection, which took a sixth of the time."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Shut down after SIGINT or SIGTERM."""
        self._on_exit()
        super().handle_exit(sig, frame)
