"""Many tabs, hidden tabs and very long runs: streams are shared, nothing is missed, charts stay small."""

import re

import pytest
from playwright.sync_api import expect

from page_models import Models
from page_window import DATA, LONG, OpenWindow, Window
from served import Process

slow = pytest.mark.slow

TABS = 8  # a browser opens six connections to a server
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""
WITHOUT_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"


def records(window: Window) -> int:
    """Return the number of records that a window has."""
    return int(window.page.get_by_role("slider", name="Loss").get_attribute("aria-valuemax") or 0)


def has_records(window: Window, count: int) -> None:
    expect(window.page.get_by_role("slider", name="Loss")).to_have_attribute("aria-valuemax", str(count))


@slow
def test_eight_tabs_follow_one_run(open_window: OpenWindow, server: Process) -> None:
    first = open_window()
    name = first.start("classic", DATA, **LONG)
    tabs = [first, *(open_window(beside=first) for _ in range(TABS - 1))]
    before = server.get(f"/runs/{name}")["records"]
    for tab in tabs:
        expect(tab.readout).to_contain_text("Newest: Step")
    server.await_records(name, before + 2)
    tabs[-1].press("Pause")
    for tab in tabs:
        tab.is_("paused")
        has_records(tab, server.get(f"/runs/{name}")["records"])
    tabs[-2].press("Stop")
    for tab in tabs:
        tab.is_("stopped")
    tabs[3].page.close()
    again = tabs[4].start("mlp", DATA, epochs=1)
    tabs[4].is_("finished")
    expect(tabs[5].runs.get_by_role("button", name=again)).to_contain_text("finished")


@slow
@pytest.mark.parametrize("locks", [True, False])
def test_a_hidden_tab_disconnects_and_misses_nothing(
    open_window: OpenWindow, server: Process, locks: bool
) -> None:
    window = open_window()
    if not locks:  # as on a page of another machine without HTTPS
        window.page.add_init_script(WITHOUT_LOCKS)
        window.reload()
    name = window.start("classic", DATA, **LONG)
    expect(window.readout).to_contain_text("Newest: Step")
    window.page.evaluate(HIDE, True)
    hidden = records(window)
    urls: list[str] = []
    window.page.on("request", lambda request: urls.append(request.url))
    server.await_records(name, hidden + 5)
    window.settle()
    assert records(window) <= hidden + 1  # one may have been on its way
    assert not [url for url in urls if "/events" in url]
    urls.clear()
    window.page.evaluate(HIDE, False)
    server.post(f"/runs/{name}/stop")
    window.is_("stopped")
    has_records(window, server.get(f"/runs/{name}")["records"])
    after = [int(found[1]) for url in urls if (found := re.search(r"events\?after=(-?\d+)", url))]
    assert min(after) >= hidden - 1  # it requested only what it did not have


CLAIMS = """async (wanted) => {
    const { claim } = await import("handgrad/train/streams.js");
    window.held?.forEach((release) => release?.());
    await new Promise((done) => setTimeout(done));
    window.held = [await claim(), await claim(), await claim(), await claim()];
    return window.held.map(Boolean).join() === wanted;
}"""
"""Claims four streams and returns whether the expected ones were granted; those of the last try are released."""


@slow
def test_three_tabs_hold_a_stream(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.is_("finished")
    window.page.wait_for_function(CLAIMS, arg="true,true,true,false")
    other = open_window(beside=window)
    other.is_("finished")  # without a stream
    other.page.wait_for_function(CLAIMS, arg="false,false,false,false")
    window.page.evaluate("window.held[1]()")
    other.page.wait_for_function(CLAIMS, arg="true,false,false,false")
    window.page.close()  # releases the rest
    other.page.wait_for_function(CLAIMS, arg="true,true,true,false")


MANY = 400_000
CHART = """async (many) => {
    const { Chart } = await import("handgrad/train/chart.js");
    const { Records } = await import("handgrad/train/records.js");
    const records = new Records();
    const value = (step) => (step === 123_457 ? 9 : step === 345_678 ? -1 : 1 + Math.sin(step / 1000) / 2);
    for (let step = 0; step < many; step++) {
        records.push({ step, epoch: step + 1, loss: value(step), validation_loss: step % 2 ? null : value(step) });
    }
    const ranges = [];
    const pointed = [];
    const chart = new Chart({
        title: "Loss", keys: ["loss", "validation_loss"], format: String, pointed: (index) => pointed.push(index),
        range: (low, high) => (ranges.push([low, high]), [low, high]),
    });
    document.body.prepend(chart.element);
    chart.update(records, many, null, "");
    const lines = [...chart.element.querySelectorAll("polyline")].map((line) =>
        line.getAttribute("points").split(" ").map((point) => point.split(",").map(Number)));
    const box = chart.plot.getBoundingClientRect();
    const [left, right] = [lines[0][0][0], lines[0].at(-1)[0]];
    for (const x of [left, (left + right) / 2, right]) {
        chart.plot.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + x }));
    }
    chart.element.remove();
    const { points, last } = records.curve("loss");
    const nearest = [-5, 7.4, many + 9].map((step) => records.nearest(step));
    return { lines, range: ranges.at(-1), pointed, points, last, nearest, none: new Records().nearest(3) };
}"""


@slow
def test_a_chart_of_many_records_has_few_points(models: Models) -> None:
    found = models.page.evaluate(CHART, MANY)
    assert found["range"] == [-1, 9]
    for line in found["lines"]:
        assert 2_000 <= len(line) <= 4_001
        assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert {(123_457, 9), (345_678, -1)} <= {tuple(point) for point in found["points"]}
    assert found["points"][0][0] == 0
    assert found["points"][-1] == found["last"]
    assert found["last"][0] == MANY - 1
    first, middle, last = found["pointed"]
    assert (first, last) == (0, MANY - 1)
    assert abs(middle - MANY / 2) < MANY / 200  # a pixel covers about a thousand records
    assert found["nearest"] == [0, 7, MANY - 1]
    assert found["none"] == -1


@pytest.mark.parametrize("count", [1, 2, 3, 2_000, 2_001, 4_000, 4_001])
def test_curves_of_short_runs_have_all_points(models: Models, count: int) -> None:
    points = models.page.evaluate(
        """async (count) => {
            const { Curve } = await import("handgrad/train/records.js");
            const curve = new Curve();
            for (let step = 0; step < count; step++) curve.add(2 * step, (step * 7919) % 1013);
            return curve.points;
        }""",
        count,
    )
    expected = [[2 * step, step * 7919 % 1013] for step in range(count)]
    assert points == expected or count > 4_000
    assert points[-1] == expected[-1]
    assert len(points) <= 4_001
