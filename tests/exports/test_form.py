"""The HTML export of networks of tables: a form, whose predictions and effects are those of the library."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import handgrad as hg
from handgrad.data.columns import columns_of
from handgrad.model.explain import input_effects
from page_window import SETTLED, windows

FEATURES = ("height", "age", "age=", "soil=clay", "soil=sand")
MEANS = np.array([152.34, 41.5, 0.2, 0.4, 0.6])
SCALING = hg.Scaling(MEANS, np.array([14.0, 9.0, 0.4, 0.49, 0.49]))
TARGETS = hg.Scaling(np.array([250e3, -1.0]), np.array([9e4, 1e-2]))
Open = Callable[..., tuple[Page, hg.Network]]


@pytest.fixture
def open_form(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Export a network, and open the page without a connection."""
    with windows(browser, (tmp_path / "m.html").as_uri()) as open_window:

        def open_form(
            task: str, view: dict[str, Any] | None = None, **settings: Any
        ) -> tuple[Page, hg.Network]:
            outputs = settings.pop("outputs", ("a <b>", "c"))
            settings = {"scaling": SCALING, "features": FEATURES, **settings}
            if task == "regression":
                settings["target_scaling"] = hg.Scaling(
                    TARGETS.shift[: len(outputs)], TARGETS.divisor[: len(outputs)]
                )
            inputs = settings.pop("inputs", len(FEATURES))
            layers = [hg.Dense(9), hg.ReLU(), hg.Dense(len(outputs))]
            network = hg.Network(layers, inputs, 1, task=task, classes=outputs, **settings)
            hg.export(network, tmp_path / "m.html")
            return open_window("draw", offline=True, **(view or {})).page, network

        yield open_form


def check(page: Page, network: hg.Network, raw: NDArray[Any], focus: int) -> None:
    """Compare all numbers that the page shows with the library's, which are in the titles without rounding."""
    page.evaluate(SETTLED)
    regression = network.task == "regression"
    expected = (network.predict(raw[None]) if regression else network.predict_proba(raw[None]))[0]
    bars = page.locator(".table-form .bar-percent")
    values = [float(bars.nth(k).get_attribute("title") or "nan") for k in range(bars.count())]
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
    columns = [*columns_of(network.features)]
    groups = [
        [k for k, name in enumerate(network.features) if name.partition("=")[0] == column]
        for column in columns
    ]
    effects = input_effects(network, raw, focus, groups)
    order = np.argsort(-np.abs(effects), kind="stable")
    assert page.locator(".effects .sum-name").all_text_contents() == [columns[k] for k in order]
    numbers = page.locator(".effects .sum-number")
    found = [float(numbers.nth(k).get_attribute("title") or "nan") for k in range(numbers.count())]
    np.testing.assert_allclose(found, effects[order], atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_predictions_and_effects(open_form: Open, task: str) -> None:
    page, network = open_form(task)
    height, age = page.get_by_label("height"), page.get_by_label("age")
    assert (height.input_value(), height.get_attribute("step"), age.input_value()) == ("152", "1", "41.5")
    assert page.get_by_label("soil").input_value() == "sand"  # the most frequent
    expect(page.locator(".pad")).to_be_hidden()
    raw = np.array([152, 41.5, 0, 0, 1])
    regression = task == "regression"
    best = 0 if regression else int(network.predict_proba(raw[None]).argmax())
    check(page, network, raw, best)
    height.press_sequentially("00")  # 15200, digit by digit
    height.fill("-13.75")
    age.fill("")
    page.get_by_label("soil").select_option("clay")
    raw = np.array([-13.75, MEANS[1], 1, 1, 0])
    best = 0 if regression else int(network.predict_proba(raw[None]).argmax())
    check(page, network, raw, best)
    page.get_by_role("radio", name=network.classes[1 - best]).click()
    expect(page.get_by_role("heading", name=f"Effects on {network.classes[1 - best]}")).to_be_visible()
    check(page, network, raw, 1 - best)
    assert height.get_attribute("aria-invalid") == "false"
    height.fill("")  # a column without missing numbers in training
    expect(page.locator(".table-form .answer-words")).to_have_text("height needs a number.")
    assert height.get_attribute("aria-invalid") == "true"
    height.fill("1e308")
    expect(page.locator(".table-form .answer-words")).to_contain_text("too large")
    page.get_by_role("button", name="Reset").click()
    check(page, network, np.array([152, 41.5, 0, 0, 1]), 1 - best)


def test_answers_in_words(open_form: Open) -> None:
    page, network = open_form("regression", outputs=("price",))
    (value,) = network.predict([[152, 41.5, 0, 0, 1]])[0]
    expect(page.locator(".table-form .answer-large")).to_have_text(f"{value:,.0f}")
    expect(page.locator(".table-form .answer-words")).to_contain_text("250,000")  # the mean
    expect(page.locator(".table-form .bars")).to_be_hidden()
    page, network = open_form("multilabel", outputs=("wet", "cold", "dark"))
    decided = network.predict([[152, 41.5, 0, 0, 1]])[0]
    present = [name for name, there in zip(network.classes, decided, strict=True) if there]
    assert 0 < len(present) < 3
    expect(page.locator(".table-form .answer-large")).to_have_text(", ".join(present))
    assert page.locator(".table-form .bar.best .bar-name").all_text_contents() == present


def test_inputs_without_names_or_scaling(open_form: Open) -> None:
    page, network = open_form("classification", inputs=200, features=(), scaling=None)
    assert page.locator(".fields input").count() == 200
    page.get_by_label("input 200", exact=True).fill("3.5")
    page.evaluate(SETTLED)
    raw = np.zeros((1, 200))
    raw[0, 199] = 3.5
    shown = [
        float(bar.get_attribute("title") or "nan") for bar in page.locator(".table-form .bar-percent").all()
    ]
    np.testing.assert_allclose(shown, network.predict_proba(raw)[0], atol=1e-5)
    assert page.locator(".effects .sum").count() == 12
