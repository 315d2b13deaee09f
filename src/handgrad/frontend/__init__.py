"""The page's files: HTML, CSS and ES modules, which the server sends and the HTML export bundles into one file.

Modules name each other ``handgrad/model/network.js``; an import map in ``index.html`` resolves these names.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
KINDS = (".html", ".css", ".js")


def page_files() -> dict[str, str]:
    """Read the page's files, by their paths below this folder, such as ``model/network.js``, in order."""
    found = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in KINDS}
    return {name: found[name].read_text("utf-8") for name in sorted(found)}
