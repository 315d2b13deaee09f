"""``handgrad serve``: its options, its address and its errors."""

import re
import socket
import sys
from pathlib import Path

import httpx2
import pytest

from failing import fails
from fixture_types import Cli
from handgrad.cli.serve import newest_finished
from handgrad.errors import installation
from handgrad.model.files import save_model
from handgrad.server.server import address
from served import serving, small_network


def test_on_other_addresses_a_token_is_generated_and_ctrl_c_ends(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "mine.safetensors")
    with serving(tmp_path, "mine.safetensors", "--host", "0.0.0.0") as process:
        found = re.search(r"http://[^/]+:(\d+)/\?token=([\w-]{22,})", process.output[-1])
        assert found, process.output
        here, bearer = f"http://127.0.0.1:{found[1]}", {"Authorization": f"Bearer {found[2]}"}
        assert httpx2.get(f"{here}/runs").status_code == 401
        assert httpx2.get(f"{here}/model", headers=bearer).json()["name"] == "mine.safetensors"
        with httpx2.Client(follow_redirects=True) as browser:
            assert browser.get(f"{here}/?token={found[2]}").status_code == 200
            assert browser.get(f"{here}/runs").json() == []
        assert process.end() == 0
        assert "Traceback" not in "".join(process.output)


@pytest.mark.slow
def test_a_signal_ends_the_server_as_soon_as_it_has_printed_its_address(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "mine.safetensors")
    for _ in range(5):
        with serving(tmp_path, "mine.safetensors") as process:
            assert process.end() == 0


@pytest.mark.parametrize(
    ("arguments", "word", "status"),
    [
        ("nowhere", "does not exist", 1),
        ("empty", "model.safetensors", 1),
        ("--host no.such.host.invalid", "no.such.host.invalid", 1),
        ("--port TAKEN", "port", 1),
        ("--token short", "--weak-token", 2),
        ("--token a/b", "--token", 2),
    ],
)
def test_invalid_options(cli: Cli, tmp_path: Path, arguments: str, word: str, status: int) -> None:
    (tmp_path / "empty").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("serve", *arguments.replace("TAKEN", str(taken.getsockname()[1])).split())
    assert done.returncode == status
    assert word in done.stderr


def test_missing_extra(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.errors.find_spec", lambda name: None if name == "uvicorn" else sys)
    fails(cli, "uvicorn", "serve", detail=installation("server"))


def test_addresses() -> None:
    assert address("::1", 80, None) == "http://[::1]:80/"
    assert address("localhost", 80, "a~b") == "http://localhost:80/?token=a~b"
    assert "0.0.0.0" not in address("0.0.0.0", 80, None)


def test_newest_finished_run_that_can_be_loaded_is_served(tmp_path: Path) -> None:
    assert newest_finished(tmp_path / "none") is None
    for name in ("a", "b", "damaged"):
        (tmp_path / name).mkdir()
        save_model(small_network(), tmp_path / name / "model.safetensors")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"not a model")
    found = newest_finished(tmp_path)
    assert found
    assert found.name == "b"
