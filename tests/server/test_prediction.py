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
    several = api.post("/predict", json={"pixels": DIGITS.tolist()})
    np.testing.assert_allclose(probabilities(several), expected, rtol=1e-5)


def test_image(api: TestClient) -> None:
    expected = small_network().predict_proba(read_example(SEVEN, (1, 28, 28), "digit")[np.newaxis])
    np.testing.assert_allclose(probabilities(send(api, SEVEN.read_bytes())), expected, rtol=1e-5)
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
        answer = api.post("/predict", content=body.encode("latin-1"), headers={"Content-Type": kind})
        refused(answer, 422)


def test_a_model_of_a_table(tmp_path: Path) -> None:
    with client(tmp_path, Network([Dense(2)], (3,), 0, classes=("no", "yes"))) as api:
        assert len(predictions(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1000}))) == 1000
        refused(api.post("/predict", json={"pixels": [[0.5, -2e3, 7]] * 1001}), 422)
        assert "model takes" in refused(send(api, BLANK), 422)


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


BLANK = saved(Image.new("L", (50, 50), 255), "PNG")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "cannot be read"),
        (b"<html>", "cannot be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot be read"),
        (BLANK, "blank"),
        (SEVEN.read_bytes()[:200], "cannot be read"),
        (png(60_000, 60_000, zlib.compress(bytes(10_000_000))), "too many pixels"),
        (png(6_000, 6_000, zlib.compress(bytes(36_006_000))), "too many pixels"),
        (png(20, 20, b"no zlib"), "cannot be read"),
        (png(0, 20, zlib.compress(b"")), ""),
    ],
    ids=["nothing", "text", "PostScript", "blank", "truncated", "bomb", "36 million", "not zlib", "no width"],
)
def test_invalid_images_are_refused_in_one_line(api: TestClient, content: bytes, word: str) -> None:
    assert word in refused(send(api, content), 422)


def test_model_that_has_diverged_is_reported(tmp_path: Path) -> None:
    network = small_network()
    network.flat_parameters[:] = 1e38
    with client(tmp_path, network, raising=False) as api:
        refused(api.post("/predict", json={"pixels": DIGITS[0].tolist()}), 422)
        assert "diverged" in refused(send(api, SEVEN.read_bytes()), 422)


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
