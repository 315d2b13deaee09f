"""Networks of tables on the real server: their runs in Train, and the form in place of the drawing area."""

import re
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from handgrad.cli.main import main
from handgrad.model.files import model_bytes
from page_checks import BEYOND, CONTRASTS, FOCUSED, LISTEN, PROBLEMS
from page_window import OpenWindow, Window
from served import Process


@pytest.fixture(scope="module")
def flats(server: Process, folder: Path) -> str:
    """A finished run of a regression."""
    rng = np.random.default_rng(0)
    lines = [
        f"{size},{'north' if k % 3 else 'south'},{size * 4100 + k}.5"
        for k, size in enumerate(rng.integers(20, 150, 90))
    ]
    (folder / "flats.csv").write_text("\n".join(["size,district,price", *lines]))
    out = str(folder / "runs" / "flats")
    options = ["--target", "price", "--epochs", "2", "--hidden", "16", "--quiet", "--no-test", "--out", out]
    assert main(["train", "mlp", "--data", str(folder / "flats.csv"), *options]) == 0
    return "flats"


def test_a_regression_is_shown_and_used(
    open_window: OpenWindow, server: Process, flats: str, folder: Path
) -> None:
    window = open_window()
    window.select(flats)
    window.is_("finished")
    last = server.get(f"/runs/{flats}")["last"]
    assert last["validation_accuracy"] is None
    expect(window.losses).to_have_attribute(
        "aria-valuetext", re.compile(f"valid.* {last['validation_loss']:.3g}")
    )
    expect(window.view.get_by_role("heading", name="Loss")).to_be_visible()
    expect(window.view.get_by_role("heading", name="Accuracy")).to_be_hidden()
    window.act("Use this model")
    expect(window.page.locator("#facts")).to_contain_text(f"validation loss {last['validation_loss']:.3g}")
    window.tab("Predict")
    window.page.get_by_label("size", exact=True).fill("77")
    window.page.get_by_label("district", exact=True).select_option("south")
    (value,) = hg.load_model(folder / "runs" / flats).predict([[77, 0, 1]])[0]
    expect(window.page.locator(".table-form .answer-large")).to_have_text(f"{value:,.0f}")
    expect(window.pad).to_be_hidden()
    assert server.client.post("/runs", json={"data": "strokes:300", "from": "model"}).status_code == 422
    window = open_window("draw")  # with this model from the start
    expect(window.page.locator(".table-form")).to_be_visible()
    server.post("/model", run=flats)


def form_of(open_window: OpenWindow, server: Process, flats: str, width: int, theme: str) -> Window:
    server.post("/model", run=flats)
    return open_window("draw", color_scheme=theme, viewport={"width": width, "height": 740})


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
def test_the_form_is_accessible(
    open_window: OpenWindow, server: Process, flats: str, width: int, theme: str
) -> None:
    window = form_of(open_window, server, flats, width, theme)
    page = window.page
    assert page.evaluate(PROBLEMS) == []
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 10
    assert [text for text in contrasts if text[0] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(BEYOND, width) == []
    window.sections.last.focus()
    names = []
    for _ in range(3):  # Reset and the fields; the only target needs no button
        window.press("Tab")
        found = page.evaluate(FOCUSED)
        assert found["visible"]
        names.append(found["name"].split()[0])
    assert names == ["<button", "<input", "<select"]
    page.evaluate(LISTEN)
    size = page.get_by_label("size", exact=True)
    size.press_sequentially("5")
    window.settle()
    assert page.evaluate("window.spoken") == []  # while typing
    size.press("Tab")
    window.settle()
    assert page.evaluate("window.spoken") == [page.locator(".table-form .answer-words").inner_text()]


def test_too_many_columns(board: Window, server: Process, reader: bytes) -> None:
    """A form has at most 200; and the drawing area is back with a network that takes drawings."""
    program = """async (encoded) => {
        const { fromBase64 } = await import("handgrad/elements.js");
        const { readModel } = await import("handgrad/model/network.js");
        window.handgrad.set({ network: readModel(fromBase64(encoded).buffer), modelName: "another" });
    }"""
    for columns, visible in ((200, True), (201, False)):
        board.page.evaluate(program, b64encode(model_bytes(hg.Network([hg.Dense(2)], columns, 0))).decode())
        expect(board.page.locator(".fields")).to_be_visible(visible=visible)
    expect(board.page.locator(".table-form .answer-message")).to_contain_text("201 columns")
    board.page.evaluate(program, b64encode(reader).decode())
    expect(board.pad).to_be_visible()
    expect(board.page.locator(".table-form")).to_have_count(0)
