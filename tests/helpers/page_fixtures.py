"""Fixtures for tests that open the page or an export of it."""

import os
import shutil
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, sync_playwright

import handgrad as hg
from failing import missing
from handgrad.model.files import model_bytes


@pytest.fixture(scope="session")
def reader() -> bytes:
    """The model file of a small network that classifies drawings."""
    layers = [hg.Dense(128), hg.ReLU(), hg.Dense(10)]
    network = hg.Network(layers, input_shape=(784,), rng=np.random.default_rng(0))
    data = hg.load_data("strokes:12000:3")
    rates = hg.OneCycle()  # ends with small steps: the same classes on every processor
    hg.fit(network, data, optimizer=hg.AdamW(0.005), batch_size=64, epochs=6, schedule=rates, progress=False)
    return model_bytes(network)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium, or the Firefox, of this machine; none is downloaded."""
    name = os.environ.get("HANDGRAD_BROWSER") or "chromium"
    if (path := shutil.which(name)) is None:
        missing("BROWSER", f"there is no browser {name}: install Chromium, or set HANDGRAD_BROWSER")
    with sync_playwright() as playwright:
        if "firefox" in name:  # Playwright drives an unmodified Firefox by WebDriver BiDi
            launched = playwright.firefox.launch(executable_path=path, channel="moz-firefox")
        else:
            launched = playwright.chromium.launch(executable_path=path)
        with (
            launched as browser,
            patch.object(Locator, "fill", replace if "firefox" in name else Locator.fill),
        ):
            yield browser


FILL = Locator.fill


def replace(field: Locator, text: str) -> None:
    """Fill a field; in number fields of Firefox, Playwright appends text instead of replacing it."""
    field.press("Control+a")
    field.press("Delete")
    FILL(field, text)
