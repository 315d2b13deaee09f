"""The model in use, the page's files, and the description of the routes."""

import json
from pathlib import Path

import pytest
from safetensors.numpy import load

from handgrad.model.files import save_model
from handgrad.server.models import ServedModel
from served import client, small_network


def test_model_is_described(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as api:
        model = api.get("/model").json()
    assert model["name"] == "small"
    assert model["parameters"] == small_network().parameter_count
    assert [layer["type"] for layer in model["layers"]] == ["Dense", "ReLU", "Dense"]
    assert (model["input_shape"], model["example_shape"]) == ([784], [1, 28, 28])
    assert model["scaling"] == {"shift": 0.0, "divisor": 255.0}


def test_file_of_the_model_is_sent_once(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    with client(tmp_path, small_network()) as api:
        answer = api.get("/model/file")
        assert answer.content == (tmp_path / "model.safetensors").read_bytes()
        assert (load(answer.content)["layers.0.weights"] == small_network().parameters[0].weights).all()
        again = api.get("/model/file", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = api.get("/model/file", headers={"If-None-Match": '"other"'})
        assert other.content == answer.content


@pytest.mark.parametrize("place", ["mine/model.safetensors", "mine"])
def test_model_is_named_after_its_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "mine").mkdir()
    save_model(small_network(), tmp_path / "mine" / "model.safetensors")
    assert ServedModel.read(tmp_path / place).name == "mine"


def test_docs_describe_every_route_without_the_network(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        document, page = api.get("/openapi.json").json(), api.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "<script" not in page.text
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert route["description"]
            assert "HTTPValidationError" not in json.dumps(route)


def test_page_and_static_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.server.app.FOLDER", tmp_path)
    with client(tmp_path) as api:
        assert api.get("/").status_code == 404
        (tmp_path / "index.html").write_text("<p>here</p>")
        (tmp_path / "main.js").write_text("let here;")
        assert api.get("/").text == "<p>here</p>"
        script = api.get("/static/main.js")
        assert script.headers["Content-Type"].startswith("text/javascript")
        for path in ("/static/../secret", "/static/%2e%2e/secret", "/static/none.js", "/static//etc/passwd"):
            answer = api.get(path)
            assert answer.status_code == 404
            assert answer.json()["detail"]


def test_unknown_routes_and_runs(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        assert api.get("/nothing").status_code == 404
        assert api.put("/model").status_code == 405
        assert api.post("/model", json={"run": "none"}).status_code == 404
        assert api.post("/model", json={"run": "../.."}).status_code == 404
