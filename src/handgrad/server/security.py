"""Access control: requests of other sites are refused, and a server that others can reach requires a token.

A page of another site can make a browser send requests to this server and, under a host name that resolves to
this machine (DNS rebinding), read the answers. So the Host header must name this machine, and the Origin header
must name this server.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterable
from contextlib import nullcontext
from hashlib import sha256
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handgrad.server.errors import error_response

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PUBLIC = frozenset({"/health"})
"""Paths that need no token."""
GUESS_DELAY = 0.5
"""Seconds for each wrong token; wrong tokens wait for each other."""
COOKIE_SECONDS = 30 * 24 * 3600
MAX_BODY = 4 * 2**20
MAX_IMAGE = 8 * 2**20
"""Bytes of a body of POST /predict."""
SMALL_BODY, MAX_LARGE = 2**16, 8
"""Bodies of more bytes are received and processed this number at a time."""


def content_security_policy(page: str = "") -> str:
    """Return the policy of a page: scripts and styles of this server, and the inline scripts of `page` by hash."""
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = [f" 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    return (
        f"default-src 'self'; script-src 'self'{''.join(hashes)}; img-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


RESPONSE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the first address may hold the token
    "Content-Security-Policy": content_security_policy(),
}


class Guard:
    """Middleware that passes requests with a valid host, origin, token and size, and refuses the others.

    A request carries the token as ``Authorization: Bearer TOKEN``, or in the cookie that the first ``?token=TOKEN``
    sets. Without a token, only host names of this machine are accepted.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        self.app = app
        self.names = LOOPBACK | {host.lower()}
        self.token = token
        self._guesses = asyncio.Lock()
        self._large = asyncio.Semaphore(MAX_LARGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in RESPONSE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        limit, received = MAX_IMAGE if scope["path"] == "/predict" else MAX_BODY, 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, too_large)
            return message

        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        too_large = f"the body is larger than {limit // 2**20} MiB; send less at a time"
        answer: Response | None
        if reason := self._cross_site(scope["method"], headers):
            answer = error_response(403, reason)
        elif length.isdecimal() and int(length[:20]) > limit:
            answer = error_response(413, too_large)
        else:
            answer = await self._check_token(scope, headers)
        large = "transfer-encoding" in headers or (length.isdecimal() and int(length[:20]) > SMALL_BODY)
        async with self._large if large and answer is None else nullcontext():
            await (answer or self.app)(scope, receive_limited, send_with_headers)

    def _cross_site(self, method: str, headers: Headers) -> str | None:
        """Return why a request must be refused, or None."""
        host = headers.get("host", "")
        if self.token is None and _host_name(host) not in self.names:
            return f"this server does not answer as '{host:.80}'; use 127.0.0.1 or localhost"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            return f"requests from other sites are refused; this one came from '{origin:.80}'"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            mode, target = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
            if (method, mode, target) != ("GET", "navigate", "document"):  # a link may lead here
                return "requests from other sites are refused"
        return None

    async def _check_token(self, scope: Scope, headers: Headers) -> Response | None:
        if self.token is None or scope["path"] in PUBLIC:
            return None
        cookie = f"handgrad-{(scope.get('server') or ('', 0))[1]}"  # cookies are kept by name, not by port
        tokens = [
            headers.get("authorization", "").removeprefix("Bearer ").strip(),
            *_cookies(headers, cookie),
        ]
        if self._is_valid(tokens):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        in_query = [value for key, value in query if key == "token"]
        if scope["method"] == "GET" and self._is_valid(in_query):
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            path = "/" + scope["path"].lstrip("/\\")
            answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
            answer.set_cookie(cookie, self.token, httponly=True, samesite="lax", max_age=COOKIE_SECONDS)
            return answer
        if any([*tokens, *in_query]):
            async with self._guesses:
                await asyncio.sleep(GUESS_DELAY)
        line = "this server needs its token: open the address that it printed, or send 'Authorization: Bearer TOKEN'"
        return error_response(401, line, {"WWW-Authenticate": "Bearer"})

    def _is_valid(self, tokens: Iterable[str]) -> bool:
        expected = (self.token or "").encode()
        return any(compare_digest(value.encode("utf-8", "replace"), expected) for value in tokens)


def is_strong(token: str) -> bool:
    """Whether a token can hold 128 bits: at least 22 characters, 8 of them different."""
    return len(token) >= 22 and len(set(token)) >= 8


def _host_name(host: str) -> str:
    """Return a Host header without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cookies(headers: Headers, name: str) -> list[str]:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return []
    return [cookies[name].value] if name in cookies else []
