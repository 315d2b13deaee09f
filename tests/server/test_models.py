"""The model in use, the page's files, the description of the routes, and unknown routes."""

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
    assert file.content == (tmp_path / "model.safetensors").read_bytes()
    assert file.headers["ETag"]


@pytest.mark.parametrize("place", ["mine/model.safetensors", "mine"])
def test_model_is_named_after_its_run(tmp_path: Path, place: str) -> None:
    (tmp_path / "mine").mkdir()
    save_model(small_network(), tmp_path / "mine" / "model.safetensors")
    assert ServedModel.read(tmp_path / place).name == "mine"


def test_files_descriptions_and_unknown_routes(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        for methods in api.get("/openapi.json").json()["paths"].values():
            assert all(route["description"] for route in methods.values())
        assert api.get("/static/main.js").headers["Content-Type"].startswith("text/javascript")
        for path in ("/static/../secret", "/static/%2e%2e/secret", "/static/none.js", "/static//etc/passwd"):
            refused(api.get(path), 404)
        refused(api.get("/nothing"), 404)
        refused(api.put("/model"), 405)
        for answer in (api.post("/predict", json={"pixels": [1]}), api.get("/model"), api.get("/model/file")):
            assert "handgrad serve MODEL" in refused(answer, 404)
        for name in ("none", "../.."):
            refused(api.post("/model", json={"run": name}), 404)
