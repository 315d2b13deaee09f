"""Screenshots of the documentation site, wide and narrow, light and dark, to look at.

    uv run --group dev python tools/site_screenshots.py FOLDER [PAGE …]

The site is read from docs/_build. PAGE defaults to home, a guide, a page of the API reference and the gallery.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path("docs/_build").absolute()
PAGES = [
    "index.html",
    "start/first-page.html",
    "learn/backpropagation.html",
    "guide/training.html",
    "api/generated/handgrad.train.html",
    "gallery/index.html",
]


def main() -> None:
    """Save FOLDER/PAGE-WIDTH-SCHEME.png for all combinations."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    browser = shutil.which(os.environ.get("HANDGRAD_BROWSER") or "chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"]) as chromium,
    ):
        for width, height in ((1280, 1000), (390, 844)):
            for scheme in ("light", "dark"):
                page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                for name in sys.argv[2:] or PAGES:
                    page.goto((SITE / name).as_uri())
                    page.wait_for_load_state("networkidle")
                    image = f"{name.removesuffix('.html').replace('/', '-')}-{width}-{scheme}.png"
                    page.screenshot(path=folder / image)
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        print(f"{name} is wider than {width} pixels")
                page.close()


if __name__ == "__main__":
    main()
