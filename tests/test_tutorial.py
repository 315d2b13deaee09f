"""Every step of docs/guide/tutorial.md and docs/guide/regression.md, with the same predictions everywhere."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from documents import blocks
from outputs import difference, numbers_of
from page_fixtures import browser
from page_window import SETTLED, windows
from walk import Walk

__all__ = ["browser"]


@pytest.mark.slow
def test_every_step_of_the_tutorial(tmp_path: Path) -> None:
    walk = Walk("docs/guide/tutorial.md", tmp_path)
    folder, after = walk.folder, walk.after
    assert (
        (folder / "plants" / "train.csv")
        .read_text("utf-8")
        .startswith(blocks("docs/guide/tutorial.md", "text")[0])
    )
    assert folder.joinpath("runs/plants/plots/confusion.svg").exists()
    assert folder.joinpath("runs/shapes/plots/mistakes.svg").exists()
    assert "soil=sand" in after("uv run handgrad explain runs/plants")
    shapes = after("uv run handgrad predict runs/shapes").splitlines()[1:]
    assert [line.split()[1] for line in shapes] == ["circle", "square"]
    for kind, files in (("plants", "plants/new.csv"), ("shapes", "shapes/test/circle/0.png")):
        tuned = after(f"uv run python tune_{kind}.py")
        evaluated = after(f"uv run handgrad evaluate {kind}.safe")
        same = after(f"uv run python same_{kind}.py")
        score = tuned.splitlines()[-1]
        assert float(score.rstrip("%")) > 85
        assert f" {score} of " in evaluated  # scikit-learn and handgrad
        assert f"{score}" in same  # and onnxruntime
        assert "True" in same.splitlines()
        predicted = after(f"uv run handgrad predict {kind}.safetensors {files}")
        assert predicted
        assert after(f"uv run handgrad predict {kind}.onnx {files}") == predicted
    first = after("uv run handgrad predict plants.safetensors").splitlines()[1].split()
    assert set(after("./plant").split()) < set(first)
    same = after("uv run python same_shapes.py")
    in_c, in_onnx = (float(re.findall(rf"(\S+)% in {name}", same)[0]) for name in ("C", "onnx"))
    assert abs(in_c - in_onnx) < 0.7  # one image of 150


@pytest.mark.slow
def test_every_step_with_a_numeric_target(tmp_path: Path, browser: Browser) -> None:
    walk = Walk("docs/guide/regression.md", tmp_path)
    folder, after = walk.folder, walk.after
    begins, *texts = blocks("docs/guide/regression.md", "text")
    assert (folder / "flats" / "train.csv").read_text("utf-8").startswith(begins)
    assert len(texts) == 3
    assert [text for text in texts if difference(f"…\n{text}…", walk.printed, 0.1)] == []
    for name in ("loss", "predictions", "residuals"):
        assert folder.joinpath(f"runs/flats/plots/{name}.svg").exists()
    predicted = after("uv run handgrad predict runs/flats")
    np.testing.assert_allclose(
        numbers_of(after("uv run handgrad predict flats.onnx")), numbers_of(predicted), rtol=1e-5
    )
    prices = [float(line.split()[-1].replace(",", "")) for line in predicted.splitlines()[1:]]
    assert float(after("./flat")) == pytest.approx(prices[1], rel=1e-5)
    same, r2 = after("uv run python same_flats.py").split()
    assert same == "True"
    assert f"R² {r2}," in after("uv run handgrad evaluate")
    with windows(browser, (folder / "flats.html").as_uri()) as open_window:
        page = open_window("draw", offline=True).page
        assert "loss" in page.locator("#facts").inner_text()
        rows = (folder / "new.csv").read_text().splitlines()[1:]
        for row, price in zip(rows, prices, strict=True):
            size, floor, built, district = row.split(",")
            for name, value in (("size", size), ("floor", floor), ("built", built)):
                page.get_by_label(name).fill(value)
            page.get_by_label("district").select_option(district)
            page.evaluate(SETTLED)
            shown = numbers_of(page.locator(".table-form .answer-large").inner_text())
            assert shown == pytest.approx([price], rel=1e-5)
