"""The Train section against the real server: started, watched, paused, reloaded, stopped, failed, lost and found."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import handgrad as hg
from page_checks import BEYOND, CONTRASTS, DANGLING, NAMELESS, SMALL, TWICE, WATCH_SHIFTS
from page_server_process import OpenWindow, model_of, windows
from served import Process, serving
from training_fixtures import DATA, LONG


def test_a_training_is_watched_until_it_is_finished(
    open_window: OpenWindow, server: Process, runs_folder: Path
) -> None:
    window = open_window()
    window.page.evaluate(WATCH_SHIFTS)
    name = window.start("mlp", DATA, epochs=3)
    window.is_("finished")
    last = server.get(f"/runs/{name}")["last"]
    assert last["epoch"] == 3
    expect(window.readout).to_contain_text(f"training loss {last['loss']:.3g}")
    for value in (
        f"valid. {100 * last['validation_accuracy']:.2f}%",
        f"train {100 * last['train_accuracy']:.2f}%",
    ):
        expect(window.view.locator(".chart-end", has_text=value)).to_have_count(1)
    expect(window.page.get_by_role("img", name="The weights of 128 units")).to_be_visible()
    test = hg.load_data(DATA).test
    assert test is not None
    read = model_of(runs_folder, name).predict_proba(test.inputs).argmax(axis=1)
    wrong = int(np.count_nonzero(read != test.labels))
    told = re.compile(rf"^{wrong:,} of .* read wrongly")  # in the end, by the last network
    expect(window.wall.locator(".wall-told")).to_have_text(told, timeout=60_000)
    window.wall.get_by_role("button", name="Mistakes").click()
    expect(window.wall.locator(".wall-places")).to_contain_text(f"of {wrong}")
    expect(window.wall.locator(".wall-image.mistake:visible")).to_have_count(min(120, wrong))
    assert [shift for shift in window.page.evaluate("window.shifts") if not shift[1]] == []
    window.press("Use this model")
    expect(window.page.locator("#facts b")).to_have_text(name)
    assert server.get("/model")["name"] == name


@pytest.mark.slow
def test_paused_reloaded_resumed_and_stopped_in_two_tabs(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    name = window.start("classic", DATA, **LONG)
    window.is_("running")
    expect(window.readout).to_contain_text("Newest: Step")
    other = open_window(beside=window)
    expect(other.view.get_by_role("heading", name=name)).to_be_visible()
    window.press("Pause")
    window.is_("paused")
    other.is_("paused")
    steps = server.get(f"/runs/{name}")["last"]["step"]
    window.reload()
    window.is_("paused")
    expect(window.readout).to_contain_text(f"Step {steps:,}")
    other.press("Resume")
    window.is_("running")
    server.await_records(name, server.get(f"/runs/{name}")["records"] + 1)
    expect(window.readout).not_to_contain_text(f"Step {steps:,}")
    window.press("Stop")
    for each in (window, other):
        each.is_("stopped")
        expect(each.view.get_by_role("button", name="Pause")).to_have_attribute("aria-disabled", "true")
    expect(window.runs.get_by_role("button", name=name)).to_contain_text("stopped")


@pytest.mark.slow
def test_a_failing_training_tells_its_line(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    name = window.start("mlp", DATA, epochs=2, learning_rate="1e6")
    window.is_("failed")
    error = server.get(f"/runs/{name}")["error"]
    expect(window.view.locator(".view-line")).to_have_text(error)
    expect(window.runs.get_by_role("button", name=name)).to_contain_text("failed")


def test_what_is_typed_is_checked(open_window: OpenWindow, server: Process) -> None:
    window = open_window(expected="4")
    form = window.form
    expect(form.get_by_label("Epochs")).to_have_value("10")
    before = len(server.get("/runs"))
    for label, text in (
        ("Epochs", "0"),
        ("Epochs", "2.5"),
        ("Batch size", "-1"),
        ("Learning rate", "much"),
        ("Hidden units", "10, x"),
        ("Seed", "-3"),
    ):
        kept = form.get_by_label(label).input_value()
        form.get_by_label(label).fill(text)
        form.get_by_role("button", name="Start").click()
        expect(form.get_by_role("status")).to_contain_text(f"{label}: a ")
        expect(form.get_by_label(label)).to_be_focused()
        expect(form.get_by_label(label)).to_have_attribute("aria-invalid", "true")
        form.get_by_label(label).fill(kept)
    assert len(server.get("/runs")) == before
    form.get_by_label("Recipe").select_option("convnet")
    expect(form.get_by_label("Hidden units")).to_be_disabled()
    form.get_by_label("Recipe").select_option("classic")
    expect(form.get_by_label("Steps")).to_have_value("501")
    expect(form.get_by_label("Batch size")).to_have_value("all")
    form.get_by_label("Seed").fill("9007199254740991")
    form.get_by_label("Learning rate").fill("1e300")  # the server has the last word
    form.get_by_role("button", name="Start").click()
    expect(form.get_by_role("status")).to_contain_text("learning_rate")


@pytest.mark.slow
def test_only_the_keyboard(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    keyboard = window.page.keyboard
    window.form.get_by_label("Recipe").focus()
    expect(window.form.get_by_label("Epochs")).to_have_value("10")
    keyboard.press("Tab")
    keyboard.type("strokes:2")
    expect(window.form.get_by_label("Data")).to_have_value(DATA)
    keyboard.press("Tab")
    keyboard.type("2")  # all that was there is selected
    keyboard.press("Enter")
    expect(window.view.get_by_role("heading", name="mlp-")).to_be_visible()
    window.is_("finished")
    expect(window.readout).to_contain_text("epoch 2 of 2")
    charts = window.page.get_by_role("slider", name="pick a record")
    expect(charts).to_have_count(2)
    charts.first.focus()
    keyboard.press("Home")
    expect(window.readout).to_contain_text("epoch 1 of 2")
    assert "epoch 1 of 2" in (charts.first.get_attribute("aria-valuetext") or "")
    keyboard.press("ArrowRight")
    expect(window.readout).to_contain_text("epoch 2 of 2")
    expect(window.page.locator("line.chart-cross")).to_have_count(2)  # in both charts
    keyboard.press("Escape")
    expect(window.readout).to_contain_text("Newest")


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 360, 834, 1280])
def test_nothing_of_it_is_wider_than_the_window(open_window: OpenWindow, trained: str, width: int) -> None:
    window = open_window(
        viewport={"width": width, "height": 740}, is_mobile=width < 840, has_touch=width < 840
    )
    window.mistakes()
    for section in ("Train", "Digits"):
        window.page.get_by_role("tab", name=section).click()
        window.settle()
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width
        assert window.page.evaluate(BEYOND, width) == []
        assert window.page.evaluate(SMALL) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_has_names(open_window: OpenWindow, trained: str, scheme: str) -> None:
    window = open_window(color_scheme=scheme)
    window.mistakes()
    for section in ("Train", "Digits"):
        window.page.get_by_role("tab", name=section).click()
        window.settle()
        found = window.page.evaluate(CONTRASTS)
        assert len(found) > 20
        assert [text for text in found if text[0] < 4.5] == []
        for check in (NAMELESS, TWICE, DANGLING):
            assert window.page.evaluate(check) == []


@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as first, windows(browser, first.address) as open_window:
        window = open_window(expected="Failed to load resource")
        name = window.start("classic", DATA, **LONG)
        window.is_("running")
        first.await_records(name, 2)
        first.kill()
        line = window.view.locator(".view-line")
        expect(line).to_contain_text("The connection is lost")
        port = first.address.rstrip("/").rpartition(":")[2]
        with serving(tmp_path, "--port", port) as second:
            window.is_("interrupted")
            expect(line).to_contain_text("Resume")
            window.press("Resume")
            window.is_("running")
            records = second.get(f"/runs/{name}")["records"]
            second.await_records(name, records + 1)
            window.press("Stop")
            window.is_("stopped")
