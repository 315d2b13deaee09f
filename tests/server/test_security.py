"""Host names, origins, tokens and the headers of every answer."""

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient

from handgrad.server import security
from handgrad.server.security import is_strong
from served import client, small_network

TOKEN = "right-token"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client(tmp_path_factory.mktemp("open"), small_network()) as found:
        yield found


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with a token, which does not delay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(security, "GUESS_DELAY", 0.0)
        with client(tmp_path_factory.mktemp("protected"), small_network(), token=TOKEN) as found:
            yield found


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_names_of_this_machine_are_answered(api: TestClient, host: str) -> None:
    assert api.get("/health", headers={"Host": host}).json()["status"] == "ok"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1", "", "a@b"]
)
def test_other_host_names_are_refused(api: TestClient, host: str) -> None:
    for path in ("/", "/model/file", "/health"):
        answer = api.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert len(answer.json()["detail"].splitlines()) == 1


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "file://", "https://localhost"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_other_origins_are_refused(api: TestClient, origin: str, method: str) -> None:
    answer = api.request(method, "/predict", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_requests_of_the_page_are_answered(api: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    assert api.post("/predict", json={"pixels": [0] * 784}, headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_links_of_other_sites_are_answered_and_their_requests_are_refused(api: TestClient, site: str) -> None:
    def sent(mode: str, target: str) -> dict[str, str]:
        return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}

    assert api.get("/model/file", headers=sent("no-cors", "image")).status_code == 403
    assert api.get("/docs", headers=sent("navigate", "iframe")).status_code == 403
    assert api.get("/docs", headers=sent("navigate", "document")).status_code == 200
    assert api.post("/predict", headers=sent("navigate", "document")).status_code == 403


def test_headers_of_every_answer(api: TestClient) -> None:
    for path in ("/", "/docs", "/model", "/nothing", "/static/main.js"):
        headers = api.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_inline_scripts_of_the_page_are_allowed_by_their_hashes(api: TestClient) -> None:
    page = api.get("/")
    for script in re.findall(r"<script[^>]*>(.+?)</script>", page.text, re.DOTALL):
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text + api.get("/docs").text
    assert not re.search(r"\sstyle=|\son\w+=", page.text)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *({"Authorization": value} for value in ("Bearer wrong", "Bearer", TOKEN[:-1])),
        *({"Cookie": value} for value in ("handgrad-80=wrong", '"\\')),
    ],
)
def test_without_the_token_nothing_is_answered(protected: TestClient, headers: dict[str, str]) -> None:
    for path in ("/", "/model", "/static/main.js", "/docs", "/openprotected.json", "/runs?token=wrong"):
        answer = protected.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert "token" in answer.json()["detail"]
    assert protected.get("/health").status_code == 200


def test_with_the_token_any_host_name_is_answered_but_no_other_origin(protected: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "laptop.local:8000"}
    for origin, status in ((None, 200), ("http://laptop.local:8000", 200), ("http://evil.example", 403)):
        more: dict[str, Any] = {} if origin is None else {"Origin": origin}
        assert protected.get("/model", headers={**headers, **more}).status_code == status


def test_token_in_the_address_becomes_a_cookie(protected: TestClient) -> None:
    answer = protected.get(f"/docs?token={TOKEN}&more=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/docs?more=1")
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert protected.get("/model").status_code == 200
    protected.cookies.clear()
    assert protected.get("/model").status_code == 401
    assert protected.post(f"/predict?token={TOKEN}", json={}).status_code == 401
    elsewhere = protected.get(f"http://127.0.0.1//evil.example/?token={TOKEN}", follow_redirects=False)
    assert elsewhere.headers["Location"] == "/evil.example/"


def test_wrong_tokens_are_delayed_and_the_right_one_is_not(
    protected: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    protected.cookies.clear()
    monkeypatch.setattr(security, "GUESS_DELAY", 0.2)
    begun = time.monotonic()
    assert protected.get("/model", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(
    ("token", "strong"), [("aaaaaaaa", False), ("a" * 40, False), ("q8Zr-4LmXv0Tc9Kd2Ws_7b", True)]
)
def test_tokens_that_can_be_guessed(token: str, strong: bool) -> None:
    assert is_strong(token) is strong
