"""The Digits section: digits are drawn, labelled, removed, trained on, and the networks are compared."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from page_window import DATA, OpenWindow, Window, strokes_of
from served import Process

pytestmark = pytest.mark.slow


@pytest.fixture
def window(open_window: OpenWindow, trained: str) -> Window:
    return open_window("digits")


def collect(window: Window, *labels: str) -> None:
    """Draw digits, and label them by key."""
    for label in labels:
        window.draw(strokes_of(label, "thin", 4))
        expect(window.page.locator(".collect-prediction")).to_contain_text("Prediction:")
        window.pad.press(label)
        expect(window.page.locator(".collect-prediction")).to_be_empty()
        expect(window.page.locator("#status")).to_contain_text(f"added as {label}")


def newest(server: Process) -> str:
    """Return the name of the run that was started last."""
    return str(server.get("/runs")[0]["name"])


def name_it(window: Window, name: str) -> None:
    """Set the name of the collection."""
    window.page.get_by_label("Name", exact=True).fill(name)
    window.page.get_by_label("Name", exact=True).press("Enter")


def test_collect_download_and_remove(window: Window, server: Process, folder: Path) -> None:
    page = window.page
    status = page.locator(".thumbnail-status")
    name_it(window, "hand")
    expect(page.get_by_role("button", name="Download")).to_be_disabled()
    collect(window, "3", "1")
    window.draw(strokes_of("3", "slanted", 4))
    page.get_by_role("button", name="Label as 3").click()
    expect(status).to_have_text("3 digits in digits/hand")
    images = page.get_by_role("group", name="Your digits, by class").get_by_role("button")
    expect(images).to_have_text(["1", "3", "3"])
    saved = hg.load_data(folder / "digits" / "hand.csv").train
    assert (saved.labels.tolist(), saved.classes) == ([3, 1, 3], tuple("0123456789"))
    with page.expect_download() as found:
        page.get_by_role("button", name="Download").click()
    found.value.save_as(folder / found.value.suggested_filename)
    copy = hg.load_data(folder / "hand.npz").train
    assert (copy.labels.tolist(), copy.classes) == (saved.labels.tolist(), saved.classes)
    assert np.array_equal(copy.inputs, saved.inputs)
    page.get_by_role("button", name="Digit 2, a 1").click()
    page.get_by_role("button", name="Remove").click()
    expect(status).to_have_text("2 digits in digits/hand")
    page.get_by_role("button", name="Digit 2, a 3").focus()
    page.keyboard.press("Delete")
    expect(status).to_have_text("1 digit in digits/hand")
    assert [data["examples"] for data in server.get("/data") if data["name"] == "digits/hand"] == [1]
    name_it(window, "../up")
    expect(page.get_by_label("Name", exact=True)).to_have_value("hand")
    window.go()
    page.get_by_role("button", name="Digit 1, a 3").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open in Draw").click()
    window.settle()
    shown = page.evaluate("Array.from(window.handgrad.state.pixels)")
    assert np.array_equal(shown, saved.inputs[0].ravel())


def test_two_windows_share_a_collection(window: Window, open_window: OpenWindow) -> None:
    name_it(window, "both")
    window.pad.press("4")
    expect(window.page.locator("#status")).to_have_text("draw something first")
    collect(window, "4")
    expect(window.pad).to_be_focused()
    other = open_window("digits", beside=window)
    expect(other.page.locator(".thumbnail-status")).to_have_text("1 digit in digits/both")
    collect(other, "9")
    window.page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(window.page.locator(".thumbnail-status")).to_have_text("2 digits in digits/both")


def test_fine_tuning_that_fails_or_is_paused(window: Window, server: Process) -> None:
    collect(window, "4", "7")
    comparison = window.page.locator(".comparison-status")
    expect(window.tune(1000, "1e6")).to_contain_text("has failed: training diverged")
    failed = newest(server)
    expect(comparison).to_have_text(f"{failed} has failed: there is nothing to compare.")
    expect(window.tuning.get_by_role("progressbar")).to_have_js_property("value", 0)
    line = window.tune(100_000, "0.0003")
    expect(comparison).to_contain_text("is training on your digits")
    name = newest(server)
    link = window.tuning.get_by_role("link", name="Open in Train")
    expect(link).to_have_attribute("href", f"#train/{name}")
    server.await_records(name, 1)
    server.post(f"/runs/{name}/pause")
    expect(comparison).to_contain_text(f"{name} is paused")
    expect(line).to_have_text(f"{name} is paused")


def test_fine_tuning_and_comparison(window: Window, server: Process, trained: str, folder: Path) -> None:
    page = window.page
    name_it(window, "tuned")
    collect(window, "4", "7", "9")
    expect(window.tune(30, "0.01")).to_contain_text("is finished")
    table = page.locator(".comparison tbody tr")
    expect(table).to_have_count(2)
    after = newest(server)
    changes = []
    digits = hg.load_data(folder / "digits" / "tuned.csv").train
    for row, examples in enumerate((digits, hg.load_data(DATA).split("test"))):
        predictions = []
        for column, name in enumerate((trained, after)):
            found = hg.load_model(folder / "runs" / name).predict_proba(examples.inputs).argmax(axis=1)
            correct = int(np.count_nonzero(found == examples.labels))
            share = f"{correct} of {len(examples)} ({100 * correct / len(examples):.2f} %)"
            expect(table.nth(row).locator("td").nth(column)).to_have_text(share)
            predictions.append(found)
        changes.append(int(np.count_nonzero(predictions[0] != predictions[1])))
    assert changes[1] > 0
    changed = page.locator(".comparison .image")
    expect(changed).to_have_count(sum(min(40, count) for count in changes))
    window.tuning.get_by_role("button", name="Use this model").click()
    expect(page.locator("#facts b")).to_have_text(after)
    assert server.get("/model")["name"] == after
    window.tuning.get_by_role("link", name="Open in Train").click()
    expect(window.view.get_by_role("heading", name=after)).to_be_visible()
