"""What can be trained, on what, and pieces of it; digits of one's own."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from handgrad.data.load import load_data
from handgrad.data.strokes import generate
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from served import client, small_network

IMAGES = generate(4, 3)[0]


@pytest.fixture
def asking(tmp_path: Path, offline: None) -> Any:
    with client(tmp_path, small_network()) as found:
        yield found


def test_every_recipe_is_told_and_whether_its_widths_can_be_changed(asking: TestClient) -> None:
    recipes = {recipe["name"]: recipe for recipe in asking.get("/recipes").json()}
    assert set(recipes) == {"classic", "mlp", "dropout", "elastic", "convnet", "best", "synthetic"}
    assert recipes["classic"]["training"]["steps"] == 501
    assert recipes["classic"]["hidden"] == [10]
    assert {name for name, recipe in recipes.items() if not recipe["dense"]} == {
        "convnet",
        "best",
        "synthetic",
    }
    assert all(recipe["dense"] == bool(recipe["hidden"]) for recipe in recipes.values())


def test_only_data_that_need_no_download_are_told(asking: TestClient) -> None:
    assert [data["name"] for data in asking.get("/data").json()] == ["strokes:5000", "strokes"]


def test_a_piece_of_a_split(asking: TestClient) -> None:
    answer = asking.get("/data/examples?name=strokes:60:5&split=test&offset=2&limit=5").json()
    test = load_data("strokes:60:5").test
    assert test is not None
    assert (answer["total"], answer["dtype"], answer["input_shape"]) == (10, "uint8", [1, 28, 28])
    assert answer["labels"] == test.labels[2:7].tolist()
    assert base64.b64decode(answer["inputs"]) == test.inputs[2:7].tobytes()
    beyond = asking.get("/data/examples?name=strokes:60:5&offset=1000").json()
    assert (beyond["labels"], beyond["inputs"]) == ([], "")


@pytest.mark.parametrize(
    "query",
    [
        "name=nope",
        "name=mnist",
        "name=../../etc/passwd",
        "name=/etc/passwd",
        "name=digits/../secret",
        "name=digits/mine%00",
        "name=strokes:0",
        "name=strokes:60001",
        "name=strokes:999999999999",
        "name=strokes:60:5&split=validation",
        "name=strokes:60:5&split=all",
        "name=strokes:60:5&limit=10001",
        "name=strokes:60:5&limit=0",
        "name=strokes:60:5&offset=-1",
        "name=strokes:60:5&offset=many",
        "",
    ],
)
def test_what_is_not_there_gets_one_line(asking: TestClient, tmp_path: Path, query: str) -> None:
    np.savez(tmp_path / "secret.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[0, 1])
    answer = asking.get(f"/data/examples?{query}")
    assert answer.status_code == 422, answer.text
    assert len(answer.json()["detail"].splitlines()) == 1


def test_digits_are_added_listed_opened_and_taken_back(asking: TestClient, tmp_path: Path) -> None:
    drawing = {"label": "3", "width": 0.07, "strokes": [[[0.1, 0.2], [0.3, 0.4]]]}
    body = {"name": "mine", "inputs": IMAGES[:2].tolist(), "labels": ["3", "7"], "strokes": [drawing, None]}
    assert asking.post("/digits", json=body).json() == {"name": "mine", "examples": 2}
    more = {"name": "mine", "inputs": IMAGES[2:3].tolist(), "labels": ["3"]}
    assert asking.post("/digits", json=more).json() == {"name": "mine", "examples": 3}
    ten = list("0123456789")
    assert asking.get("/digits").json() == [{"name": "mine", "examples": 3, "classes": ten}]
    assert {"name": "digits/mine", "examples": 3, "classes": ten, "input_shape": [1, 28, 28]} in asking.get(
        "/data"
    ).json()
    found = asking.get("/data/examples?name=digits/mine&split=train").json()
    assert base64.b64decode(found["inputs"]) == IMAGES[:3].tobytes()
    assert load_data(tmp_path / "digits" / "mine.npz").train.labels.tolist() == [3, 7, 3]
    assert asking.delete("/digits/mine/1").json() == {"name": "mine", "examples": 2}
    assert asking.get("/data/examples?name=digits/mine&split=train").json()["labels"] == [3, 3]
    for _ in range(2):
        assert asking.delete("/digits/mine/0").status_code == 200
    assert asking.get("/digits").json() == []
    assert asking.delete("/digits/mine/0").status_code == 404


def test_a_collection_names_the_classes_of_a_model_of_pictures(tmp_path: Path) -> None:
    for name, shape, classes in (("letters", (1, 28, 28), ("x", "a", "b")), ("table", (784,), ("0", "1"))):
        network = Network([Dense(len(classes))], (784,), np.random.default_rng(0), classes=classes)
        network.example_shape = shape
        with client(tmp_path, network) as asking:
            label = classes[1]
            assert asking.post("/digits", json=digits(name=name, labels=[label])).status_code == 200
    found = {listed["name"]: listed["classes"] for listed in asking.get("/digits").json()}
    assert found == {"letters": ["x", "a", "b"], "table": list("0123456789")}


def digits(**changes: Any) -> dict[str, Any]:
    return {"name": "mine", "inputs": [[0] * 784], "labels": ["3"], **changes}


@pytest.mark.parametrize(
    "body",
    [
        digits(name="../mine"),
        digits(name="a/b"),
        digits(name="a\0b"),
        digits(name=".hidden"),
        digits(name=""),
        digits(name="x" * 51),
        digits(name="mine.npz"),
        digits(inputs=[[0] * 783]),
        digits(inputs=[[0] * 783 + [256]]),
        digits(inputs=[[0] * 783 + [-1]]),
        digits(inputs=[[0] * 783 + [0.5]]),
        digits(inputs=[]),
        digits(labels=[]),
        digits(labels=["3", "4"]),
        digits(labels=[3]),
        digits(labels=[""]),
        digits(labels=["a\nb"]),
        digits(labels=["x" * 21]),
        digits(strokes=[]),
        digits(strokes=[{"width": 0.1, "strokes": [[[0]]]}]),
        digits(strokes=[{"width": 0.1, "strokes": [], "more": 1}]),
        digits(more=1),
        [],
    ],
)
def test_digits_that_are_none_get_one_line_and_write_nothing(
    asking: TestClient, tmp_path: Path, body: Any
) -> None:
    before = sorted(tmp_path.rglob("*"))
    answer = asking.post("/digits", json=body)
    assert answer.status_code == 422, answer.text
    assert len(answer.json()["detail"].splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "path", ["/digits/..%2Fx/0", "/digits/%00/0", "/digits/x/-1", "/digits/x/one", "/digits/.x/0"]
)
def test_names_that_lead_elsewhere_take_nothing_back(asking: TestClient, path: str) -> None:
    assert 400 <= asking.delete(path).status_code < 500


def test_a_damaged_collection_is_told_and_left(asking: TestClient, tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "mine.npz").write_bytes(b"no archive")
    assert asking.post("/digits", json=digits()).status_code == 422
    assert asking.delete("/digits/mine/0").status_code == 422
    assert (tmp_path / "digits" / "mine.npz").read_bytes() == b"no archive"
    assert {data["name"] for data in asking.get("/data").json()} == {"strokes:5000", "strokes"}
    assert asking.get("/digits").json() == []
