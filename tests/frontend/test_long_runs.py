"""Runs of very many records: their curves are drawn from few points, and no peak is lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from page_server_process import windows
from served import serving

pytestmark = pytest.mark.slow

MANY = 400_000
RECORDS = """async (many) => {
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
        title: "Loss", keys: ["loss", "validation_loss"], written: String, pointed: (index) => pointed.push(index),
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
    return { lines, range: ranges.at(-1), pointed, points, last, nearest };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with (
        serving(tmp_path_factory.mktemp("long")) as server,
        windows(browser, server.address) as open_window,
    ):
        yield open_window(expected="404 (Not Found)").page


def test_very_many_records_are_drawn_from_some_thousand_points(page: Page) -> None:
    found = page.evaluate(RECORDS, MANY)
    assert found["range"] == [-1, 9]
    for line in found["lines"]:
        assert 2_000 <= len(line) <= 4_001
        assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert {(123_457, 9), (345_678, -1)} <= {tuple(point) for point in found["points"]}
    assert found["points"][0][0] == 0
    assert found["last"][0] == MANY - 1
    assert found["points"][-1] == found["last"]
    first, middle, last = found["pointed"]
    assert (first, last) == (0, MANY - 1)
    assert abs(middle - MANY / 2) < MANY / 200  # a pixel is some thousand records
    assert found["nearest"] == [0, 7, MANY - 1]


@pytest.mark.parametrize("many", [1, 2, 3, 2_000, 2_001, 4_000, 4_001])
def test_short_runs_are_drawn_whole(page: Page, many: int) -> None:
    points = page.evaluate(
        """async (many) => {
            const { Curve } = await import("handgrad/train/curve.js");
            const curve = new Curve();
            for (let step = 0; step < many; step++) curve.add(2 * step, (step * 7919) % 1013);
            return curve.points;
        }""",
        many,
    )
    whole = [[2 * step, step * 7919 % 1013] for step in range(many)]
    if many <= 4_000:
        assert points == whole
    assert points[-1] == whole[-1]
    assert len(points) <= 4_001


def test_no_record_is_nearest_where_there_is_none(page: Page) -> None:
    script = """async () => new (await import("handgrad/train/records.js")).Records().nearest(3)"""
    assert page.evaluate(script) == -1
