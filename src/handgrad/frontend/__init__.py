"""The page's files: HTML, CSS and ES modules, which the server sends and the HTML export bundles into one file.

Modules name each other ``handgrad/model/network.js``; an import map in ``index.html`` resolves these names.
"""

from importlib.resources import files

KINDS = (".html", ".css", ".js")


def page_files() -> dict[str, str]:
    """Read the page's files, by their paths below this folder, such as ``model/network.js``, in order."""
    found: dict[str, str] = {}
    folders = [("", files("handgrad.frontend"))]
    while folders:
        above, folder = folders.pop()
        for entry in folder.iterdir():
            path = f"{above}{entry.name}"
            if entry.is_dir():
                folders.append((f"{path}/", entry))
            elif path.endswith(KINDS):
                found[path] = entry.read_text("utf-8")
    return dict(sorted(found.items()))
