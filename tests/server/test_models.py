"""The model in use, the page's files, and the description of the routes."""

from pathlib import Path

import pytest

from handgrad.model.files import save_model
from handgrad.server.models import ServedModel
from served import client, refused, small_network


def test_model_is_described_and_sent(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    with client(tmp_path, small_network()) as api:
        model, file = api.get("/model").json(), api.get("/model/file")
    assert (model["name"], model["parameters"]) == ("small", small_network().parameter_count)
    assert [layer["type"] for layer in model["layers"]] == ["Dense", "ReLU", "Dense"]
    assert (model["input_shape"], model["example_shape"]) == ([784], [1, 28, 28])
    assert model["scaling"] == {"shift": 0.0, "divisor": 255.0}
    assert file.content == (tmp_path / "model.safetensors").read_bytes()
    assert file.headers["ETag"]


@pytest.mark.parametrize("place", ["mine/model.safetensors", "mine"])
def test_model_is_named_after_its_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "mine").mkdir()
    save_model(small_network(), tmp_path / "mine" / "model.safetensors")
    assert ServedModel.read(tmp_path / place).name == "mine"


def test_docs_describe_every_route_without_the_network(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        document, page = api.get("/openapi.json").json(), api.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "<script" not in page.text
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert route["description"]


def test_static_files(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        script = api.get("/static/main.js")
        assert script.headers["Content-Type"].startswith("text/javascript")
        for path in ("/static/../secret", "/static/%2e%2e/secret", "/static/none.js", "/static//etc/passwd"):
            refused(api.get(path), 404)


def test_unknown_routes_and_runs(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        refused(api.get("/nothing"), 404)
        refused(api.put("/model"), 405)
        for answer in (api.post("/predict", json={"pixels": [1]}), api.get("/model"), api.get("/model/file")):
            assert "handgrad serve MODEL" in refused(answer, 404)
        for name in ("none", "../.."):
            refused(api.post("/model", json={"run": name}), 404)
