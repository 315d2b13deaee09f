"""The Step by step section: stepping with keys, the sum behind the selected entry, the update, every layer."""

import base64
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

import handgrad as hg
from handgrad.model.explanation import Explanation
from handgrad.model.files import model_bytes
from handgrad.model.index_formulas import number
from page_window import OpenWindow, Window, box_of, strokes_of

NAMES = [
    "x",
    "z1",
    "a1",
    "z2",
    "probabilities",
    "loss",
    "dz2",
    "dweights2",
    "dbiases2",
    "da1",
    "dz1",
    "dweights1",
    "dbiases1",
    "dx",
    "weights1_new",
    "biases1_new",
    "weights2_new",
    "biases2_new",
]
USE = """(content) => import("handgrad/model/network.js").then(({ readModel }) => {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    window.handgrad.set({ network: readModel(bytes.buffer), part: "x" });
})"""


@pytest.fixture
def steps(open_window: OpenWindow) -> Window:
    """The section with a drawn 3."""
    window = open_window("draw")
    window.draw(strokes_of("3"))
    window.tab("Step by step")
    return window


@pytest.fixture
def explanation(steps: Window, reader: bytes, tmp_path: Any) -> Explanation:
    """What the library explains of the drawing."""
    (tmp_path / "reader.safetensors").write_bytes(reader)
    return hg.explain(hg.load_model(tmp_path / "reader.safetensors"), steps.pixels().ravel())


def result(window: Window) -> Locator:
    return window.page.locator(".step-result").get_by_role("slider")


def value(window: Window) -> str:
    return window.page.locator(".step-sum-value").inner_text()


def test_keys_step_forward_and_back(steps: Window, explanation: Explanation) -> None:
    """Without a mouse; the sums are those of `handgrad explain --trace`."""
    page = steps.page
    page.locator(".step-graph-node[aria-current=step]").focus()
    for place, name in enumerate(NAMES):
        node = page.locator(".step-graph-node[aria-current=step]")
        expect(node).to_have_count(1)
        expect(node).to_be_focused()
        assert node.inner_text() == name.removesuffix("_new")
        assert place == 0 or page.url.endswith(f"#steps/{name}")
        entry, _, shown = value(steps).partition(" = ")
        if not name.endswith("_new"):
            derivation = explanation.trace(entry)
            assert float(shown.replace("−", "-")) == pytest.approx(derivation.value, rel=2e-4)
            assert page.locator(".step-sum-formula").first.inner_text() == f"= {derivation.formula}"
        steps.press("ArrowRight")
    expect(page.get_by_text(f"{len(NAMES)} of {len(NAMES)}")).to_be_visible()  # the last one stays
    steps.press("Home")
    expect(page.locator(".step-graph-node[aria-current=step]")).to_have_text("x")
    steps.press("End")
    steps.press("ArrowLeft")
    assert page.url.endswith("#steps/weights2_new")
    page.go_back()
    assert page.url.endswith("#steps/biases2_new")


def test_entries_are_selected_by_keys_and_by_the_mouse(steps: Window, explanation: Explanation) -> None:
    page = steps.page
    page.get_by_role("button", name="z1", exact=True).click()
    steps.settle()
    result(steps).focus()
    first, _, _ = value(steps).partition(" = ")
    steps.press("ArrowLeft", "ArrowLeft", "ArrowUp")
    second, _, _ = value(steps).partition(" = ")
    assert first != second
    assert result(steps).get_attribute("aria-valuetext").startswith(second)  # type: ignore[union-attr]
    box = box_of(result(steps))
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    steps.settle()
    assert value(steps).startswith("z1[0,0] = ")
    derivation = explanation.trace("z1[0,0]")
    largest = sorted(derivation.terms, key=lambda term: -abs(term[2]))[:10]
    rows = page.locator(".step-terms > li")
    expect(page.get_by_text("The 10 largest of 784 terms")).to_be_visible()
    expect(rows).to_have_count(12)
    for row, (label, text, _) in zip(rows.all(), largest, strict=False):
        expect(row).to_contain_text(label)
        expect(row).to_contain_text(text)
    left = sum(term[2] for term in derivation.terms) - sum(term[2] for term in largest)
    expect(rows.nth(10)).to_contain_text(f"774 more{number(left)}")
    lines = page.locator(".step-lines mark")
    assert lines.all_inner_texts() == ["8    return x @ weights.T + biases"]


def test_a_pixel_lights_up_its_window(open_window: OpenWindow) -> None:
    """The pixels of the source that a sum does not use fade."""
    window = open_window("steps")
    network = hg.Network(
        [hg.Conv2D(2, 5), hg.Flatten(), hg.Dense(10)], (1, 28, 28), 0, scaling=hg.Scaling.of_bytes()
    )
    window.page.evaluate(USE, base64.b64encode(model_bytes(network)).decode())
    window.page.evaluate("window.handgrad.set({ part: 'z1' })")
    window.settle()
    canvas = window.page.get_by_label("x, 1 by 1 by 28 by 28")
    box = box_of(result(window))
    images = []
    for x, y in [(0.2, 0.4), (0.3, 0.6)]:
        window.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        window.settle()
        images.append(canvas.evaluate("(canvas) => canvas.toDataURL()"))
    assert images[0] != images[1]


def test_updates_lower_the_loss(steps: Window, explanation: Explanation) -> None:
    page = steps.page
    line = page.locator(".steps-bar .note")
    section = page.get_by_role("region", name="Step by step")
    section.get_by_label("Class", exact=True).select_option("8")
    section.get_by_label("Learning rate").press("ControlOrMeta+a")
    page.keyboard.type("0.01")
    steps.settle()
    losses = []
    for _ in range(3):
        losses.append([float(part.split()[-1]) for part in line.inner_text().replace("−", "-").split(";")])
        steps.click("Apply the update")
    assert losses[0][0] > losses[0][1] == losses[1][0] > losses[1][1] == losses[2][0]
    steps.click("Reset")
    assert float(line.inner_text().partition(";")[0].split()[-1]) == losses[0][0]
    expect(page.get_by_role("button", name="Reset")).to_be_hidden()


FLAT = [
    hg.Dense(6),
    hg.BatchNorm(),
    hg.ReLU(),
    hg.LeakyReLU(),
    hg.Tanh(),
    hg.Sigmoid(),
    hg.GELU(),
    hg.Maxout(),
    hg.Dropout(),
]
IMAGES = [
    hg.Conv2D(4, 2),
    hg.BatchNorm(),
    hg.ReLU(),
    hg.Maxout(),
    hg.MaxPool2D(),
    hg.AvgPool2D(1),
    hg.Dropout(),
    hg.Flatten(),
]
NETWORKS: list[tuple[list[hg.Layer], tuple[int, ...], Any]] = [
    (FLAT, (4,), "classification"),
    (IMAGES, (2, 7, 6), "classification"),
    ([], (3,), "multilabel"),
    ([], (3,), "regression"),
]
WALK = """async () => {
    const shown = [];
    for (const { textContent } of document.querySelectorAll(".step-graph-node")) {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        shown.push([textContent, document.querySelector(".step-sum-value").textContent.split(/[[ ]/)[0]]);
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    }
    return shown;
}"""


@pytest.mark.slow
def test_every_layer_and_task(open_window: OpenWindow) -> None:
    """All of their steps are shown, with a sum, and without an error in the browser."""
    window, seen = open_window("steps"), set()
    for layers, shape, task in NETWORKS:
        network = hg.Network([*layers, hg.Dense(2)], shape, 0, task=task, classes=("a", "b"))
        window.page.evaluate(USE, base64.b64encode(model_bytes(network)).decode())
        window.settle()
        shown = window.page.evaluate(WALK)
        explained = hg.explain(network, np.zeros(network.inputs)).steps
        computed = {step.name for step in explained if step.entry}
        assert {step for _, step in shown if not step.endswith("_new")} == computed
        seen |= {type(layer).__name__ for layer in network.layers}
    assert seen == set(hg.layers.__all__) - {"Layer"}


@pytest.mark.slow
def test_values_sweep_in_unless_motion_is_reduced(open_window: OpenWindow) -> None:
    window = open_window("steps", reduced_motion="no-preference")
    count = """() => new Promise((done) => {
        const box = document.querySelector(".step-sum");
        let drawn = 0;
        const draw = CanvasRenderingContext2D.prototype.clearRect;
        CanvasRenderingContext2D.prototype.clearRect = function (...area) {
            drawn += this.canvas.getAttribute("role") === "slider" ? 1 : 0;
            return draw.apply(this, area);
        };
        window.handgrad.set({ part: "a1" });
        setTimeout(() => done(drawn), 1500);
    })"""
    moving = window.page.evaluate(count)
    window = open_window("steps")
    if window.page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches"):  # not in Firefox
        assert moving > 3 * window.page.evaluate(count) > 0
