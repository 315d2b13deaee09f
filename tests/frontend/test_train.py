"""The Train section on the real server: runs are started, watched, paused and resumed, and fail."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import handgrad as hg
from handgrad.recipes.loading import LADDER
from networks import parameters
from page_models import Models
from page_window import DATA, LONG, OpenWindow, Window, finished_run, windows
from served import Process, serving

slow = pytest.mark.slow
TRAINING = ("train", "loss", "train_accuracy")


def test_a_run_is_watched_until_it_finishes(open_window: OpenWindow, server: Process, folder: Path) -> None:
    window = open_window()
    name = window.start("mlp", DATA, epochs=3)
    window.is_("finished")
    last = server.get(f"/runs/{name}")["last"]
    assert last["epoch"] == 3
    for label, loss, accuracy in (("valid.", "validation_loss", "validation_accuracy"), TRAINING):
        for text in (f"{label} {last[loss]:.3g}", f"{label} {100 * last[accuracy]:.2f}%"):
            expect(window.view.locator(".chart-end", has_text=text)).to_have_count(1)
    row = window.runs.get_by_role("button", name=name)
    expect(row).to_contain_text(f"mlp · 128 hidden · seed 0 · {DATA}")
    expect(row).to_contain_text(f"{100 * last['validation_accuracy']:.2f} %")
    expect(window.page.get_by_role("img", name="The weights of 128 units")).to_be_visible()
    test = hg.load_data(DATA).split("test")
    predictions = hg.load_model(folder / "runs" / name).predict_proba(test.inputs).argmax(axis=1)
    errors = int(np.count_nonzero(predictions != test.labels))
    expect(window.gallery_status).to_have_text(re.compile(rf"^{errors:,} errors in "))
    window.gallery.get_by_label("Only errors").check()
    expect(window.gallery.locator(".gallery-range")).to_contain_text(f"of {errors}")
    expect(window.gallery.locator(".image.error:visible")).to_have_count(min(120, errors))
    browser = window.page.context.browser
    if browser and browser.browser_type.name == "chromium":  # Playwright sees no downloads of Firefox
        with window.page.expect_download() as download:
            window.act("Download")
        download.value.save_as(folder / download.value.suggested_filename)
        assert parameters(folder / f"{name}.safetensors") == parameters(folder / "runs" / name)
    window.act("Use this model")
    accuracy = f"validation accuracy {100 * last['validation_accuracy']:.1f} %"
    expect(window.page.locator("#facts")).to_have_text(f"{name}784-128-10101,770 parameters{accuracy}")
    assert server.get("/model")["name"] == name


def test_the_form_is_validated(open_window: OpenWindow, server: Process) -> None:
    window = open_window(expected="422")
    form = window.form
    expect(form.get_by_label("Epochs")).to_have_value("10")
    recipes = form.get_by_label("Recipe").locator("option").all_text_contents()
    assert [text.partition(":")[0] for text in recipes] == [*LADDER]
    assert recipes[1] == "mlp: 98.25 % in 1\u00a0s"
    before = len(server.get("/runs"))
    invalid = [("Epochs", text) for text in ("0", "2.5", "")] + [("Batch size", "-1"), ("Seed", "-3")]
    for label, text in [*invalid, ("Learning rate", "-1"), ("Hidden units", "10, x")]:
        field = form.get_by_label(label)
        value = field.input_value()
        field.fill(text)
        form.get_by_role("button", name="Start").click()
        expect(field).to_be_focused()
        assert not field.evaluate("(field) => field.validity.valid")
        field.fill(value)
    assert len(server.get("/runs")) == before
    form.get_by_label("Recipe").select_option("convnet")
    expect(form.get_by_label("Hidden units")).to_be_disabled()
    form.get_by_label("Recipe").select_option("classic")
    expect(form.get_by_label("Steps")).to_have_value("501")
    expect(form.get_by_label("Batch size")).to_have_value("all")
    form.get_by_label("Seed").fill("9007199254740991")
    form.get_by_label("Learning rate").fill("1e300")  # refused by the server
    form.get_by_role("button", name="Start").click()
    expect(window.page.locator("#status")).to_contain_text("learning_rate")


@slow
def test_pause_reload_and_resume_in_two_tabs(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    name = window.start("classic", DATA, **LONG)
    window.is_("running")
    other = open_window(beside=window)
    expect(other.view.get_by_role("heading", name=name)).to_be_visible()
    window.act("Pause")
    window.is_("paused")
    other.is_("paused")
    last = f"step {server.get(f'/runs/{name}')['last']['step']:,}"
    window.go()
    window.is_("paused")
    expect(window.losses).to_have_attribute("aria-valuetext", re.compile(last))
    other.act("Resume")
    window.is_("running")
    server.await_records(name, server.get(f"/runs/{name}")["records"] + 1)
    expect(window.losses).not_to_have_attribute("aria-valuetext", re.compile(last))
    window.act("Pause")
    expect(window.runs.get_by_role("button", name=name)).to_contain_text("paused")


@slow
def test_runs_that_fail(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    missing: list[str] = []
    window.page.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    name = window.start("mlp", DATA, epochs=2, learning_rate="1e6")
    window.is_("failed")
    expect(window.line).to_have_text(server.get(f"/runs/{name}")["error"])
    expect(window.runs.get_by_role("button", name=name)).to_contain_text("failed")
    expect(window.gallery.locator(".image:visible").first).to_be_visible()
    server.post("/digits", name="one", inputs=[[255] * 784], labels=["1"])  # too few for a validation split
    name = str(server.post("/runs", recipe="mlp", data="digits/one")["name"])
    server.await_state(name, "failed")
    window.select(name)
    expect(window.view.get_by_role("heading", name=name)).to_be_visible()
    expect(window.gallery_status).to_contain_text("digits/one has no test images")
    expect(window.gallery.locator(".image.error:visible")).to_have_count(0)
    assert missing == []


@slow
def test_keyboard_only(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    expect(window.form.get_by_label("Epochs")).to_have_value("10")
    window.form.get_by_label("Epochs").fill("2")
    window.page.keyboard.press("Enter")
    expect(window.view.get_by_role("heading", level=2)).not_to_have_text(trained)
    window.is_("finished")
    window.page.wait_for_function("() => handgrad.state.records[handgrad.state.run].at(-1)?.epoch === 2")
    window.settle()
    charts = window.page.get_by_role("slider", name="values by step")
    expect(charts).to_have_count(2)
    charts.first.focus()
    last = charts.first.get_attribute("aria-valuenow") or ""
    for key, at in (("ArrowLeft", last), ("Home", "1"), ("ArrowRight", "2"), ("End", last)):
        window.press(key)
        expect(charts.first).to_have_attribute("aria-valuenow", at)
        expect(window.page.locator("line.chart-cross")).to_have_count(2)  # of both charts
    window.press("Escape")
    expect(window.page.locator("line.chart-cross")).to_have_count(0)


@slow
def test_runs_are_compared_renamed_and_deleted(
    open_window: OpenWindow, server: Process, folder: Path
) -> None:
    names = [finished_run(server, epochs=2, hidden=[8], seed=seed) for seed in (1, 2)]
    window = open_window(f"train/{names[0]}")
    ends = window.view.locator(".chart-end")
    expect(ends).to_have_count(4)  # training and validation, loss and accuracy
    window.runs.get_by_label(f"Compare {names[1]}").check()
    expect(ends.filter(has_text=re.compile(f"^{names[1]} "))).to_have_count(2)
    expect(ends).to_have_count(4)  # validation of both
    name = window.page.get_by_label("Name of the run")
    name.fill("no/name")
    name.press("Enter")
    expect(window.view.get_by_role("heading", level=2)).to_have_text(names[0])
    name.fill("narrow")
    name.press("Enter")
    shows(window, "narrow")
    assert (folder / "runs" / "narrow").exists()
    expect(ends.filter(has_text=re.compile("^narrow "))).to_have_count(2)
    name.fill("other")
    name.press("Escape")
    expect(name).to_have_value("narrow")
    window.page.once("dialog", lambda dialog: dialog.dismiss())
    window.act("Delete")
    window.settle()
    assert (folder / "runs" / "narrow").exists()
    window.page.once("dialog", lambda dialog: dialog.accept())
    window.act("Delete")
    expect(window.runs.get_by_role("button", name="narrow")).to_have_count(0)
    expect(window.view.get_by_role("button", name="Delete")).to_be_focused()
    assert not (folder / "runs" / "narrow").exists()


@slow
def test_one_epoch_has_a_curve(open_window: OpenWindow) -> None:
    window = open_window()
    window.start("convnet", "strokes:5000", batch_size=16)
    window.is_("finished")
    expect(window.view.locator(".chart-dot")).to_have_count(2 * 22)  # 21 records, one of them validated


@slow
def test_a_server_that_is_killed_and_restarted(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as first, windows(browser, first.address) as open_window:
        window = open_window(expected="Failed to load resource")
        name = window.start("classic", DATA, **LONG)
        window.is_("running")
        first.await_records(name, 2)
        first.kill()
        expect(window.line).to_contain_text("The connection is lost")
        port = first.address.rstrip("/").rpartition(":")[2]
        with serving(tmp_path, "--port", port) as second:
            window.is_("paused")
            window.act("Resume")
            window.is_("running")
            second.await_records(name, second.get(f"/runs/{name}")["records"] + 1)
            window.act("Pause")
            window.is_("paused")


HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def records(window: Window) -> int:
    """Return the number of records that a window has."""
    return int(window.losses.get_attribute("aria-valuemax") or 0)


@slow
def test_a_hidden_tab_disconnects_and_misses_nothing(open_window: OpenWindow, server: Process) -> None:
    window = open_window()
    name = window.start("classic", DATA, **LONG)
    window.is_("running")
    window.page.evaluate(HIDE, True)
    window.settle()  # what was received is shown
    hidden = records(window)
    urls: list[str] = []
    window.page.on("request", lambda request: urls.append(request.url))
    server.await_records(name, hidden + 5)
    window.settle()
    assert records(window) == hidden
    window.page.evaluate(HIDE, False)
    server.post(f"/runs/{name}/pause")
    window.is_("paused")
    count = server.get(f"/runs/{name}")["records"]
    window.page.wait_for_function(
        "(count) => handgrad.state.records[handgrad.state.run].length === count", arg=count
    )
    (url,) = [url for url in urls if "/events" in url]
    assert int(url.partition("after=")[2]) >= hidden - 1  # it requested only what it did not have


@slow
def test_a_new_run_with_the_name_of_a_deleted_one(open_window: OpenWindow, server: Process) -> None:
    name = finished_run(server, epochs=2)
    window = open_window(f"train/{name}")
    window.is_("finished")
    window.page.evaluate(HIDE, True)
    assert server.client.delete(f"/runs/{name}").is_success
    other = finished_run(server, epochs=1, hidden=[8])
    if other != name:
        server.post(f"/runs/{other}/rename", name=name)
    window.page.evaluate(HIDE, False)
    window.page.wait_for_function("() => handgrad.state.latest?.network.layers[0].units === 8")
    count = server.get(f"/runs/{name}")["records"]
    window.page.wait_for_function(
        "(count) => handgrad.state.records[handgrad.state.run].length === count", arg=count
    )


@slow
def test_images_by_class_with_the_keyboard_and_into_draw(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.select(trained)
    window.classified()
    test = hg.load_data(DATA).split("test")
    sevens = np.flatnonzero(test.labels == 7)
    window.gallery.get_by_label("Class", exact=True).select_option("7")
    first = window.gallery.locator(".image").first
    expect(first).to_have_attribute("aria-label", re.compile(f"^Image {sevens[0] + 1}, labelled 7"))
    first.focus()
    window.press("ArrowRight", "ArrowDown", "ArrowUp")
    second = window.gallery.locator(f'[aria-label^="Image {sevens[1] + 1},"]')
    expect(second).to_be_focused()
    window.press("End")
    window.gallery.get_by_label("Only errors").check()
    expect(window.gallery.locator(".image[tabindex='0']")).to_be_enabled()  # with fewer images
    window.gallery.get_by_label("Only errors").uncheck()
    second.focus()
    window.press("Enter")
    expect(window.page.locator("#draw")).to_be_visible()
    window.settle()
    shown = window.page.evaluate("Array.from(window.handgrad.state.pixels)")
    assert np.array_equal(shown, test.inputs[sevens[1]].ravel())


CURVE = """async () => {
    const { curve } = await import("handgrad/train/format.js");
    const records = Array.from({ length: 100_000 }, (_, step) => ({ step, loss: step % 2 ? null : step }));
    const points = curve(records, "loss");
    return [points.length, points.at(-1), curve(records.slice(0, 5), "loss")];
}"""


def test_a_curve_of_many_records_has_few_points_and_the_newest(models: Models) -> None:
    assert models.page.evaluate(CURVE) == [2000, [99_998, 99_998], [[0, 0], [2, 2], [4, 4]]]


def shows(window: Window, name: str) -> None:
    """Wait until a run is shown and in the address."""
    expect(window.view.get_by_role("heading", level=2)).to_have_text(name)
    expect(window.page).to_have_url(re.compile(f"#train/{name}$"))
    expect(window.runs.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")


@slow
def test_the_address_names_the_run(open_window: OpenWindow, server: Process) -> None:
    older, newer = (finished_run(server, epochs=1) for _ in range(2))
    window = open_window(f"train/{newer}")
    window.select(older)
    shows(window, older)
    window.go()
    shows(window, older)
    window.page.go_back()
    shows(window, newer)
    window.page.go_forward()
    shows(window, older)
    window.tab("Train")  # already selected: not a step of the history
    window.tab("Draw")
    expect(window.page).to_have_url(re.compile("#draw$"))
    window.page.go_back()
    shows(window, older)
    window.tab("Digits")
    window.tab("Train")
    shows(window, older)
    name = window.start("mlp", DATA, epochs=1)
    shows(window, name)
    window.is_("finished")
    window.page.go_back()
    shows(window, older)
    window = open_window("train/%3Cb%3E..%2F")
    expect(window.line).to_contain_text("There is no run")
    window.select(older)
    shows(window, older)
