"""POST /predict: predictions, refused requests, and many requests at a time."""

import asyncio
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from handgrad.data.images import read_example
from handgrad.data.strokes import generate
from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.server.prediction import Predictor
from served import client, small_network

SEVEN = Path(__file__).parents[2] / "examples" / "seven.png"
DIGITS = generate(20, 5)[0]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with client(tmp_path_factory.mktemp("served"), small_network(), raising=False) as found:
        yield found


def predictions(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["predictions"])


def test_one_example_and_several(api: TestClient) -> None:
    expected = small_network().predict_proba(DIGITS)
    (one,) = predictions(api.post("/predict", json={"pixels": DIGITS[0].tolist()}))
    assert one["class"] == str(expected[0].argmax())
    assert one["probability"] == max(one["probabilities"].values())
    assert list(one["probabilities"]) == list("0123456789")
    np.testing.assert_allclose(list(one["probabilities"].values()), expected[0], rtol=1e-5)
    several = predictions(api.post("/predict", json={"pixels": DIGITS.tolist()}))
    found = [list(prediction["probabilities"].values()) for prediction in several]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_image_as_file_and_as_body(api: TestClient) -> None:
    network, content = small_network(), SEVEN.read_bytes()
    expected = network.predict_proba(read_example(SEVEN, (1, 28, 28), "digit")[np.newaxis])[0]
    for answer in (
        api.post("/predict", files={"file": ("seven.png", content, "image/png")}),
        api.post("/predict", content=content, headers={"Content-Type": "image/png"}),
    ):
        (found,) = predictions(answer)
        np.testing.assert_allclose(list(found["probabilities"].values()), expected, rtol=1e-5)
    photo = saved(Image.open(SEVEN).convert("L").resize((4000, 3000)), "JPEG")  # reduced while it is decoded
    (found,) = predictions(api.post("/predict", content=photo, headers={"Content-Type": "image/jpeg"}))


def one(change: Any) -> Any:
    return [change, *DIGITS[0].tolist()[1:]]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[1, 2]", "object"),
        (b'{"pixels": [NaN]}', "number"),
        (b'{"pixels": [1e999]}', "number"),
        (b'{"pixels": [-Infinity]}', "number"),
        (b'{"pixels": []}', "pixels"),
        (b'{"pixels": [[]]}', "pixels"),
        (b'{"pixels": [[1], [1, 2]]}', "784 numbers"),
        (b'{"pixels": [1, [2]]}', "pixels"),
        (b'{"pixels": "7"}', "pixels"),
        (b'{"pixels": ["7"]}', "pixels"),
        (b'{"pixels": null}', "pixels"),
        (b'{"pixels": [true]}', "pixels"),
        (b'{"pixels": [1], "more": 2}', "more"),
        (b'{"pixels": [' + b"9" * 5000 + b"]}", "out of range"),
        (b"[" * 5000, "JSON"),
        (b"\xff\xfe", "JSON"),
        (b'{"\\ud800": 1}', ""),
        (b'{"pixels": [' + b"[1]," * 1000 + b"[1]]}", "1000"),
    ],
)
def test_invalid_bodies_are_refused_in_one_line(api: TestClient, body: bytes, word: str) -> None:
    answer = api.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    (detail,) = answer.json().values()
    assert word in detail
    assert len(detail.splitlines()) == 1
    assert len(detail) < 300


def test_numbers_outside_the_range_of_the_model_are_refused(api: TestClient) -> None:
    for value in (1e300, -1e39, 3.4e38, 1e10):
        answer = api.post("/predict", json={"pixels": one(value)})
        assert answer.status_code == 422, answer.text
        assert "far outside" in answer.json()["detail"]


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


BLANK = saved(Image.new("L", (50, 50), 255), "PNG")
IMAGES = {
    "nothing": (b"", "not a"),
    "text": (b"<html>", "not a"),
    "blank": (BLANK, "blank"),
    "truncated": (SEVEN.read_bytes()[:200], "cannot be read"),
    "bomb": (png(60_000, 60_000, zlib.compress(bytes(10_000_000))), "too many pixels"),
    "25 million pixels": (png(6_000, 6_000, zlib.compress(bytes(36_006_000))), "too many pixels"),
    "wrong data": (png(20, 20, b"no zlib"), "cannot be read"),
    "zero width": (png(0, 20, zlib.compress(b"")), ""),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a"),
}


@pytest.mark.parametrize("case", IMAGES)
def test_invalid_images_are_refused_in_one_line(api: TestClient, case: str) -> None:
    content, word = IMAGES[case]
    for answer in (
        api.post("/predict", files={"file": ("x.png", content, "image/png")}),
        api.post("/predict", content=content, headers={"Content-Type": "image/jpeg"}),
    ):
        assert answer.status_code == 422, answer.text
        assert word in answer.json()["detail"]
        assert len(answer.json()["detail"].splitlines()) == 1


def test_forms_without_an_image_are_refused_in_one_line(api: TestClient) -> None:
    for answer in (
        api.post("/predict", files={"other": ("x.png", BLANK, "image/png")}),
        api.post("/predict", data={"file": "text"}, files={"more": b"x"}),
        api.post("/predict", content=b"--x", headers={"Content-Type": "multipart/form-data"}),
        api.post("/predict", content=b"no", headers={"Content-Type": "multipart/form-data; boundary=x"}),
        api.post("/predict", files=[("file", BLANK), ("file", BLANK)]),
    ):
        assert answer.status_code in (400, 422), answer.text
        assert len(answer.json()["detail"].splitlines()) == 1


def test_model_of_a_table_takes_numbers_and_no_images(tmp_path: Path) -> None:
    network = Network([Dense(2)], (3,), np.random.default_rng(0), classes=("no", "yes"))
    with client(tmp_path, network) as api:
        (found,) = predictions(api.post("/predict", json={"pixels": [0.5, -2e3, 7]}))
        assert found["class"] in ("no", "yes")
        answer = api.post("/predict", content=BLANK, headers={"Content-Type": "image/png"})
        assert "model takes" in answer.json()["detail"]


def test_without_a_model_all_routes_of_it_answer_404(tmp_path: Path) -> None:
    with client(tmp_path) as api:
        for answer in (api.post("/predict", json={"pixels": [1]}), api.get("/model"), api.get("/model/file")):
            assert answer.status_code == 404
            assert "handgrad serve MODEL" in answer.json()["detail"]


def test_model_that_has_diverged_is_reported(tmp_path: Path) -> None:
    network = small_network()
    network.flat_parameters[:] = 1e38
    with client(tmp_path, network, raising=False) as api:
        answer = api.post("/predict", json={"pixels": DIGITS[0].tolist()})
        assert (answer.status_code, "diverged" in answer.json()["detail"]) == (422, True)


def test_each_request_for_several_networks_gets_its_answer_or_error() -> None:
    one, other, broken = small_network(), small_network(), small_network()
    other.flat_parameters[:] = -other.flat_parameters

    def fail(raw: Any) -> Any:
        raise ArithmeticError("no")

    broken.predict_proba = fail  # type: ignore[method-assign]
    asked = [one, other, broken, one, broken, other]

    async def ask_all() -> list[Any]:
        predictor = Predictor()
        questions = [
            predictor.probabilities(network, DIGITS[index : index + 1]) for index, network in enumerate(asked)
        ]
        return await asyncio.wait_for(asyncio.gather(*questions, return_exceptions=True), 60)

    for index, (network, found) in enumerate(zip(asked, asyncio.run(ask_all()), strict=True)):
        if network is broken:
            assert isinstance(found, ArithmeticError)
        else:
            np.testing.assert_allclose(found, network.predict_proba(DIGITS[index : index + 1]), rtol=1e-5)


def test_each_concurrent_request_gets_its_answer(api: TestClient) -> None:
    expected = small_network().predict(DIGITS)

    def ask(number: int) -> bool:
        if number % 3 == 0:
            return api.post("/predict", json={"pixels": one(1e300)}).status_code == 422
        index = number % len(DIGITS)
        (found,) = predictions(api.post("/predict", json={"pixels": DIGITS[index].tolist()}))
        return bool(found["class"] == str(expected[index]))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(100)))
