"""The model in use: how it is described and sent, its predictions, refused requests, and many at a time."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pydantic_core import from_json

import handgrad as hg
from handgrad.data.images import read_example
from handgrad.data.strokes import generate
from handgrad.server import prediction
from handgrad.server.models import ServedModel
from served import client, refused, small_network

SEVEN = Path(__file__).parents[2] / "examples" / "seven.png"
DIGITS = generate(20, 5)[0]


def test_model_is_described_and_sent(api: TestClient, tmp_path: Path) -> None:
    hg.save_model(small_network(), tmp_path / "model.safetensors")
    model, file = api.get("/model").json(), api.get("/model/file")
    assert (model["name"], model["parameters"]) == ("small", small_network().parameter_count)
    assert [layer["type"] for layer in model["layers"]] == ["Dense", "ReLU", "Dense"]
    assert (model["input_shape"], model["example_shape"]) == ([784], [1, 28, 28])
    assert file.content == (tmp_path / "model.safetensors").read_bytes()
    assert file.headers["ETag"]
    for path in (tmp_path / "model.safetensors", tmp_path):  # named after its run
        assert ServedModel.read(path).name == tmp_path.name


def test_files_descriptions_and_unknown_routes(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        for methods in api.get("/openapi.json").json()["paths"].values():
            assert all(route["description"] for route in methods.values())
        assert api.get("/static/main.js").headers["Content-Type"].startswith("text/javascript")
        for path in ("/static/../secret", "/static/%2e%2e/secret", "/static/none.js", "/static//etc/passwd"):
            refused(api.get(path), 404)
        refused(api.get("/nothing"), 404)
        refused(api.put("/model"), 405)
        posted = api.post("/runs", json={"data": "strokes", "from": "model"})
        for answer in (api.post("/predict", json={}), api.get("/model"), api.get("/model/file"), posted):
            assert "handgrad serve MODEL" in refused(answer, 404)
        for name in ("none", "../.."):
            refused(api.post("/model", json={"run": name}), 404)


def predictions(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["predictions"])


def check(answer: httpx2.Response, expected: Any) -> None:
    found = [list(prediction["probabilities"].values()) for prediction in predictions(answer)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def send(api: TestClient, image: bytes) -> httpx2.Response:
    return api.post("/predict", content=image, headers={"Content-Type": "image/jpeg"})


@pytest.mark.parametrize("light", [prediction.LIGHT, 0])
def test_one_example_and_several(api: TestClient, monkeypatch: pytest.MonkeyPatch, light: int) -> None:
    monkeypatch.setattr(prediction, "LIGHT", light)
    expected = small_network().predict_proba(DIGITS)
    (one,) = predictions(api.post("/predict", json={"pixels": DIGITS[0].tolist()}))
    assert one["class"] == str(expected[0].argmax())
    assert one["probability"] == max(one["probabilities"].values())
    assert list(one["probabilities"]) == list("0123456789")
    check(api.post("/predict", json={"pixels": DIGITS.tolist()}), expected)


def test_image(api: TestClient) -> None:
    pixels = read_example(SEVEN, (1, 28, 28), "digit")
    check(send(api, SEVEN.read_bytes()), small_network().predict_proba(pixels[np.newaxis]))
    photo = saved(Image.open(SEVEN).convert("L").resize((4000, 3000)), "JPEG")  # reduced while it is decoded
    assert predictions(send(api, photo))


NOT_784_NUMBERS = ("[]", "[[]]", '"7"', "null", "[1]", "[[1], [1, 2]]", "[1, [2]]", f"[{'[1],' * 1000}[1]]")
NOT_FINITE = ("NaN", "1e999", "-Infinity", "9" * 5000, "1e300", "-1e39", '"7"', "null", "[1]")


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[1, 2]", "[" * 5000, "\xff\xfe", '{"\\ud800": 1}'),
        *(f'{{"pixels": {value}}}' for value in NOT_784_NUMBERS),
        *(f'{{"pixels": [{"1, " * 783}{value}]}}' for value in NOT_FINITE),
        f'{{"pixels": [{"true, " * 783}true]}}',
    ],
)
def test_invalid_bodies_are_refused_in_one_line(api: TestClient, body: str) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        sent: dict[str, Any] = {"content": body.encode("latin-1"), "headers": {"Content-Type": kind}}
        refused(api.post("/predict", **sent), 422)
        assert "body." not in refused(api.post("/model", **sent), 400, 422)


@pytest.mark.parametrize("values", ["1," * 785_000, '"": 1,' * 60])
def test_bodies_of_too_many_parts_are_not_parsed(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, values: str
) -> None:
    monkeypatch.setattr(prediction, "from_json", pytest.fail)
    refused(api.post("/predict", content=values), 422)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[1,2],[3,4]]", [[1, 2], [3, 4]]),
        (" [ [1 , 2.5 ] ,\n[3,255] ] ", [[1, 2.5], [3, 255]]),
        *((text, None) for text in ("[[1,2],,[3,4]]", "[,[1,2]]", "[[1,2],]", "[[1,2] [3,4]]", "[[1,2],5]")),
        *((text, None) for text in ("[5,[1,2]]", "[[1,2],[3,4,5]]", "[[1,2]}", "[[1,2]][", '[["1",2]]')),
        *((text, None) for text in ("[[1,[2]]]", "[[1,2]]]", '[{"a":1},[1,2]]', "[[],[1,2]]")),
    ],
)
def test_lists_of_examples_are_parsed_one_by_one(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: list[Any] | None
) -> None:
    """One call for a large body would hold Python's lock too long."""
    parse = Mock(wraps=from_json)
    monkeypatch.setattr(prediction, "from_json", parse)
    body = f'{{"pixels":{text}}}'.encode()
    if expected is None:
        with pytest.raises(hg.HandgradError):
            prediction._numbers(body, 2)
    else:
        found = prediction._numbers(body, 2)
        assert found.tolist() == expected
        assert found.dtype == (np.float64 if "." in text else np.uint8)
        assert parse.call_count == 2


def saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


BLANK = saved(Image.new("L", (50, 50), 255), "PNG")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<html>", "cannot be read"),
        (BLANK, "blank"),
        (SEVEN.read_bytes()[:200], "cannot be read"),
        (saved(Image.new("L", (2001, 2000)), "PNG"), "too many pixels"),
    ],
)
def test_invalid_images_are_refused_in_one_line(api: TestClient, content: bytes, word: str) -> None:
    assert word in refused(send(api, content), 422)


def test_a_model_of_a_table_and_one_that_has_diverged(tmp_path: Path) -> None:
    with client(tmp_path, hg.Network([hg.Dense(2)], (3,), 0, classes=("no", "yes"))) as api:
        assert len(predictions(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1000}))) == 1000
        refused(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1001}), 422)
        assert "model takes" in refused(send(api, BLANK), 422)
    network = small_network()
    network.flat_parameters[:] = 1e38
    with client(tmp_path, network) as api:
        refused(api.post("/predict", json={"pixels": DIGITS[0].tolist()}), 422)
        assert "diverged" in refused(send(api, SEVEN.read_bytes()), 422)


def test_other_tasks(tmp_path: Path) -> None:
    layers, rows = [hg.Dense(2)], [[0.5, -2.0, 7.0], [1.0, 1.0, 1.0]]
    labels = hg.Network(layers, 3, 0, task="multilabel", classes=("wet", "cold"), features=("a", "b", "c"))
    with client(tmp_path, labels) as api:
        found = predictions(api.post("/predict", json={"pixels": rows}))
        probabilities = [[one["probabilities"][name] for name in labels.classes] for one in found]
        assert probabilities == labels.predict_proba(rows).tolist()
        decided = [[name in one["labels"] for name in labels.classes] for one in found]
        assert decided == labels.predict(rows).astype(bool).tolist()
        about = api.get("/model").json()
        assert (about["task"], about["features"]) == ("multilabel", ["a", "b", "c"])
    scaling = hg.Scaling(np.array([1e5, 0.0]), np.array([3e4, 1.0]))
    prices = hg.Network(layers, 3, 0, task="regression", classes=("price", "rent"), target_scaling=scaling)
    with client(tmp_path, prices) as api:
        found = predictions(api.post("/predict", json={"pixels": rows}))
        assert [[one["price"], one["rent"]] for one in found] == prices.predict(rows).tolist()
        assert api.get("/model").json()["task"] == "regression"


def test_each_concurrent_request_gets_its_answer(api: TestClient) -> None:
    expected = small_network().predict(DIGITS)

    def ask(number: int) -> httpx2.Response:
        values = DIGITS[number % 20].tolist() if number % 3 else [1]
        return api.post("/predict", json={"pixels": values})

    with ThreadPoolExecutor(16) as pool:
        for number, answer in enumerate(pool.map(ask, range(100))):
            if number % 3:
                assert predictions(answer)[0]["class"] == str(expected[number % 20])
            else:
                refused(answer, 422)
