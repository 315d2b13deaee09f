"""Routes of recipes, data sets and drawn digits."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

import handgrad as hg
from handgrad.data.strokes import generate
from handgrad.recipes.loading import LADDER
from handgrad.server import datasets
from handgrad.server.requests import NewDigits
from served import client, refused, small_network

IMAGES = generate(4, 3)[0]
TEN = list("0123456789")


def digits(**changes: Any) -> dict[str, Any]:
    return {"name": "mine", "inputs": [[0] * 784], "labels": ["3"], **changes}


def test_recipes_and_data_that_need_no_download(api: TestClient) -> None:
    recipes = {recipe["name"]: recipe for recipe in api.get("/recipes").json()}
    assert recipes["classic"]["training"] == {"steps": 501, "batch_size": "all", "learning_rate": 0.1}
    assert (recipes["classic"]["dense"], recipes["classic"]["hidden"]) == (True, [10])
    assert [recipe["name"] for recipe in api.get("/recipes").json()] == [*LADDER]
    assert (recipes["mlp"]["accuracy"], recipes["mlp"]["seconds"]) == LADDER["mlp"]
    fixed = [name for name, recipe in recipes.items() if not recipe["dense"]]
    assert fixed == ["convnet", "best", "synthetic"]
    assert [data["name"] for data in api.get("/data").json()] == ["strokes:5000", "strokes"]


def test_slice_of_a_split(api: TestClient) -> None:
    answer = api.get("/data/examples?name=strokes:60:5&split=test&offset=2&limit=5").json()
    test = hg.load_data("strokes:60:5").split("test")
    assert (answer["total"], answer["dtype"], answer["input_shape"]) == (10, "uint8", [1, 28, 28])
    assert answer["labels"] == test.labels[2:7].tolist()
    assert base64.b64decode(answer["inputs"]) == test.inputs[2:7].tobytes()
    beyond = api.get("/data/examples?name=strokes:60:5&offset=1000").json()
    assert (beyond["labels"], beyond["inputs"]) == ([], "")


@pytest.mark.parametrize(
    "query",
    [
        *("", "name=nope", "name=mnist", "name=../../etc/passwd", "name=/etc/passwd"),
        *("name=digits/../secret", "name=digits/mine%00", "name=strokes:0", "name=strokes:999999999999"),
        *("name=strokes:60&split=validation", "name=strokes:60&split=all", "name=strokes:60&limit=10001"),
        *("name=strokes:60&limit=0", "name=strokes:60&offset=-1", "name=strokes:60&offset=many"),
    ],
)
def test_invalid_queries_are_refused(api: TestClient, tmp_path: Path, query: str) -> None:
    np.savez(tmp_path / "secret.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[0, 1])
    refused(api.get(f"/data/examples?{query}"), 422)


def test_digits_are_added_listed_loaded_and_removed(
    api: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = digits(inputs=IMAGES[:2].tolist(), labels=["3", "7"])
    assert api.post("/digits", json=body).json() == {"name": "mine", "examples": 2}
    assert api.post("/digits", json=digits(inputs=IMAGES[2:3].tolist())).json()["examples"] == 3
    facts = {"examples": 3, "classes": TEN, "input_shape": [1, 28, 28]}
    assert {"name": "digits/mine", **facts} in api.get("/data").json()
    with monkeypatch.context() as patched:
        patched.setattr(datasets, "load_data", pytest.fail)  # the file is not read again
        assert {"name": "digits/mine", **facts} in api.get("/data").json()
    found = api.get("/data/examples?name=digits/mine&split=train").json()
    assert base64.b64decode(found["inputs"]) == IMAGES[:3].tobytes()
    file = tmp_path / "digits" / "mine.csv"
    assert hg.load_data(file).train.labels.tolist() == [3, 7, 3]
    (tmp_path / "copy.npz").write_bytes(api.get("/digits/mine").content)
    copy = hg.load_data(tmp_path / "copy.npz").train
    assert (copy.labels.tolist(), list(copy.classes), copy.input_shape) == ([3, 7, 3], TEN, (1, 28, 28))
    assert (copy.inputs == IMAGES[:3]).all()
    file.write_bytes(file.read_bytes() + b"3,0,")  # a server was killed
    assert {"name": "digits/mine", **facts} in api.get("/data").json()
    assert api.delete("/digits/mine/1").json() == {"name": "mine", "examples": 2}
    assert api.get("/data/examples?name=digits/mine&split=train").json()["labels"] == [3, 3]
    file.with_name("other.csv").write_text("name,age\nann,5")  # not a collection
    file.with_name("folder.csv").mkdir()
    api.get("/data")
    assert file.with_name("other.csv").read_text() == "name,age\nann,5"
    refused(api.get("/data/examples?name=digits/folder&split=train"), 422)
    for index, status in ((2, 422), (-1, 422), (0, 200), (0, 200), (0, 404)):
        assert api.delete(f"/digits/mine/{index}").status_code == status
    refused(api.get("/digits/mine"), 404)


def test_classes_of_a_new_collection_are_those_of_a_model_of_images(tmp_path: Path) -> None:
    for name, shape, classes in (("letters", (1, 28, 28), ("x", "a", "b")), ("table", (784,), ("0", "1"))):
        network = hg.Network([hg.Dense(len(classes))], 784, 0, classes=classes)
        network.example_shape = shape
        with client(tmp_path, network) as api:
            assert api.post("/digits", json=digits(name=name, labels=[classes[1]])).status_code == 200
        listed = {data["name"]: data["classes"] for data in api.get("/data").json()}
        assert listed[f"digits/{name}"] == (list(classes) if name == "letters" else TEN)


@pytest.mark.parametrize(
    "body",
    [
        *(digits(name=name) for name in ("../mine", "a/b", "a\0b", ".hidden", "", "x" * 51, "mine.npz")),
        *(digits(inputs=[[0] * 783 + last]) for last in ([], [256], [-1], [0.5])),
        *(digits(labels=labels) for labels in ([], ["3", "4"], [3], [""], ["a\nb"], ["x" * 21])),
        *(digits(inputs=[]), digits(more=1), []),
    ],
)
def test_invalid_digits_are_refused_and_write_nothing(api: TestClient, tmp_path: Path, body: Any) -> None:
    before = sorted(tmp_path.rglob("*"))
    refused(api.post("/digits", json=body), 422)
    assert sorted(tmp_path.rglob("*")) == before


def test_invalid_digits_stop_at_the_first_error() -> None:
    keys: Any = dict.fromkeys(map(str, range(1000)), 1)
    for body in (digits(inputs=[[256] * 784] * 9), digits(labels=[""] * 999), digits(**keys)):
        with pytest.raises(ValidationError) as caught:
            NewDigits.model_validate(body)
        assert caught.value.error_count() == 1


def test_names_that_are_paths_and_damaged_collections_are_refused(api: TestClient, tmp_path: Path) -> None:
    for name in ("..%2Fx", "%00", "x/one", ".x"):
        refused(api.delete(f"/digits/{name}/0"), 404, 422)
        refused(api.get(f"/digits/{name}"), 404, 405, 422)
    file = tmp_path / "digits" / "mine.csv"
    file.parent.mkdir()
    file.write_bytes(b"no archive")
    refused(api.post("/digits", json=digits()), 422)
    refused(api.delete("/digits/mine/0"), 422)
    assert file.read_bytes() == b"no archive"
    assert {data["name"] for data in api.get("/data").json()} == {"strokes:5000", "strokes"}


def test_disk_quota(tmp_path: Path) -> None:
    with client(tmp_path, small_network(), quota=1000) as api:
        assert api.post("/digits", json=digits(inputs=IMAGES[:1].tolist())).status_code == 200
        (tmp_path / "digits" / "large").write_bytes(bytes(1000))
        refused(api.post("/digits", json=digits()), 409)
        refused(api.post("/runs", json={"recipe": "classic", "data": "strokes:300:1"}), 409)
