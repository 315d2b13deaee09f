"""``handgrad serve``: how it begins, and how it does not."""

import re
import socket
import sys
from pathlib import Path

import httpx2
import pytest

from failing import fails
from fixture_types import Cli
from handgrad.cli.serve import newest_finished
from handgrad.model.files import save_model
from handgrad.server.server import address
from served import serving, small_network


def test_a_free_port_is_chosen_and_told_and_ctrl_c_ends(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "mine.safetensors")
    with serving(tmp_path, "mine.safetensors") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.address)
        assert server.get("/model")["name"] == "mine.safetensors"
        assert server.end() == 0
        assert "Traceback" not in "".join(server.told)


def test_for_others_a_token_is_made_up_and_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as server:
        found = re.search(r"http://[^/]+:(\d+)/\?token=([\w-]{16,})", server.told[-1])
        assert found, server.told
        here = f"http://127.0.0.1:{found[1]}"
        assert httpx2.get(f"{here}/runs").status_code == 401
        assert httpx2.get(f"{here}/runs", headers={"Authorization": f"Bearer {found[2]}"}).json() == []
        with httpx2.Client(follow_redirects=True) as browser:
            assert browser.get(f"{here}/docs?token={found[2]}").status_code == 200
            assert browser.get(f"{here}/runs").json() == []


@pytest.mark.slow
def test_what_cannot_be_served_is_one_line(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        fails(cli, port, "serve", "--port", port, telling="another --port")
    fails(cli, "nowhere", "serve", "nowhere", telling="does not exist")
    (tmp_path / "empty").mkdir()
    fails(cli, "empty", "serve", "empty", telling="holds no")
    fails(cli, "no.such.host.invalid", "serve", "--host", "no.such.host.invalid")
    fails(cli, "--token", "serve", "--token", "short")
    assert cli("serve", "--port", "70000").returncode == 2


def test_a_missing_extra_is_told_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from handgrad import web
    from handgrad.cli.main import main

    monkeypatch.setattr(web, "find_spec", lambda name: None if name == "uvicorn" else sys)
    assert main(["serve"]) == 1
    assert "uvicorn" in (line := capsys.readouterr().err)
    assert "pip install 'handgrad[server]'" in line


def test_addresses_are_written_as_browsers_take_them() -> None:
    assert address("::1", 80, None) == "http://[::1]:80/"
    assert address("localhost", 80, "a~b") == "http://localhost:80/?token=a~b"
    assert "0.0.0.0" not in address("0.0.0.0", 80, None)


def test_the_newest_finished_run_is_found(tmp_path: Path) -> None:
    assert newest_finished(tmp_path / "none") is None
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_model(small_network(), tmp_path / name / "model.safetensors")
    (tmp_path / "c").mkdir()
    assert newest_finished(tmp_path) == tmp_path / "b"
