"""Pieces of the Train section by themselves: curves of long runs, and whose test images the wall shows."""

from typing import Any

import pytest

from page_models import Models

CURVE = """
const { Curve } = await import("handgrad/train/curve.js");
const { Records } = await import("handgrad/train/records.js");
const records = new Records();
for (let step = 0; step < 500_000; step++)
  records.push({ step, epoch: 1, loss: step === 123_456 ? 99 : Math.sin(step), validation_loss: null });
const curve = records.curve("loss");
const few = new Curve();
[3, 1, 2].forEach((value, step) => few.add(step, value));
const steps = curve.points.map(([step]) => step);
return {
  drawn: steps.length,
  grows: steps.every((step, k) => k === 0 || step > steps[k - 1]),
  peak: curve.points.some(([step, value]) => step === 123_456 && value === 99),
  ends: [steps[0], steps.at(-1)],
  range: [curve.low, curve.high],
  none: records.curve("validation_loss").points.length,
  nearest: [-5, 123_456.4, 10 ** 7].map((step) => records.nearest(step)),
  short: few.points,
};
"""


def test_a_long_run_is_drawn_by_few_points_and_no_peak_is_lost(models: Models) -> None:
    found = models.run(CURVE)
    assert found["drawn"] <= 4001
    assert found["grows"]
    assert found["peak"]
    assert found["ends"] == [0, 499_999]
    assert found["range"][1] == 99
    assert found["range"][0] == pytest.approx(-1, abs=1e-6)
    assert found["none"] == 0
    assert found["nearest"] == [0, 123_456, 499_999]
    assert found["short"] == [[0, 3], [1, 1], [2, 2]]


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
        ("testDataFor", "/far/away.csv", HERE, "the data of this run, away.csv, are not here"),
        ("digitsFor", "/far/away.csv", HERE, {"name": "mnist", "instead": "/far/away.csv"}),
    ],
)
def test_test_images_are_the_runs_own_or_go_by_their_own_name(
    models: Models, how: str, source: str, listed: list[str], expected: Any
) -> None:
    given = f"const how = {how!r}, source = {source!r}, listed = {listed!r};"
    assert models.run(given + IMAGES) == expected
