"""POST /predict: predictions, refused requests, and many requests at a time."""

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
from handgrad.server import prediction
from served import client, refused, small_network

SEVEN = Path(__file__).parents[2] / "examples" / "seven.png"
DIGITS = generate(20, 5)[0]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with client(tmp_path_factory.mktemp("served"), small_network(), raising=False) as found:
        yield found


def predictions(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["predictions"])


def probabilities(answer: httpx2.Response) -> list[list[float]]:
    return [list(prediction["probabilities"].values()) for prediction in predictions(answer)]


def send(api: TestClient, content: bytes) -> list[httpx2.Response]:
    """Send an image in a form, and as the body."""
    as_file = api.post("/predict", files={"file": ("x.png", content, "image/png")})
    return [as_file, api.post("/predict", content=content, headers={"Content-Type": "image/jpeg"})]


@pytest.mark.parametrize("light", [prediction.LIGHT, 0])
def test_one_example_and_several(api: TestClient, monkeypatch: pytest.MonkeyPatch, light: int) -> None:
    monkeypatch.setattr(prediction, "LIGHT", light)
    expected = small_network().predict_proba(DIGITS)
    (one,) = predictions(api.post("/predict", json={"pixels": DIGITS[0].tolist()}))
    assert one["class"] == str(expected[0].argmax())
    assert one["probability"] == max(one["probabilities"].values())
    assert list(one["probabilities"]) == list("0123456789")
    several = api.post("/predict", json={"pixels": DIGITS.tolist()})
    np.testing.assert_allclose(probabilities(several), expected, rtol=1e-5)


def test_image_as_file_and_as_body(api: TestClient) -> None:
    digit = read_example(SEVEN, (1, 28, 28), "digit")[np.newaxis]
    for answer in send(api, SEVEN.read_bytes()):
        np.testing.assert_allclose(probabilities(answer), small_network().predict_proba(digit), rtol=1e-5)
    photo = saved(Image.open(SEVEN).convert("L").resize((4000, 3000)), "JPEG")  # reduced while it is decoded
    assert all(predictions(answer) for answer in send(api, photo))


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
    refused(
        api.post("/predict", content=body.encode("latin-1"), headers={"Content-Type": "application/json"}),
        422,
    )


def test_more_than_a_thousand_examples_are_refused(tmp_path: Path) -> None:
    with client(tmp_path, Network([Dense(2)], (3,), 0, classes=("no", "yes"))) as api:
        assert len(predictions(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1000}))) == 1000
        refused(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1001}), 422)
        assert all("model takes" in refused(answer, 422) for answer in send(api, BLANK))


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
    "nothing": (b"", "cannot be read"),
    "text": (b"<html>", "cannot be read"),
    "blank": (BLANK, "blank"),
    "truncated": (SEVEN.read_bytes()[:200], "cannot be read"),
    "bomb": (png(60_000, 60_000, zlib.compress(bytes(10_000_000))), "too many pixels"),
    "25 million pixels": (png(6_000, 6_000, zlib.compress(bytes(36_006_000))), "too many pixels"),
    "wrong data": (png(20, 20, b"no zlib"), "cannot be read"),
    "zero width": (png(0, 20, zlib.compress(b"")), ""),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot be read"),
}


@pytest.mark.parametrize("case", IMAGES)
def test_invalid_images_are_refused_in_one_line(api: TestClient, case: str) -> None:
    content, word = IMAGES[case]
    for answer in send(api, content):
        assert word in refused(answer, 422)


def test_forms_without_an_image_are_refused_in_one_line(api: TestClient) -> None:
    for answer in (
        api.post("/predict", files={"other": ("x.png", BLANK, "image/png")}),
        api.post("/predict", data={"file": "text"}, files={"more": b"x"}),
        api.post("/predict", content=b"--x", headers={"Content-Type": "multipart/form-data"}),
        api.post("/predict", content=b"no", headers={"Content-Type": "multipart/form-data; boundary=x"}),
        api.post("/predict", files=[("file", BLANK), ("file", BLANK)]),
    ):
        refused(answer, 400, 422)


def test_model_that_has_diverged_is_reported(tmp_path: Path) -> None:
    network = small_network()
    network.flat_parameters[:] = 1e38
    with client(tmp_path, network, raising=False) as api:
        refused(api.post("/predict", json={"pixels": DIGITS[0].tolist()}), 422)
        assert all("diverged" in refused(answer, 422) for answer in send(api, SEVEN.read_bytes()))


def test_each_concurrent_request_gets_its_answer(api: TestClient) -> None:
    expected = small_network().predict(DIGITS)

    def ask(number: int) -> bool:
        if number % 3 == 0:
            return api.post("/predict", json={"pixels": [1]}).status_code == 422
        index = number % len(DIGITS)
        (found,) = predictions(api.post("/predict", json={"pixels": DIGITS[index].tolist()}))
        return bool(found["class"] == str(expected[index]))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(100)))
