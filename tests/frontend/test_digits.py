"""The Digits section: digits are drawn, labelled, saved, removed, trained on, and the networks are compared."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import handgrad as hg
from drawing_board import Board, strokes_of
from handgrad.data.collection import read_collection
from page_checks import DANGLING, NAMELESS, WATCH_SHIFTS
from page_window import DATA, Window, finished_run, model_of, windows
from served import Process, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps runs and digits."""
    return tmp_path_factory.mktemp("digits")


@pytest.fixture(scope="module")
def server(folder: Path, reader: bytes) -> Iterator[Process]:
    (folder / "pen.safetensors").write_bytes(reader)
    with serving(folder, "pen.safetensors") as server:
        yield server


@pytest.fixture
def window(browser: Browser, server: Process) -> Iterator[Window]:
    with windows(browser, server.address) as open_window:
        yield open_window("digits")


def collect(window: Window, *labels: str) -> None:
    """Draw digits, and label them by key."""
    board = Board(window.page)
    for label in labels:
        board.draw(strokes_of(label, "thin", 4))
        expect(window.page.locator(".collect-prediction")).to_contain_text("Prediction:")
        board.pad.press(label)
        expect(window.page.locator(".collect-prediction")).to_be_empty()


def name_it(window: Window, name: str) -> None:
    """Set the name of the collection."""
    window.page.get_by_label("Name", exact=True).fill(name)
    window.page.get_by_label("Name", exact=True).press("Enter")


def download(window: Window, path: Path) -> Path:
    with window.page.expect_download() as found:
        window.page.get_by_role("button", name="Download").click()
    found.value.save_as(path)
    return path


def test_collect_save_download_and_remove(window: Window, server: Process, folder: Path) -> None:
    page = window.page
    status = page.locator(".thumbnail-status")
    name_it(window, "hand")
    page.evaluate(WATCH_SHIFTS)
    collect(window, "3", "1")
    Board(page).draw(strokes_of("3", "slanted", 4))
    page.get_by_role("button", name="Label as 3").click()
    expect(status).to_contain_text("3 digits; 3 not saved yet")
    assert [shift for shift in page.evaluate("window.shifts") if not shift[1]] == []
    expect(page.get_by_role("group", name="3: 2")).to_be_visible()
    window.reload()
    expect(status).to_contain_text("3 digits; 3 not saved yet")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(status).to_have_text("3 digits, all saved as digits/hand")
    file = download(window, folder / "download.npz")
    saved = hg.load_data(folder / "digits" / "hand.npz").train
    assert np.array_equal(hg.load_data(file).train.inputs, saved.inputs)
    strokes = read_collection(folder / "digits" / "hand.npz").strokes
    assert [drawing["label"] for drawing in strokes] == ["3", "1", "3"]
    assert read_collection(file).strokes == strokes
    with np.load(io.BytesIO(file.read_bytes())) as archive:
        assert archive["labels"].tolist() == ["3", "1", "3"]
        assert archive["classes"].tolist() == list("0123456789")
    collect(window, "7")
    download(window, file)  # includes unsaved digits
    assert [drawing["label"] for drawing in read_collection(file).strokes] == ["3", "1", "3", "7"]
    page.get_by_role("button", name="Digit 2, a 1").click()
    page.get_by_role("button", name="Remove").click()
    expect(status).to_contain_text("3 digits; 1 not saved yet")
    page.get_by_role("button", name="Digit 3, a 7, not saved yet").focus()
    page.keyboard.press("Delete")
    expect(status).to_have_text("2 digits, all saved as digits/hand")
    assert server.get("/digits") == [{"name": "hand", "examples": 2, "classes": list("0123456789")}]
    window.reload()
    expect(status).to_have_text("2 digits, all saved as digits/hand")
    page.get_by_role("button", name="Digit 1, a 3").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open in Draw").click()
    window.settle()
    shown = page.evaluate("Array.from(window.handgrad.currentPixels())")
    assert np.array_equal(shown, saved.inputs[0].ravel())


def test_two_tabs_share_a_collection(window: Window, server: Process) -> None:
    name_it(window, "both")
    collect(window, "4")
    other = window.page.context.new_page()
    other.goto(window.page.url)
    expect(other.locator(".thumbnail-status")).to_contain_text("1 digit; 1 not saved yet")
    collect(window, "9")
    expect(other.locator(".thumbnail-status")).to_contain_text("2 digits; 2 not saved yet")
    other.get_by_role("button", name="Save", exact=True).click()
    for page in (other, window.page):
        expect(page.locator(".thumbnail-status")).to_have_text("2 digits, all saved as digits/both")
    assert [found["examples"] for found in server.get("/digits") if found["name"] == "both"] == [2]
    other.close()


def test_invalid_names(window: Window) -> None:
    name_it(window, "../up")
    expect(window.page.locator(".collection-line")).to_contain_text("A name has letters")
    expect(window.page.get_by_label("Name", exact=True)).to_have_value("mine")


def test_keyboard_only(window: Window) -> None:
    pad = Board(window.page).pad
    pad.focus()
    for key in ("Shift+ArrowUp", " ", *["ArrowDown"] * 12, " "):
        window.page.keyboard.press(key)
    expect(window.page.locator(".collect-prediction")).to_contain_text("Prediction:")
    window.page.keyboard.press("1")
    expect(window.page.get_by_role("group", name="1: 1")).to_be_visible()
    expect(pad).to_be_focused()
    window.page.keyboard.press("5")
    expect(window.page.locator("#status")).to_have_text("draw something first")


@pytest.fixture
def tuning(browser: Browser, tmp_path: Path) -> Iterator[tuple[Window, Process, str]]:
    """The section with a trained model in use."""
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        before = finished_run(server, epochs=4)
        server.post("/model", run=before)
        yield open_window("digits"), server, before


def test_fine_tuning_that_fails_or_is_stopped(tuning: tuple[Window, Process, str]) -> None:
    window, server, _ = tuning
    collect(window, "4", "7")
    comparison = window.page.locator(".comparison-status")
    expect(window.tune(1000, "1e6")).to_contain_text("has failed: training diverged")
    expect(comparison).to_have_text("mlp-2 has failed: there is nothing to compare.")
    expect(window.tuning.get_by_role("progressbar")).to_have_js_property("value", 0)
    line = window.tune(100_000, "0.0003")
    expect(comparison).to_contain_text("is training on your digits")
    link = window.tuning.get_by_role("link", name="Open in Train")
    expect(link).to_have_attribute("href", "#train/mlp-3")
    server.await_records("mlp-3", 1)
    server.post("/runs/mlp-3/pause")
    expect(comparison).to_contain_text("mlp-3 is paused")
    server.post("/runs/mlp-3/stop")
    expect(line).to_have_text("mlp-3 is stopped")
    expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2)  # with the saved model
    expect(window.tuning.get_by_role("button", name="Use this model")).to_be_enabled()


def test_fine_tuning_and_comparison(tuning: tuple[Window, Process, str], tmp_path: Path) -> None:
    window, server, before = tuning
    page = window.page
    name_it(window, "tuned")
    collect(window, "4", "7", "9")
    expect(window.tune(0, "0.01")).to_contain_text("Epochs: an integer")
    expect(window.tune(30, "0.01")).to_contain_text("is finished", timeout=60_000)
    table = page.locator(".comparison-sums tbody tr")
    expect(table).to_have_count(2)
    after = next(run["name"] for run in server.get("/runs"))
    test = hg.load_data(DATA).test
    assert test is not None
    changes = []
    for row, examples in enumerate((hg.load_data(tmp_path / "digits" / "tuned.npz").train, test)):
        predictions = []
        for column, name in enumerate((before, after)):
            found = model_of(tmp_path, name).predict_proba(examples.inputs).argmax(axis=1)
            correct = int(np.count_nonzero(found == examples.labels))
            share = f"{correct} of {len(examples)} ({100 * correct / len(examples):.2f} %)"
            expect(table.nth(row).locator("td").nth(column)).to_have_text(share)
            predictions.append(found)
        changes.append(int(np.count_nonzero(predictions[0] != predictions[1])))
    assert changes[1] > 0
    rows = page.locator(".comparison-changes tbody tr")
    expect(rows).to_have_count(sum(min(24, count) for count in changes))
    assert window.page.evaluate(NAMELESS) == []
    assert window.page.evaluate(DANGLING) == []
    window.reload()  # the comparison is repeated
    expect(table).to_have_count(2)
    window.tuning.get_by_role("button", name="Use this model").click()
    expect(page.locator("#facts b")).to_have_text(after)
    assert server.get("/model")["name"] == after
    window.tuning.get_by_role("link", name="Open in Train").click()
    expect(window.view.get_by_role("heading", name=after)).to_be_visible()
