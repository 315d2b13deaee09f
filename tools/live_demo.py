"""The live demonstration: a network that is trained when the site is built, exported as a page to draw on."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

RECIPE = "synthetic"  # needs no download, and is trained in about half a minute


def write_demo(app: Any) -> None:
    """Train the recipe with seed 0 and export it to ``_static/demo``, where that was not done before."""
    page = Path(app.srcdir) / "_static" / "demo" / "draw.html"
    if page.exists():
        return
    page.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        run = f"{folder}/{RECIPE}"
        for command in (
            ["train", RECIPE, "--seed", "0", "--out", run, "--quiet"],
            ["export", run, str(page)],
        ):
            subprocess.run(
                [sys.executable, "-m", "handgrad", *command], check=True, stdout=subprocess.DEVNULL
            )


def setup(app: Any) -> dict[str, bool]:
    """Connect to the event of Sphinx."""
    app.connect("builder-inited", write_demo)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
