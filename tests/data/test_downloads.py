"""Downloads from mirrors that truncate, stall and fail: the whole file arrives, or nothing and one line."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from failing import refusal
from handgrad.data.download import download
from handgrad.errors import HandgradError
from servers import Answer, cut, endless, honest, mirror, part, redirect, status, unsized, whole

CONTENT = bytes(range(256)) * 1000
OTHER = b"x" * len(CONTENT)
HALF = len(CONTENT) // 2
CODE = (
    "import sys; from pathlib import Path; from handgrad.data.download import download; "
    "download([sys.argv[1]], Path(sys.argv[2]), lambda path: True, limit=10**6, advice='')"
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.gz"


def wanted(path: Path) -> bool:
    return path.read_bytes() == CONTENT


def get(target: Path, *urls: str, timeout: float | None = 5, limit: int = 10**6) -> None:
    download(urls, target, wanted, limit=limit, timeout=timeout, advice="fetch it yourself")


def begin(target: Path, content: bytes) -> Path:
    target.parent.mkdir()
    path = target.with_name("file.gz.part")
    path.write_bytes(content)
    return path


def assert_whole(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def failure(target: Path, *urls: str, timeout: float = 5, limit: int = 10**6) -> str:
    """Return the line with which mirrors fail; nothing is at the target."""
    line = refusal(lambda: get(target, *urls, timeout=timeout, limit=limit))
    assert line.startswith("cannot download file.gz (")
    assert line.endswith("); fetch it yourself")
    assert not target.exists()
    return line


@pytest.mark.parametrize("answer", [whole(CONTENT), honest(CONTENT), unsized(CONTENT), part(CONTENT, 0, "*")])
def test_a_whole_file_arrives(target: Path, answer: Answer) -> None:
    with mirror(answer) as one:
        get(target, one.url + "some/file.gz")
    assert_whole(target)
    assert one.paths == ["/some/file.gz"]
    assert one.ranges == [None]
    assert (one.agents[0] or "").startswith("handgrad/")


def test_a_file_url_and_a_redirect(target: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    get(target, source.as_uri())
    assert_whole(target)
    target.unlink()
    with mirror(honest(CONTENT)) as one, mirror(redirect(one.url)) as other:
        get(target, other.url)
    assert_whole(target)


BAD: list[tuple[Answer, str]] = [
    (status(404), "HTTP 404 Not Found"),
    (status(500), "HTTP 500 Internal Server Error"),
    (status(416), "HTTP 416"),
    (cut(CONTENT, HALF), f"ended after {HALF:,} of {len(CONTENT):,} bytes"),
    (whole(OTHER), "sent other content than was published"),
    (unsized(CONTENT[:HALF]), "sent other content than was published"),
    (whole(b"<html>Sign in</html>", "text/html; charset=utf-8"), "sent a web page (HTML) instead"),
    (whole(CONTENT * 8), "sends more than 1,000,000 bytes"),
    (unsized(CONTENT * 8), "sends more than 1,000,000 bytes"),
    (part(CONTENT, 5, len(CONTENT)), "another part"),
    (redirect("ftp://127.0.0.1/file.gz"), "unknown url type: ftp"),
    (redirect("file:///etc/hosts"), "is not allowed"),
    (redirect("/"), "infinite loop"),
]


@pytest.mark.parametrize(("answer", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_mirror_is_reported_and_the_next_one_delivers(
    target: Path, answer: Answer, reason: str
) -> None:
    with mirror(answer) as bad, mirror(honest(CONTENT)) as good:
        line = failure(target, bad.url)
        assert reason in line
        assert bad.url.removeprefix("http://").rstrip("/") in line
        get(target, bad.url, good.url)
    assert_whole(target)


def test_every_mirror_is_reported_with_its_reason(target: Path) -> None:
    with mirror(status(404)) as one, mirror(whole(OTHER)) as two:
        line = failure(target, one.url, two.url)
    assert "HTTP 404" in line
    assert "other content" in line
    assert line.count("127.0.0.1:") == 2


def test_refused_connections_and_odd_addresses(target: Path) -> None:
    with mirror(honest(CONTENT)) as gone:
        url = gone.url
    line = failure(target, url, "ftp://example.org/x", "no/scheme", "file:///nowhere/x", "http://[x")
    assert "Connection refused" in line
    assert "unknown url type: ftp" in line
    assert "no/scheme: unknown url type" in line
    assert "No such file" in line


def test_passwords_are_not_shown(target: Path) -> None:
    with mirror(status(404)) as one:
        assert "secret" not in failure(target, one.url.replace("//", "//user:secret@"))


@pytest.mark.parametrize("after", [0, HALF])
def test_after_a_mirror_that_stalls_the_next_one_resumes(target: Path, after: int) -> None:
    with mirror() as slow, mirror(honest(CONTENT)) as good:
        slow.answers = [slow.stall(CONTENT, after)]
        begun = time.perf_counter()
        assert "silent for 0.2 s" in failure(target, slow.url, timeout=0.2)
        get(target, good.url)
        assert time.perf_counter() - begun < 3
    assert good.ranges == [f"bytes={after}-" if after else None]
    assert_whole(target)


def test_a_mirror_that_does_not_even_answer(target: Path) -> None:
    with mirror() as slow:
        slow.answers = [slow.silence]
        assert "silent for 0.2 s" in failure(target, slow.url, timeout=0.2)


def test_a_name_look_up_that_does_not_end(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket's timeout does not bound the look-up; an answer that comes after all is hung up on."""
    found, look_up = Event(), socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        found.wait(10)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with mirror(honest(CONTENT)) as one:
        assert "silent for 0.1 s" in failure(target, one.url, timeout=0.1)
        assert one.paths == []
        found.set()
        deadline = time.monotonic() + 5
        while not one.paths:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert not list(target.parent.iterdir())


def test_killed_midway_then_resumed(target: Path) -> None:
    part = target.with_name("file.gz.part")
    with mirror() as one:
        one.answers = [one.stall(CONTENT, HALF), honest(CONTENT)]
        with subprocess.Popen([sys.executable, "-c", CODE, one.url, str(target)]) as process:
            deadline = time.monotonic() + 20
            while not (part.exists() and part.stat().st_size):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.kill()
        here = part.stat().st_size
        assert not target.exists()
        get(target, one.url)
    assert one.ranges == [None, f"bytes={here}-"]
    assert_whole(target)


def test_a_truncated_download_is_resumed_at_the_next_mirror(target: Path) -> None:
    with mirror(cut(CONTENT, HALF)) as one, mirror(honest(CONTENT)) as two:
        get(target, one.url, two.url)
    assert two.ranges == [f"bytes={HALF}-"]
    assert_whole(target)


RESUMED: dict[
    str, tuple[bytes, Answer, list[str | None]]
] = {  # what is there, first answer, further requests
    "no total": (CONTENT[:HALF], part(CONTENT, HALF, "*"), []),
    "Range ignored": (CONTENT[:HALF], whole(CONTENT), []),
    "416": (CONTENT[:HALF], status(416), [None]),
    "a part before": (CONTENT[:HALF], part(CONTENT, HALF - 1, len(CONTENT)), [None]),
    "a part behind": (CONTENT[:HALF], part(CONTENT, HALF + 1, len(CONTENT)), [None]),
    "longer, 416": (CONTENT * 2, honest(CONTENT), [None]),
    "longer, ignored": (CONTENT * 2, whole(CONTENT), []),
    "mixed content": (OTHER[:HALF], honest(CONTENT), [None]),
}


@pytest.mark.parametrize("case", RESUMED)
def test_a_part_is_resumed_or_downloaded_again(target: Path, case: str) -> None:
    here, first, then = RESUMED[case]
    begin(target, here)
    with mirror(first, honest(CONTENT)) as one:
        get(target, one.url)
    assert one.ranges == [f"bytes={len(here)}-", *then]
    assert_whole(target)


def test_a_truncated_rest_fails(target: Path) -> None:
    begin(target, CONTENT[:HALF])
    with mirror(part(CONTENT[:-1], HALF, len(CONTENT))) as one:
        assert f"ended after {len(CONTENT) - 1:,} of {len(CONTENT):,} bytes" in failure(target, one.url)


@pytest.mark.parametrize("answer", [honest(OTHER), endless])
def test_wrong_content_is_requested_once_and_leaves_nothing(target: Path, answer: Answer) -> None:
    with mirror(answer) as one:
        failure(target, one.url)
    assert one.ranges == [None]
    assert not list(target.parent.iterdir())


def test_an_old_file_stays_until_the_new_one_is_whole(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with mirror(cut(CONTENT, HALF), honest(CONTENT)) as one:
        with pytest.raises(HandgradError):
            get(target, one.url)
        assert target.read_bytes() == b"old"
        get(target, one.url)
    assert_whole(target)


def test_a_disk_that_refuses_is_not_the_mirrors_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with mirror(honest(CONTENT)) as one, pytest.raises(HandgradError, match=r"cannot write .*a\.gz: "):
        get(tmp_path / "file" / "a.gz", one.url)


def test_the_timeout_comes_from_the_environment(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_TIMEOUT", "0.2")
    with mirror() as slow:
        slow.answers = [slow.stall(CONTENT, 0)]
        with pytest.raises(HandgradError, match=r"silent for 0\.2 s"):
            get(target, slow.url, timeout=None)
    for wrong in ("soon", "-1", "nan", "inf"):
        monkeypatch.setenv("HANDGRAD_TIMEOUT", wrong)
        with pytest.raises(HandgradError, match=f"HANDGRAD_TIMEOUT is '{wrong}'; give a number of seconds"):
            get(target, timeout=None)


def test_a_bar_is_shown_only_on_a_terminal(target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    ours, theirs = pty.openpty()
    with mirror(honest(CONTENT)) as one:
        with os.fdopen(ours, "rb", buffering=0) as screen:
            command = [sys.executable, "-c", CODE, one.url, str(target)]
            environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
            done = subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, env=environment, check=True)
            os.close(theirs)
            assert b"file.gz" in screen.read(65536)
        assert done.stdout == b""
        get(target, one.url)
    assert capfd.readouterr() == ("", "")
