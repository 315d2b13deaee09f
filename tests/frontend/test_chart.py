"""The chart of curves: scales, labels, the crosshair by mouse and keys, and what screen readers get."""

import pytest
from playwright.sync_api import Page, expect

from page_models import Models

CHART = """async () => {
    const { Chart } = await import("handgrad/chart.js");
    const pointed = (x) => (window.pointed = x);
    window.chart = new Chart({ title: "Loss", format: (value) => value.toFixed(2), pointed });
    document.body.replaceChildren(window.chart.element);
    window.chart.update([
        { label: "a", points: [[1, 1], [10, 0.1], [100, 0.01]] },
        { label: "b", points: [[5, 0.5], [50, 0.02]], dashed: true },
        { label: "none", points: [] },
    ], 200);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
POINTS = "(line) => line.getAttribute('points').split(' ').map((pair) => pair.split(',').map(Number))"


@pytest.fixture
def page(models: Models) -> Page:
    models.page.evaluate(CHART)
    return models.page


def test_curves_are_drawn_and_labelled(page: Page) -> None:
    assert page.locator(".chart-end").all_text_contents() == ["b 0.02", "a 0.01"]
    low, high = (float(label.get_attribute("y") or "nan") for label in page.locator(".chart-end").all())
    assert high - low >= 14  # without overlap
    lines = [page.locator(".chart-line").nth(k).evaluate(POINTS) for k in range(2)]
    assert [len(line) for line in lines] == [3, 2]
    (x0, top), (x1, middle), (x2, bottom) = lines[0]
    assert (x2 - x0) / (x1 - x0) == pytest.approx(11, abs=0.2)
    assert (bottom - top) / (middle - top) == pytest.approx(0.99 / 0.9, abs=0.02)
    page.get_by_role("button", name="Vertical axis").click()
    (_, top), (_, middle), (_, bottom) = page.locator(".chart-line").first.evaluate(POINTS)
    assert (bottom - top) / (middle - top) == pytest.approx(2, abs=0.02)  # equal factors are equal distances
    assert {"0.1", "1"} <= set(page.locator(".chart-tick").all_text_contents())


def test_the_crosshair_follows_keys_and_mouse(page: Page) -> None:
    plot, readout = page.get_by_role("slider"), page.locator(".chart-readout")
    assert plot.get_attribute("aria-valuetext") == "step 100 · a 0.01 · b 0.02"
    plot.focus()
    for key, text in (
        ("Home", "step 1 · a 1.00 · b 0.50"),
        ("ArrowRight", "step 5 · a 1.00 · b 0.50"),
        ("ArrowRight", "step 10 · a 0.10 · b 0.50"),
        ("End", "step 100 · a 0.01 · b 0.02"),
        ("ArrowRight", "step 100 · a 0.01 · b 0.02"),
    ):
        page.keyboard.press(key)
        expect(readout).to_have_text(text)
    assert page.evaluate("window.pointed") == 100
    page.keyboard.press("Escape")
    expect(readout).to_have_text("")
    x = page.locator(".chart-line").last.evaluate(POINTS)[1][0]
    plot.hover(position={"x": x + 2, "y": 50})
    expect(readout).to_have_text("step 50 · a 0.10 · b 0.02")
    page.mouse.move(0, 0)
    expect(page.locator("line.chart-cross")).to_have_count(0)
