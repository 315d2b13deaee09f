"""The strokes behind digits of one's own are given back as they came; what are none is told in a line."""

from pathlib import Path

import numpy as np

from served import client, small_network

DRAWING = {"label": "3", "width": 0.07, "strokes": [[[0.25, 0.5], [0.75, 0.5]]]}


def test_strokes_are_given_back_as_they_came(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as asking:
        digits = {"name": "mine", "inputs": [[9] * 784] * 2, "labels": ["3", "1"], "strokes": [DRAWING, None]}
        assert asking.post("/digits", json=digits).status_code == 200
        assert asking.get("/digits/mine/strokes").json() == [DRAWING, None]
        assert asking.get("/digits/other/strokes").status_code == 404
        assert asking.get("/digits/..%2Fmine/strokes").status_code in (404, 422)


def test_strokes_that_are_no_drawings(tmp_path: Path) -> None:
    with client(tmp_path, small_network()) as asking:
        (tmp_path / "digits").mkdir()
        strokes = np.frombuffer(b'[{"strokes": "none"}]', np.uint8)
        images, classes = np.zeros((1, 28, 28), np.uint8), np.array([*"0123456789"])
        np.savez(
            tmp_path / "digits" / "odd.npz",
            images=images,
            labels=np.array(["3"]),
            classes=classes,
            strokes=strokes,
        )
        answer = asking.get("/digits/odd/strokes")
        assert answer.status_code == 422
        assert answer.json() == {"detail": "odd holds strokes that are no drawings; move its file away"}
