"""Host names, origins, tokens and the headers of every answer."""

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.responses import Response
from starlette.types import Message

from handgrad.server import security
from handgrad.server.security import SMALL_BODY, Guard, is_strong
from served import client, refused, small_network

TOKEN = "right-token"


@pytest.fixture
def protected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A server with a token, which does not delay."""
    monkeypatch.setattr(security, "GUESS_DELAY", 0.0)
    with client(tmp_path, small_network(), token=TOKEN) as found:
        yield found


def fetch(site: str, mode: str, target: str) -> dict[str, str]:
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}


HERE = ("127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "[::1]")
ELSEWHERE = ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1", "", "a@b", "localhost:x")
OTHERS = ("http://evil.example", "null", "http://127.0.0.1:9999", "file://", "https://localhost")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        *(("GET", "/runs", {"Host": host}, 200) for host in HERE),
        *(("GET", path, {"Host": host}, 403) for host in ELSEWHERE for path in ("/", "/model/file")),
        *(("GET", "/model", {"Origin": origin}, 403) for origin in OTHERS),
        *((method, "/predict", {"Origin": OTHERS[0]}, 403) for method in ("POST", "OPTIONS", "DELETE")),
        ("GET", "/model", {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}, 200),
        ("GET", "/model/file", fetch("cross-site", "no-cors", "image"), 403),
        ("GET", "/", fetch("cross-site", "navigate", "iframe"), 403),
        ("GET", "/", fetch("cross-site", "navigate", "document"), 200),  # a link
        ("GET", "/", fetch("same-site", "cors", "empty"), 403),
        ("POST", "/predict", fetch("same-site", "navigate", "document"), 403),
    ],
)
def test_other_sites(api: TestClient, method: str, path: str, headers: dict[str, str], status: int) -> None:
    answer = api.request(method, path, headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


def test_headers_of_every_answer_and_inline_scripts_by_their_hashes(api: TestClient) -> None:
    page = api.get("/")
    scripts = re.findall(r"<script[^>]*>(.+?)</script>", page.text, re.DOTALL)
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    assert digests
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)
    for path in ("/", "/model", "/nothing", "/static/main.js"):
        headers = api.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert ("frame-ancestors 'none'" in policy, "'unsafe" in policy) == (True, False)
        assert all(f"'sha256-{digest}'" in policy for digest in digests)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-cache"


def test_documentation_runs_under_the_policy_without_requests_to_others(api: TestClient) -> None:
    page = api.get("/docs")
    (script,) = re.findall(r"<script>(.+?)</script>", page.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    linked = re.findall(r"(?:src|href)=\"(.+?)\"|url: '(.+?)'", page.text)
    assert len(linked) == 4
    assert [api.get(f"/{file or url}").status_code for file, url in linked] == [200] * 4


def test_only_requests_with_the_token_are_answered_under_any_host_name(protected: TestClient) -> None:
    wrong = [{"Authorization": value} for value in ("Bearer wrong", "Bearer", TOKEN[:-1])]
    for headers in ({}, *wrong, {"Cookie": "handgrad-80=wrong"}, {"Cookie": '"\\'}):
        for path in ("/", "/model", "/static/main.js", "/openapi.json", "/runs?token=wrong"):
            assert "token" in refused(protected.get(path, headers=headers), 401)
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "laptop.local:8000"}
    assert protected.get("/model", headers=headers).status_code == 200
    for origin, status in (("http://laptop.local:8000", 200), ("http://evil.example", 403)):
        assert protected.get("/model", headers=headers | {"Origin": origin}).status_code == status


def test_token_in_the_address_becomes_a_cookie(protected: TestClient) -> None:
    for path in ("/", "//evil.example/"):
        protected.cookies.clear()
        answer = protected.get(f"http://127.0.0.1{path}?token={TOKEN}", follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "./")
        cookie = answer.headers["Set-Cookie"].lower()
        assert {"httponly", "samesite=lax"} <= set(cookie.split("; "))
    assert protected.get("/model").status_code == 200
    protected.cookies.clear()
    assert protected.post(f"/predict?token={TOKEN}", json={}).status_code == 401


def test_tokens_are_hard_to_guess(protected: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "GUESS_DELAY", 0.2)
    begun = time.monotonic()
    assert protected.get("/model", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert time.monotonic() - begun >= 0.2
    monkeypatch.setattr(security, "GUESS_DELAY", 600.0)
    monkeypatch.setattr(security, "MAX_WRONG", 0)  # wrong tokens that wait
    assert protected.get("/model?token=wrong").status_code == 401
    tokens = ("aaaaaaaa", "a" * 40, "q8Zr-4LmXv0Tc9Kd2Ws_7b")
    assert [is_strong(token) for token in tokens] == [False, False, True]


def test_large_answers_are_sent_in_parts_that_slow_clients_read_in_time() -> None:
    content, parts = bytes(range(256)) * 1000, list[Message]()
    scope = {"type": "http", "method": "GET", "path": "/model/file", "headers": [(b"host", b"localhost")]}

    async def send(message: Message) -> None:
        parts.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(Guard(Response(content), "localhost", None, "")(scope, receive, send))
    assert b"".join(part["body"] for part in parts[1:]) == content
    assert max(len(part["body"]) for part in parts[1:]) == SMALL_BODY
    assert [part.get("more_body", False) for part in parts[1:]] == [True] * 4 + [False]
