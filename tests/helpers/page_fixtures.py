"""Fixtures for tests that open the page or an export of it."""

import os
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

import handgrad as hg
from handgrad.model.files import model_bytes


@pytest.fixture(scope="session")
def reader() -> bytes:
    """The model file of a small network that classifies drawings."""
    layers = [hg.Dense(128), hg.ReLU(), hg.Dense(10)]
    network = hg.Network(layers, input_shape=(784,), rng=np.random.default_rng(0))
    data = hg.load_data("strokes:12000:3")
    schedule = hg.OneCycle()  # ends with small steps: the same classes on every processor
    hg.fit(
        network, data, optimizer=hg.AdamW(0.005), batch_size=64, epochs=6, schedule=schedule, progress=False
    )
    return model_bytes(network)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine. Without one tests are skipped, or fail if CI demands it; none is downloaded."""
    name = os.environ.get("HANDGRAD_BROWSER") or "chromium"
    if (path := shutil.which(name)) is None:
        reason = f"there is no browser {name}: install Chromium, or set HANDGRAD_BROWSER"
        if os.environ.get("HANDGRAD_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path) as browser:
        yield browser
