"""Who may ask: requests of other sites are refused, and where others can reach the server it wants a token.

A page of another site can send requests here from the browser of whoever has the server running, and by a name of
its own that it has point to this machine (DNS rebinding) even read the answers. So the name that was asked for
must be one of this machine's, and the page that asks must have come from here.
"""

from collections.abc import Iterable
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handgrad.server.errors import refusal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN = frozenset({"/health"})
"""Answered without a token."""

SENT = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the first address may hold the token
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


class Guard:
    """Lets through what may pass, and answers the rest with one line.

    Parameters
    ----------
    app : ASGI application
    host : str
        The address that the server was bound to.
    token : str, optional
        What every request must bring, in a header ``Authorization: Bearer TOKEN`` or in the cookie that the first
        ``?token=TOKEN`` becomes. Without one, only names of this machine are answered.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        self.app = app
        self.names = LOOPBACK | {host.lower()}
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SENT)
            await send(message)

        headers = Headers(scope=scope)
        reason = self.foreign(scope["method"], headers)
        answer = refusal(403, reason) if reason else self._ask_token(scope, headers)
        await (answer or self.app)(scope, receive, send_more)

    def foreign(self, method: str, headers: Headers) -> str | None:
        """Say why a request is none of ours; None where it is."""
        host = headers.get("host", "")
        if self.token is None and _name(host) not in self.names:
            return f"this server does not answer as '{host:.80}'; ask for it as 127.0.0.1 or localhost"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            return f"requests from other sites are refused; this one came from '{origin:.80}'"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            opened = (
                headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            )
            if not (opened and method == "GET"):
                return "requests from other sites are refused"
        return None

    def _ask_token(self, scope: Scope, headers: Headers) -> Response | None:
        if self.token is None or scope["path"] in OPEN:
            return None
        cookie = (
            f"handgrad-{(scope.get('server') or ('', 0))[1]}"  # browsers keep cookies by name, not by port
        )
        given = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if self._is_right([given, *_cookies(headers, cookie)]):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and self._is_right(value for key, value in query if key == "token"):
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            path = "/" + scope["path"].lstrip("/\\")
            answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
            answer.set_cookie(cookie, self.token, httponly=True, samesite="lax", max_age=30 * 24 * 3600)
            return answer
        line = "this server wants its token: open the address that it printed, or send 'Authorization: Bearer TOKEN'"
        return refusal(401, line, {"WWW-Authenticate": "Bearer"})

    def _is_right(self, given: Iterable[str]) -> bool:
        wanted = (self.token or "").encode()
        return any(compare_digest(value.encode("utf-8", "replace"), wanted) for value in given)


def _name(host: str) -> str:
    """Take the port off a Host header."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cookies(headers: Headers, name: str) -> list[str]:
    found: SimpleCookie = SimpleCookie()
    try:
        found.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return []
    return [found[name].value] if name in found else []
