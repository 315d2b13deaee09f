"""Who may ask, and who may not."""

from pathlib import Path

import pytest

from served import client, small_network

HOME = "http://127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_names_of_this_machine_are_answered(tmp_path: Path, host: str) -> None:
    with client(tmp_path) as asking:
        assert asking.get("/health", headers={"Host": host}).json()["status"] == "ok"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::1", "", "a@b"]
)
def test_other_names_are_refused_as_rebinding_would_use_them(tmp_path: Path, host: str) -> None:
    with client(tmp_path, small_network()) as asking:
        for path in ("/", "/model/file", "/health"):
            answer = asking.get(path, headers={"Host": host})
            assert answer.status_code == 403
            assert len(answer.json()["detail"].splitlines()) == 1


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "file://", "https://localhost"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_other_origins_are_refused(tmp_path: Path, origin: str, method: str) -> None:
    with client(tmp_path, small_network()) as asking:
        answer = asking.request(method, "/predict", headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_the_page_s_own_requests_are_answered(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as asking:
        headers = {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}
        assert asking.post("/predict", json={"pixels": [0] * 784}, headers=headers).status_code == 200


def test_what_a_browser_says_comes_from_another_site_is_refused_but_a_link_followed(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as asking:
        for site in ("cross-site", "same-site"):
            image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
            frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
            link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            assert asking.get("/model/file", headers=image).status_code == 403
            assert asking.get("/docs", headers=frame).status_code == 403
            assert asking.get("/docs", headers=link).status_code == 200
            assert asking.post("/predict", headers=link).status_code == 403


def test_every_answer_forbids_frames_and_guessing_of_types(tmp_path: Path) -> None:
    with client(tmp_path) as asking:
        for path in ("/docs", "/model", "/nothing"):
            headers = asking.get(path).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


def test_with_a_token_nothing_is_answered_without_it(tmp_path: Path) -> None:
    with client(tmp_path, small_network(), token="right-token") as asking:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer"},
            {"Cookie": "handgrad-80=wrong"},
            {"Cookie": '"\\'},
        ):
            for path in ("/", "/model", "/static/main.js", "/docs", "/openapi.json", "/runs?token=wrong"):
                answer = asking.get(path, headers=headers)
                assert answer.status_code == 401, path
                assert "token" in answer.json()["detail"]
        assert asking.get("/health").status_code == 200


def test_with_the_token_in_a_header_any_name_is_answered_but_no_other_origin(tmp_path: Path) -> None:
    with client(tmp_path, small_network(), token="right-token") as asking:
        headers = {"Authorization": "Bearer right-token", "Host": "laptop.local:8000"}
        assert asking.get("/model", headers=headers).status_code == 200
        assert (
            asking.get("/model", headers={**headers, "Origin": "http://laptop.local:8000"}).status_code == 200
        )
        assert asking.get("/model", headers={**headers, "Origin": "http://evil.example"}).status_code == 403


def test_the_token_in_the_address_becomes_a_cookie(tmp_path: Path) -> None:
    with client(tmp_path, small_network(), token="right-token") as asking:
        answer = asking.get("/docs?token=right-token&more=1", follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/docs?more=1")
        cookie = answer.headers["Set-Cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert asking.get("/model").status_code == 200
        asking.cookies.clear()
        assert asking.get("/model").status_code == 401
        assert asking.post("/predict?token=right-token", json={}).status_code == 401


def test_the_way_on_leads_nowhere_else(tmp_path: Path) -> None:
    with client(tmp_path, token="right-token") as asking:
        answer = asking.get("http://127.0.0.1//evil.example/?token=right-token", follow_redirects=False)
        assert answer.headers["Location"] == "/evil.example/"
