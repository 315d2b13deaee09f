"""Access control: requests of other sites are refused, and a server that others can reach requires a token.

A page of another site can make a browser send requests to this server and, under a host name that resolves to
this machine (DNS rebinding), read the answers. So the Host header must name this machine, and the Origin header
must name this server.
"""

import asyncio
import re
from base64 import b64encode
from contextlib import AsyncExitStack
from hashlib import sha256
from hmac import compare_digest

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handgrad.errors import one_line

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
GUESS_DELAY, MAX_WRONG = 0.5, 100  # seconds for each wrong token, of which this number wait for each other
COOKIE_SECONDS = 30 * 24 * 3600
MAX_DIGITS, MAX_IMAGE = 4 * 2**20, 8 * 2**20  # bytes of a body of POST /digits; of POST /predict
SMALL_BODY = 2**16  # of other bodies
MAX_LARGE = 8  # larger bodies that are received and processed at a time


class Guard:
    """Middleware that passes requests with a valid host, origin, token and size, and refuses the others.

    A request carries the token as ``Authorization: Bearer TOKEN``, or in the cookie that the first ``?token=TOKEN``
    sets. Without a token, only host names of this machine are accepted. Of inline scripts, those of `page` may run.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None, page: str) -> None:
        self.app, self.token = app, token
        self.hosts = {f"[{name}]" if ":" in name else name for name in (*LOOPBACK, host.lower())}
        scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
        hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
        sources = " ".join(["'self' 'wasm-unsafe-eval'", *(f"'sha256-{digest}'" for digest in hashes)])
        self.headers = {
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",  # the first address may hold the token
            "Content-Security-Policy": (
                f"default-src 'self'; script-src {sources}; img-src 'self' data: blob:; object-src 'none'; "
                "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            ),
            "Cache-Control": "no-cache",  # browsers ask each time whether a file has changed
        }
        self._guesses, self._wrong = asyncio.Lock(), 0
        self._large = asyncio.Semaphore(MAX_LARGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, received, started = Request(scope), 0, False
        limit = {"/predict": MAX_IMAGE, "/digits": MAX_DIGITS}.get(scope["path"], SMALL_BODY)

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            elif len(body := message["body"]) > SMALL_BODY:
                for begin in range(0, len(body), SMALL_BODY):  # the client has a time limit for each part
                    await send({**message, "body": body[begin : begin + SMALL_BODY], "more_body": True})
                message = {**message, "body": b""}  # which is sent when the client has read the others
            await send(message)

        async with AsyncExitStack() as held:

            async def receive_limited() -> Message:
                nonlocal received
                message, before = await receive(), received
                received += len(message.get("body", b""))
                if before <= SMALL_BODY < received:
                    await held.enter_async_context(self._large)
                if received > limit:
                    line = f"the body is larger than {limit // 2**10:,} KiB; send less at a time"
                    raise HTTPException(413, line)
                return message

            try:
                answer = self._refuse_other_sites(request) or await self._check_token(request)
                await (answer or self.app)(scope, receive_limited, send_with_headers)
            except asyncio.CancelledError:  # by uvicorn, which logs one line when it has waited long enough
                if not started:
                    await error_response(503, "the server ends; try again later")(scope, receive, send)

    def _refuse_other_sites(self, request: Request) -> Response | None:
        headers = request.headers
        host, origin = headers.get("host", "").lower(), headers.get("origin", "").lower()
        if self.token is None and re.sub(r":\d+$", "", host) not in self.hosts:
            return error_response(403, f"'{host:.80}' is not served here; use 127.0.0.1 or localhost")
        fetch = [headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest")]
        is_link = request.method == "GET" and fetch[1:] == ["navigate", "document"]  # which may lead here
        other_site = fetch[0] in ("cross-site", "same-site") and not is_link
        if other_site or origin not in ("", f"http://{host}", f"https://{host}"):
            return error_response(403, "requests from other sites are refused")
        return None

    async def _check_token(self, request: Request) -> Response | None:
        if self.token is None:
            return None
        cookie = f"handgrad-{request.scope['server'][1]}"  # cookies are kept by name, not by port
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        sent, in_query = [bearer, request.cookies.get(cookie, "")], request.query_params.get("token", "")
        if any(map(self._is_valid, sent)):
            return None
        if request.method == "GET" and self._is_valid(in_query):
            answer = RedirectResponse("./", 303)  # to the page, so that the address holds no token
            answer.set_cookie(cookie, self.token, httponly=True, samesite="lax", max_age=COOKIE_SECONDS)
            return answer
        if any([*sent, in_query]) and self._wrong < MAX_WRONG:
            self._wrong += 1
            try:
                async with self._guesses:
                    await asyncio.sleep(GUESS_DELAY)
            finally:
                self._wrong -= 1
        line = "this server needs its token: open the address that it printed, or send 'Authorization: Bearer TOKEN'"
        return error_response(401, line, {"WWW-Authenticate": "Bearer"})

    def _is_valid(self, token: str) -> bool:
        return compare_digest(token.encode("utf-8", "replace"), (self.token or "").encode())


def error_response(status: int, line: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a response with one printable line of bounded length."""
    return JSONResponse({"detail": one_line(line)}, status, headers)


def is_strong(token: str) -> bool:
    """Whether a token can hold 128 bits: at least 22 characters, 8 of them different."""
    return len(token) >= 22 and len(set(token)) >= 8
