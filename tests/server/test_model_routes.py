"""The model in use, the page's files, and the description of the routes."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import load

from handgrad.model.files import save_model
from handgrad.server.model_in_use import Served
from served import client, small_network


def test_the_model_is_described(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as asking:
        told = asking.get("/model").json()
    assert told["name"] == "small"
    assert told["parameters"] == small_network().parameter_count
    assert [layer["type"] for layer in told["layers"]] == ["Dense", "ReLU", "Dense"]
    assert (told["input_shape"], told["example_shape"]) == ([784], [1, 28, 28])
    assert told["scaling"] == {"shift": 0.0, "divisor": 255.0}


def test_its_file_is_the_model_file_and_is_sent_once(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    with client(tmp_path, small_network()) as asking:
        answer = asking.get("/model/file")
        assert answer.content == (tmp_path / "model.safetensors").read_bytes()
        assert (load(answer.content)["layers.0.weights"] == small_network().parameters[0].weights).all()
        again = asking.get("/model/file", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = asking.get("/model/file", headers={"If-None-Match": '"other"'})
        assert other.content == answer.content


@pytest.mark.parametrize("place", ["mine/model.safetensors", "mine"])
def test_a_model_is_called_as_its_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "mine").mkdir()
    save_model(small_network(), tmp_path / "mine" / "model.safetensors")
    assert Served.read(tmp_path / place).name == "mine"


def test_every_route_is_described_without_the_network(tmp_path: Path) -> None:
    with client(tmp_path) as asking:
        document, page = asking.get("/openapi.json").json(), asking.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "<script" not in page.text
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert route["description"]
            assert "HTTPValidationError" not in json.dumps(route)


def test_without_its_files_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.server.page.FOLDER", tmp_path)
    with client(tmp_path) as asking:
        assert asking.get("/").status_code == 404
        (tmp_path / "index.html").write_text("<p>here</p>")
        (tmp_path / "main.js").write_text("let here;")
        assert asking.get("/").text == "<p>here</p>"
        script = asking.get("/static/main.js")
        assert script.headers["Content-Type"].startswith("text/javascript")
        for path in ("/static/../secret", "/static/%2e%2e/secret", "/static/none.js", "/static//etc/passwd"):
            answer = asking.get(path)
            assert answer.status_code == 404
            assert answer.json()["detail"]


def test_what_is_not_there_or_not_to_be_done_gets_one_line(tmp_path: Path) -> None:
    with client(tmp_path) as asking:
        assert asking.get("/nothing").status_code == 404
        assert asking.put("/model").status_code == 405
        assert asking.post("/model", json={"run": "none"}).status_code == 404
        assert asking.post("/model", json={"run": "../.."}).status_code == 404
