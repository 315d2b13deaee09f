"""The page's files: HTML, CSS and ES modules, which the server sends and the HTML export bundles into one file.

Modules name each other ``handgrad/model/network.js``; an import map in ``index.html`` resolves these names. Generated
modules are in no file: Python writes them from its own declarations.
"""

from functools import cache
from pathlib import Path

from handgrad.frontend.layers_module import layers_module

FOLDER = Path(__file__).parent
KINDS = (".html", ".css", ".js")


@cache
def generated_modules() -> dict[str, str]:
    """Return the modules that are made from the library's declarations, by their paths."""
    return {"generated/layers.js": layers_module()}


def page_files() -> dict[str, str]:
    """Read the page's files, by their paths below this folder, such as ``model/network.js``, in order."""
    found = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in KINDS}
    files = {name: path.read_text("utf-8") for name, path in found.items()} | generated_modules()
    return {name: files[name] for name in sorted(files)}
