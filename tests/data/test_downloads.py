"""Downloads from mirrors that truncate, stall and fail: the whole file arrives, or nothing and one line."""

import io
import sys
from pathlib import Path

import pytest

from failing import refusal
from handgrad.data.download import download
from servers import Answer, cut, endless, mirror, redirect, send, stall, status, whole

CONTENT = bytes(range(256)) * 1000
HALF = len(CONTENT) // 2


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("handgrad.data.download.TIMEOUT", 0.5)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.gz"


def get(target: Path, *urls: str) -> None:
    download(urls, target, lambda content: content == CONTENT, 10**6)


@pytest.mark.parametrize("answer", [whole(CONTENT), send(CONTENT)])
def test_a_whole_file_arrives(target: Path, tmp_path: Path, answer: Answer) -> None:
    with mirror(answer) as one, mirror(redirect(one.url + "some/file.gz")) as other:
        get(target, other.url)
    assert target.read_bytes() == CONTENT
    assert one.paths == ["/some/file.gz"]
    get(tmp_path / "file.gz", target.as_uri())
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


BAD: list[tuple[Answer, str]] = [
    (status(404), "404: Not Found"),
    (cut(CONTENT, HALF), "sent other content than was published"),
    (whole(CONTENT[1:] + b"x"), "sent other content than was published"),
    (endless, "sent other content"),
    (redirect("file:///etc/hosts"), "is not allowed"),
    (redirect("/"), "infinite loop"),
    (lambda _: None, "closed connection without response"),
]


@pytest.mark.parametrize(("answer", "reason"), BAD)
def test_after_a_bad_mirror_the_next_one_delivers(target: Path, answer: Answer, reason: str) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with mirror(answer) as bad, mirror(whole(CONTENT)) as good:
        line = refusal(get, target, bad.url)
        assert line.startswith(f"cannot download file.gz ({bad.url.removeprefix('http://').rstrip('/')}: ")
        assert reason in line
        assert target.read_bytes() == b"old"
        get(target, bad.url, good.url)
    assert target.read_bytes() == CONTENT


def test_every_mirror_is_reported_with_its_reason(target: Path) -> None:
    with mirror(whole(CONTENT)) as gone:
        pass
    with mirror(stall(CONTENT, HALF)) as slow, mirror(stall(CONTENT, 0)) as silent:
        line = refusal(get, target, slow.url, silent.url, gone.url)
    assert line.endswith(f"); put it into {target.parent} yourself")
    assert line.count("timed out") == 2
    line += refusal(get, target, "no/scheme", "file:///nowhere/x", "http://user:secret@[x")
    assert "secret" not in line
    for reason in ("Connection refused", "no/scheme: unknown", "No such file", "[x: Invalid"):
        assert reason in line
    assert not list(target.parent.iterdir())


@pytest.mark.parametrize("terminal", [False, True])
def test_a_bar_is_shown_only_on_a_terminal(
    target: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := io.StringIO())
    monkeypatch.setattr(screen, "isatty", lambda: terminal)
    with mirror(whole(CONTENT)) as one:
        get(target, one.url)
    assert ("downloading file.gz" in screen.getvalue()) == bool(screen.getvalue()) == terminal
