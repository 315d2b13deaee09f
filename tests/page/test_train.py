"""The Train section against the real server: started, watched, paused, reloaded, stopped, failed, lost and found."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import handgrad as hg
from page_checks import BEYOND, CONTRASTS, DANGLING, NAMELESS, SMALL, TWICE, WATCH_SHIFTS
from page_server_process import OpenWindow, Window, model_of, windows
from served import Process, serving

LONG = {"steps": 200_000, "batch_size": 50}
DATA = "strokes:2000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its runs."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Process]:
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Process) -> str:
    """A run that is finished."""
    name = str(server.post("/runs", recipe="mlp", data=DATA, epochs=3)["name"])
    assert server.await_state(name, "finished", "failed")["state"] == "finished"
    return name


@pytest.fixture
def open_window(browser: Browser, server: Process) -> Iterator[OpenWindow]:
    """Open windows; what a failed test left running is stopped."""
    with windows(browser, server.address) as open_window:
        # a fresh server has no model to give, which browsers note
        yield lambda **settings: open_window(**{"expected": "404 (Not Found)", **settings})
    for run in server.get("/runs"):
        if run["state"] == "running":
            server.post(f"/runs/{run['name']}/stop")


def counted(window: Window) -> int:
    """Wait until the wall has read all images; give how many mistakes it tells."""
    expect(window.wall.locator(".wall-told")).to_contain_text("read wrongly", timeout=60_000)
    found = re.match(r"([\d,]+) of", window.wall.locator(".wall-told").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def test_a_training_is_watched_until_it_is_finished(
    open_window: OpenWindow, server: Process, folder: Path
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
    test = hg.load(DATA).test
    assert test is not None
    read = model_of(folder, name).predict_proba(test.inputs).argmax(axis=1)
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


def test_the_wall_by_class_and_into_the_canvas(open_window: OpenWindow, trained: str, folder: Path) -> None:
    window = open_window()
    window.runs.get_by_role("button", name=trained).click()
    counted(window)
    test = hg.load(DATA).test
    assert test is not None
    window.wall.get_by_label("Class").select_option("7")
    first = window.wall.locator(".wall-image").first
    place = int(np.flatnonzero(test.labels == 7)[0])
    expect(first).to_have_attribute("aria-label", re.compile(f"^Image {place + 1}, labelled 7"))
    first.focus()
    window.page.keyboard.press("ArrowRight")
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("ArrowUp")
    place = int(np.flatnonzero(test.labels == 7)[1])
    expect(window.wall.locator(f'[aria-label^="Image {place + 1},"]')).to_be_focused()
    stop = window.wall.locator(".wall-image[tabindex='0']")
    window.page.keyboard.press("End")
    window.wall.get_by_role("button", name="Mistakes").click()
    expect(stop).to_be_enabled()  # though fewer images stand on the wall
    window.wall.get_by_role("button", name="All", exact=True).click()
    window.wall.locator(f'[aria-label^="Image {place + 1},"]').focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#draw")).to_be_visible()
    window.settle()
    shown = window.page.evaluate("Array.from(window.handgrad.currentPixels())")
    assert np.array_equal(shown, test.inputs[place].ravel())


def test_the_wall_shows_no_other_images_as_the_runs_own(
    open_window: OpenWindow, trained: str, server: Process, folder: Path
) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (40, 784), np.uint8), [str(k % 10) for k in range(40)]
    server.post("/digits", name="few", inputs=images.tolist(), labels=labels)
    own = str(server.post("/runs", data="digits/few", epochs=1, **{"from": {"run": trained}})["name"])
    assert server.await_state(own, "finished", "failed")["state"] == "finished"
    copy = folder / "runs" / "copied"  # of a run on data of another machine
    copy.mkdir()
    for path in (folder / "runs" / trained).glob("*.*"):
        (copy / path.name).write_bytes(path.read_bytes().replace(DATA.encode(), b"elsewher.npz"))
    told = "elsewher.npz"
    window = open_window()
    window.runs.get_by_role("button", name="copied").click()
    line = window.wall.locator(".wall-told")
    expect(line).to_have_text(f"No test images: the data of this run, {told}, are not here")
    expect(window.wall.locator(".wall-image:visible")).to_have_count(0)
    window.runs.get_by_role("button", name=own).click()
    expect(line).to_contain_text("of strokes:5000 read wrongly", timeout=60_000)
    expect(line).to_contain_text("digits/few has no test images of its own: these are of strokes:5000")


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


@pytest.mark.parametrize("width", [320, 360, 834, 1280])
def test_nothing_of_it_is_wider_than_the_window(open_window: OpenWindow, trained: str, width: int) -> None:
    window = open_window(
        viewport={"width": width, "height": 740}, is_mobile=width < 840, has_touch=width < 840
    )
    counted(window)
    for section in ("Train", "Digits"):
        window.page.get_by_role("tab", name=section).click()
        window.settle()
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width
        assert window.page.evaluate(BEYOND, width) == []
        assert window.page.evaluate(SMALL) == []


def test_nothing_jumps_on_a_phone_while_records_come(open_window: OpenWindow, trained: str) -> None:
    window = open_window(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    window.start("mlp", DATA, epochs=3)
    window.page.evaluate(WATCH_SHIFTS)
    window.is_("finished")
    counted(window)
    window.page.get_by_role("tab", name="Digits").click()
    window.settle()
    assert [shift for shift in window.page.evaluate("window.shifts") if not shift[1]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_and_has_names(open_window: OpenWindow, trained: str, scheme: str) -> None:
    window = open_window(color_scheme=scheme)
    counted(window)
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
