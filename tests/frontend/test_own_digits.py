"""Digits of one's own: drawn, named, kept through a reload, saved, removed, trained on, compared."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

import handgrad as hg
from drawing_board import Board, strokes_of
from handgrad.data.collection import read_collection
from page_checks import DANGLING, NAMELESS, WATCH_SHIFTS
from page_server_process import OpenWindow, Window, model_of, windows
from served import Process, serving

pytestmark = pytest.mark.slow

DATA = "strokes:2000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps runs and digits."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def server(folder: Path, reader: bytes) -> Iterator[Process]:
    (folder / "pen.safetensors").write_bytes(reader)
    with serving(folder, "pen.safetensors") as server:
        yield server


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    with windows(browser, server.address) as open_window:
        yield lambda **settings: open_window("digits", **settings)


def collect(window: Window, *labels: str) -> None:
    """Draw digits, and say by key what they are."""
    board = Board(window.page)
    for label in labels:
        board.draw(strokes_of(label, "thin", 4))
        expect(window.page.locator(".collect-reading")).to_contain_text("The network reads")
        board.pad.press(label)
        expect(window.page.locator(".collect-reading")).to_be_empty()


def name_it(window: Window, name: str) -> None:
    """Give the collection a name."""
    window.page.get_by_label("Name", exact=True).fill(name)
    window.page.get_by_label("Name", exact=True).press("Enter")


def test_collected_kept_and_saved(open_window: OpenWindow, server: Process, folder: Path) -> None:
    window = open_window()
    page = window.page
    name_it(window, "hand")
    page.evaluate(WATCH_SHIFTS)
    collect(window, "3", "1")
    Board(page).draw(strokes_of("3", "slanted", 4))
    page.get_by_role("button", name="It was 3").click()
    told = page.locator(".shelf-told")
    expect(told).to_contain_text("3 digits; 3 not saved yet")
    assert [shift for shift in page.evaluate("window.shifts") if not shift[1]] == []
    expect(page.get_by_role("group", name="3: 2")).to_be_visible()
    window.reload()
    expect(told).to_contain_text("3 digits; 3 not saved yet")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(told).to_have_text("3 digits, all saved as digits/hand")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    given = folder / "given.npz"
    download.value.save_as(given)
    kept = hg.load_data(folder / "digits" / "hand.npz").train
    assert np.array_equal(hg.load_data(given).train.inputs, kept.inputs)
    strokes = read_collection(folder / "digits" / "hand.npz").strokes
    assert [drawing["label"] for drawing in strokes] == ["3", "1", "3"]
    assert read_collection(given).strokes == strokes  # so it can go on as a collection elsewhere
    with np.load(io.BytesIO(given.read_bytes())) as archive:
        assert archive["labels"].tolist() == ["3", "1", "3"]
        assert archive["classes"].tolist() == list("0123456789")
    collect(window, "7")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(given)  # what waits is in it, too
    assert [drawing["label"] for drawing in read_collection(given).strokes] == ["3", "1", "3", "7"]
    page.get_by_role("button", name="Digit 2, a 1").click()
    page.get_by_role("button", name="Remove").click()
    expect(told).to_contain_text("3 digits; 1 not saved yet")
    page.get_by_role("button", name="Digit 3, a 7, not saved yet").focus()
    page.keyboard.press("Delete")
    expect(told).to_have_text("2 digits, all saved as digits/hand")
    assert server.get("/digits") == [{"name": "hand", "examples": 2, "classes": list("0123456789")}]
    window.reload()
    expect(told).to_have_text("2 digits, all saved as digits/hand")
    page.get_by_role("button", name="Digit 1, a 3").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show in Draw").click()
    shown = page.evaluate(
        "window.handgrad.showExample && new Promise((done) => "
        "requestAnimationFrame(() => requestAnimationFrame(() => done(Array.from(window.handgrad.currentPixels())))))"
    )
    assert np.array_equal(shown, kept.inputs[0].ravel())


def test_two_tabs_collect_together(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    name_it(window, "both")
    collect(window, "4")
    other = window.page.context.new_page()
    other.goto(window.page.url)
    expect(other.locator(".shelf-told")).to_contain_text("1 digit; 1 not saved yet")
    collect(window, "9")
    expect(other.locator(".shelf-told")).to_contain_text("2 digits; 2 not saved yet")
    other.get_by_role("button", name="Save", exact=True).click()
    for page in (other, window.page):
        expect(page.locator(".shelf-told")).to_have_text("2 digits, all saved as digits/both")
    assert [found["examples"] for found in server.get("/digits") if found["name"] == "both"] == [2]
    other.close()


def test_a_name_that_no_file_may_have(open_window: OpenWindow) -> None:
    window = open_window()
    name_it(window, "../up")
    expect(window.page.locator(".shelf-line")).to_contain_text("A name has letters")
    expect(window.page.get_by_label("Name", exact=True)).to_have_value("mine")


def tune(window: Window, epochs: int, rate: str) -> Locator:
    """Press Fine-tune; give what tells of it."""
    tuning = window.page.get_by_role("form", name="Fine-tune")
    tuning.get_by_label("Epochs").fill(str(epochs))
    tuning.get_by_label("Learning rate").fill(rate)
    tuning.get_by_role("button", name="Fine-tune").click()
    return tuning


def test_a_tuning_that_fails_or_is_stopped_leaves_no_line_of_progress(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        before = str(server.post("/runs", recipe="mlp", data=DATA, epochs=1)["name"])
        assert server.await_state(before, "finished", "failed")["state"] == "finished"
        server.post("/model", run=before)
        window = open_window("digits")
        collect(window, "4", "7")
        told = window.page.locator(".comparison-told")
        tuning = tune(window, 1000, "1e6")
        expect(tuning.get_by_role("status")).to_contain_text("has failed: training diverged")
        expect(told).to_have_text("mlp-2 has failed: there is nothing to compare.")
        expect(tuning.get_by_role("progressbar")).to_have_js_property("value", 0)
        tune(window, 100_000, "0.0003")
        expect(told).to_contain_text("is being trained on your digits")
        watch = tuning.get_by_role("link", name="Watch it in Train")
        expect(watch).to_have_attribute("href", "#train/mlp-3")
        server.await_records("mlp-3", 1)
        server.post("/runs/mlp-3/pause")
        expect(told).to_contain_text("mlp-3 is paused")
        server.post("/runs/mlp-3/stop")
        expect(tuning.get_by_role("status")).to_have_text("mlp-3 is stopped")
        expect(window.page.locator(".comparison-sums tbody tr")).to_have_count(2)  # its model was kept
        expect(tuning.get_by_role("button", name="Use this model")).to_be_enabled()


def test_tuned_and_compared(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server, windows(browser, server.address) as open_window:
        before = str(server.post("/runs", recipe="mlp", data=DATA, epochs=4)["name"])
        assert server.await_state(before, "finished", "failed")["state"] == "finished"
        server.post("/model", run=before)
        tune_and_compare(open_window("digits"), server, tmp_path, before)


def tune_and_compare(window: Window, server: Process, folder: Path, before: str) -> None:
    page = window.page
    name_it(window, "tuned")
    collect(window, "4", "7", "9")
    tuning = page.get_by_role("form", name="Fine-tune")
    tuning.get_by_label("Epochs").fill("0")
    tuning.get_by_role("button", name="Fine-tune").click()
    expect(tuning.get_by_role("status")).to_contain_text("Epochs: a whole number")
    tuning.get_by_label("Epochs").fill("30")
    tuning.get_by_label("Learning rate").fill("0.01")
    tuning.get_by_role("button", name="Fine-tune").click()
    expect(tuning.get_by_role("status")).to_contain_text("is finished", timeout=60_000)
    table = page.locator(".comparison-sums tbody tr")
    expect(table).to_have_count(2)
    after = next(run["name"] for run in server.get("/runs"))
    test = hg.load_data(DATA).test
    assert test is not None
    own = hg.load_data(folder / "digits" / "tuned.npz").train
    answers = {
        (name, k): model_of(folder, name).predict_proba(examples.inputs).argmax(axis=1)
        for name in (before, after)
        for k, examples in enumerate((own, test))
    }
    for k, examples in enumerate((own, test)):
        for name, column in ((before, 0), (after, 1)):
            right = int(np.count_nonzero(answers[name, k] == examples.labels))
            cell = table.nth(k).locator("td").nth(column)
            expect(cell).to_have_text(f"{right} of {len(examples)} ({100 * right / len(examples):.2f} %)")
    changed = [int(np.count_nonzero(answers[before, k] != answers[after, k])) for k in range(2)]
    assert changed[1] > 0
    listed = page.locator(".comparison-changes tbody tr")
    expect(listed).to_have_count(min(24, changed[0]) + min(24, changed[1]))
    assert window.page.evaluate(NAMELESS) == []
    assert window.page.evaluate(DANGLING) == []
    window.reload()  # the same comparison is made again
    expect(table).to_have_count(2)
    tuning.get_by_role("button", name="Use this model").click()
    expect(page.locator("#facts b")).to_have_text(after)
    assert server.get("/model")["name"] == after
    tuning.get_by_role("link", name="Watch it in Train").click()
    expect(window.view.get_by_role("heading", name=after)).to_be_visible()


def test_the_sheet_by_keyboard(open_window: OpenWindow) -> None:
    window = open_window()
    pad = Board(window.page).pad
    pad.focus()
    for key in ("Shift+ArrowUp", " ", *["ArrowDown"] * 12, " "):
        window.page.keyboard.press(key)
    expect(window.page.locator(".collect-reading")).to_contain_text("The network reads")
    window.page.keyboard.press("1")
    expect(window.page.get_by_role("group", name="1: 1")).to_be_visible()
    expect(pad).to_be_focused()
    window.page.keyboard.press("5")
    expect(window.page.locator("#status")).to_have_text("draw something first")
