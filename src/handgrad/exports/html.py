"""HTML: the drawing page and the network in one file, which opens from disk and makes no requests.

The page's modules become ``data:`` URLs in its import map, its style sheets an element, and the model file, in
float32, is in ``<script id="model">`` as base64. A content security policy forbids everything else.
"""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.exports.support import float32_tensors, layer_writers
from handgrad.files import write_file
from handgrad.frontend import page_files
from handgrad.model import layers
from handgrad.model.files import Recipe, serialize_tensors
from handgrad.model.network import Network

LAYERS = {getattr(layers, name): name for name in layers.__all__ if name != "Layer"}
"""The page implements all layers of the library."""

MAIN = "main.js"
IMPORT = re.compile(r'^(?:import|export)\b[^;"(]*"handgrad/([^"]+)";', re.MULTILINE)
STYLE_SHEET = re.compile(r'<link rel="stylesheet" href="\./static/([^"]+)">\n?')
IMPORT_MAP = re.compile(r'(<script type="importmap">).*?(</script>)', re.DOTALL)
SCRIPT = re.compile(r'<script type="(?:importmap|module)">(.*?)</script>', re.DOTALL)


def write_html(
    network: Network, path: Path, recipe: Recipe | None = None, accuracy: str | None = None
) -> None:
    """Write a network of 28×28 images as a page to draw on, completely or not at all."""
    text = build(network, str((recipe or {}).get("name") or path.stem), accuracy)
    write_file(path, text.encode())


def build(network: Network, name: str, accuracy: str | None = None) -> str:
    """Return the page that `write_html` writes; it shows `name` and `accuracy` beside the network."""
    for_bytes = network.scaling is None or network.scaling.for_bytes
    if network.example_shape != (1, 28, 28) or not for_bytes:
        shape = "×".join(map(str, network.example_shape))
        raise HandgradError(
            f"the page draws images of 28×28 bytes, but the model takes {shape} "
            f"{'bytes' if for_bytes else 'numbers'}; export it as onnx or c"
        )
    layer_writers(network, LAYERS, "html")
    model = b64encode(serialize_tensors(*float32_tensors(network))).decode()
    attributes = f'id="model" data-name="{escape(name)}"'
    if accuracy:
        attributes += f' data-accuracy="{escape(accuracy)}"'
    embedded = f'<script type="application/octet-stream;base64" {attributes}>{model}</script>'
    return bundle(page_files()).replace("</body>", f"{embedded}\n</body>")


def bundle(files: dict[str, str]) -> str:
    """Return the page, with the modules and style sheets that ``main.js`` imports statically, as one file.

    Parameters
    ----------
    files : dict of str
        The page's files by their paths. What ``main.js`` loads by ``import(…)`` needs a server and is left out.
    """
    modules = imported_modules(files)
    folders = {module.rpartition("/")[0] for module in modules}
    urls = {
        f"handgrad/{module}": f"data:text/javascript;base64,{b64encode(files[module].encode()).decode()}"
        for module in modules
    }
    sheets = STYLE_SHEET.findall(files["index.html"])
    style = "".join(files[sheet] for sheet in sheets if sheet.rpartition("/")[0] in folders)
    page = STYLE_SHEET.sub("", files["index.html"])
    page = IMPORT_MAP.sub(lambda found: found[1] + json.dumps({"imports": urls}) + found[2], page)
    head = f'<meta http-equiv="Content-Security-Policy" content="{_policy(page)}">\n'
    page = page.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{head}')
    return page.replace("</head>", f"<style>\n{style}</style>\n</head>")


def imported_modules(files: dict[str, str]) -> list[str]:
    """Return ``main.js`` and the modules that it imports, directly or indirectly, sorted."""
    found, waiting = set(), [MAIN]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += IMPORT.findall(files[module])
    return sorted(found)


def _policy(page: str) -> str:
    """Allow the page's scripts by their hashes, its modules, styles and images, and no request of any kind."""
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in SCRIPT.findall(page))
    scripts = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {scripts} data:; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
