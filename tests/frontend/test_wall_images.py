"""Whose test images the wall shows."""

from typing import Any

import pytest

from page_models import Models

IMAGES = """
const { testDataFor, digitsFor } = await import("handgrad/train/test_images.js");
const sets = listed.map((name) => ({ name }));
const app = { api: async (path) => { if (path !== "/data") throw new Error(path); return sets; } };
const asked = { testDataFor, digitsFor }[how];
return asked(app, source).catch((error) => error.message);
"""
HERE = ["mnist", "strokes:5000", "strokes", "digits/mine"]


@pytest.mark.parametrize(
    ("how", "source", "listed", "expected"),
    [
        ("testDataFor", "mnist", HERE, {"name": "mnist", "instead": None}),
        ("testDataFor", "strokes:300:7", [], {"name": "strokes:300:7", "instead": None}),
        ("testDataFor", "digits/mine", HERE, {"name": "mnist", "instead": "digits/mine"}),
        ("testDataFor", "digits/mine", ["strokes:5000"], {"name": "strokes:5000", "instead": "digits/mine"}),
        ("testDataFor", "digits/mine", [], "the server has no digits at hand"),
        ("testDataFor", "/far/away.csv", HERE, "the data of this run, far/away.csv, are not here"),
        ("digitsFor", "/far/away.csv", HERE, {"name": "mnist", "instead": "/far/away.csv"}),
    ],
)
def test_test_images_are_the_runs_own_or_go_by_their_own_name(
    models: Models, how: str, source: str, listed: list[str], expected: Any
) -> None:
    given = f"const how = {how!r}, source = {source!r}, listed = {listed!r};"
    assert models.run(given + IMAGES) == expected
