"""uvicorn, on a socket that is bound before anything else happens."""

import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI

from handgrad.errors import HandgradError


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket, and listen; port 0 takes a free one.

    Raises
    ------
    HandgradError
        If the host is unknown, or the port is in use or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise HandgradError(f"cannot serve on '{host}': it is no address of this machine") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(2048)  # from here on, who asks waits for an answer
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise HandgradError(
            f"cannot serve on {host}, port {port}: {reason}; choose another --port, or 0 for a free one"
        ) from error
    return bound


def address(host: str, port: int, token: str | None) -> str:
    """Write the address to open in a browser; for a server on all addresses, one that others reach it by."""
    if host in ("0.0.0.0", "::", ""):
        host = _outward(socket.AF_INET6 if ":" in host else socket.AF_INET)
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


def _outward(family: socket.AddressFamily) -> str:
    """Find this machine's address in its network; nothing is sent for that."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(("2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()


class Server(uvicorn.Server):
    """Tells that it ends before it waits for open connections."""

    def __init__(self, app: FastAPI, on_exit: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
                timeout_keep_alive=30,
            )
        )
        self._on_exit = on_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer. What is there by now stays: looking through it ever again took a sixth of the time."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: object) -> None:
        """End after SIGINT or SIGTERM."""
        self._on_exit()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
