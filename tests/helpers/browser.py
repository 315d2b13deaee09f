"""A real browser for the tests of the page: the Chromium that is on this machine, never one that is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


def browser_path() -> str:
    """Find the browser; tests that need one are skipped where there is none, unless CI demands it."""
    name = os.environ.get("HANDGRAD_BROWSER") or "chromium"
    found = shutil.which(name)
    if found is None:
        reason = f"there is no browser {name}: install Chromium, or set HANDGRAD_BROWSER"
        if os.environ.get("HANDGRAD_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser, and end it."""
    path = browser_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()
