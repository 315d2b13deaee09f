"""axe-core finds no serious violation of the guidelines for accessibility in any section, in light and dark."""

from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

import handgrad as hg

SECTIONS = ["draw", "steps", "train", "digits"]


def serious(results: Any) -> list[str]:
    """Return the violations that are serious or critical, with the elements where they are."""
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:120] for node in rule['nodes']][:3]}"
        for rule in results.response["violations"]
        if rule["impact"] in ("serious", "critical")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page(
    browser: Browser, reader: bytes, tmp_path: Path, section: str, scheme: Literal["light", "dark"]
) -> None:
    (tmp_path / "model.safetensors").write_bytes(reader)
    hg.export(hg.load_model(tmp_path / "model.safetensors"), tmp_path / "page.html")
    with browser.new_page(color_scheme=scheme) as page:
        page.goto(f"{(tmp_path / 'page.html').as_uri()}#draw")
        page.wait_for_selector("html[data-ready]")
        page.get_by_role("application", name="Drawing area").press("3")
        page.wait_for_timeout(1500)  # until the digit is drawn
        if section != "draw":
            page.locator(f"#tab-{section}").click()
        if section == "train":
            page.get_by_role("button", name="Start").click()
            page.wait_for_timeout(1500)
        page.wait_for_timeout(500)
        assert serious(Axe().run(page)) == []


@pytest.mark.slow
def test_form(browser: Browser, tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(4), hg.ReLU(), hg.Dense(2)], 3, 0, features=("size", "age", "weight"))
    hg.export(network, tmp_path / "form.html")
    with browser.new_page() as page:
        page.goto((tmp_path / "form.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        assert serious(Axe().run(page)) == []
