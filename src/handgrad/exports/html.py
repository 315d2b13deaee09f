"""HTML: the drawing page and the network in one file, which opens from disk and never asks a network.

The page's modules become ``data:`` URLs in its import map, its style sheets stand in it, and the model file, in
float32, is in ``<script id="model">`` as base64. A content security policy forbids everything else.
"""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.exports.layers import in_float32, writers_of
from handgrad.files import replacing
from handgrad.frontend import page_files
from handgrad.model import layers
from handgrad.model.files import Recipe, serialize_tensors
from handgrad.model.network import Network

LAYERS = {getattr(layers, name): name for name in layers.__all__ if name != "Layer"}
"""The library's own, all of which the page knows."""

MAIN = "main.js"
IMPORT = re.compile(r'^(?:import|export)\b[^;"(]*"handgrad/([^"]+)";', re.MULTILINE)
SHEET = re.compile(r'<link rel="stylesheet" href="\./static/([^"]+)">\n?')
IMPORT_MAP = re.compile(r'(<script type="importmap">).*?(</script>)', re.DOTALL)
SCRIPT = re.compile(r'<script type="(?:importmap|module)">(.*?)</script>', re.DOTALL)

Files = dict[str, str]


def write_html(
    network: Network, path: Path, recipe: Recipe | None = None, accuracy: str | None = None
) -> None:
    """Write a network as a page to draw on, whole or not at all.

    Parameters
    ----------
    network : Network
        Of pictures of 28×28.
    path : Path
        Customarily ``….html``; its folder must exist.
    recipe : mapping, optional
        What the network was trained by; the page tells its name, else the file's.
    accuracy : str, optional
        How good the network was found, and on which data, in a few words that the page tells.

    Raises
    ------
    HandgradError
        If the network takes something else, a layer is not one of the library's, or the file cannot be written.
    """
    text = build(network, str((recipe or {}).get("name") or path.stem), accuracy)
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8", newline="\n")


def build(network: Network, name: str, accuracy: str | None = None) -> str:
    """Build what `write_html` writes; `name` and `accuracy` are told beside the network."""
    if network.example_shape != (1, 28, 28) or (network.scaling and not network.scaling.for_bytes):
        shape = "×".join(map(str, network.example_shape))
        kind = "bytes" if not network.scaling or network.scaling.for_bytes else "numbers"
        raise HandgradError(
            f"the page draws pictures of 28×28 bytes, but the model takes {shape} {kind}; export it as onnx or c"
        )
    writers_of(network, LAYERS, "html")
    model = b64encode(serialize_tensors(*in_float32(network))).decode()
    facts = f'id="model" data-name="{escape(name)}"'
    if accuracy:
        facts += f' data-accuracy="{escape(accuracy)}"'
    embedded = f'<script type="application/octet-stream;base64" {facts}>{model}</script>'
    page = bundled(page_files())
    return page.replace("</body>", f"{embedded}\n</body>")


def bundled(files: Files) -> str:
    """Put the page, and of its modules and style sheets those that ``main.js`` needs at once, into one file.

    What ``main.js`` loads only where a server is there, by ``import(…)``, is left out.

    Parameters
    ----------
    files : dict of str
        The page's files by their paths.
    """
    modules = needed(files)
    rooms = {room_of(module) for module in modules}
    urls = {f"handgrad/{module}": data_url(files[module]) for module in modules}
    style = "".join(files[sheet] for sheet in SHEET.findall(files["index.html"]) if room_of(sheet) in rooms)
    page = SHEET.sub("", files["index.html"])
    page = IMPORT_MAP.sub(lambda found: found[1] + json.dumps({"imports": urls}) + found[2], page)
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">\n'
    page = page.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{head}')
    return page.replace("</head>", f"<style>\n{style}</style>\n</head>")


def needed(files: Files) -> list[str]:
    """Find the modules that ``main.js`` imports, and those that these import, in order."""
    found, waiting = set(), [MAIN]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += IMPORT.findall(files[module])
    return sorted(found)


def room_of(path: str) -> str:
    """Give the folder of a file of the page; of one in no folder, nothing."""
    return path.rpartition("/")[0]


def data_url(module: str) -> str:
    """Write a module as an address that holds it."""
    return f"data:text/javascript;base64,{b64encode(module.encode()).decode()}"


def policy(page: str) -> str:
    """Allow the page's own scripts by their hashes, its modules, styles and pictures, and no network of any kind."""
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in SCRIPT.findall(page))
    scripts = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {scripts} data:; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
