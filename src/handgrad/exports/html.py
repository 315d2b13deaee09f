"""HTML: a page to draw on, or a form, and the network in one file, which opens from disk and makes no requests.

The page's modules become ``data:`` URLs in an import map, its style sheets an element. The model file, in float32,
is in ``<script id="model">`` as base64; kernels and import map are compressed. A content security policy forbids
everything else.
"""

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from handgrad.data.columns import columns_of
from handgrad.errors import HandgradError
from handgrad.files import write_file
from handgrad.frontend import kernel_bytes, page_files
from handgrad.model.files import Recipe, model_bytes
from handgrad.model.network import Network

SHOWN = ("name", "loss")
"""The parts of a recipe that a page needs; others may name files of this machine."""

MOST_FIELDS = 200
"""Of a form; ``form/form.js`` has the same limit."""

STYLE_SHEET = re.compile(r'<link rel="stylesheet" href="\./static/([^"]+)">\n?')
MODULES = re.compile(r'<script type="importmap">.*?</script>\n<script type="module">.*?</script>', re.DOTALL)

START = """
addEventListener("DOMContentLoaded", async () => {
  const text = document.getElementById("modules").textContent;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const map = document.createElement("script");
  map.type = "importmap";
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  map.textContent = await new Response(unpacked).text();
  document.head.append(map);
  import("handgrad/main.js");
});
"""
"""The script that unpacks the import map, whose modules are `data:` URLs, and starts the page."""


def write_html(network: Network, path: Path, recipe: Recipe | None, accuracy: str | None) -> None:
    """Write a network, in float32, as a page, completely or not at all.

    One of 28×28 images, unless it is for regression, becomes a page to draw on, any other a form with a field for
    each column. The page shows the name of the recipe, or else of the file, and the accuracy, a text.
    """
    for_bytes = network.scaling is None or network.scaling.for_bytes
    drawable = network.example_shape == (1, 28, 28) and for_bytes and network.task != "regression"
    fields = len(columns_of(network.features)) or network.inputs
    if not drawable and fields > MOST_FIELDS:
        page = f"the page draws images of 28×28 bytes for classes or labels, or has a form of {MOST_FIELDS} fields"
        raise HandgradError(
            f"{page} at most; the model takes {fields} numbers or names; export it as onnx or c"
        )
    name = str((recipe or {}).get("name") or path.stem)
    attributes = f'type="application/octet-stream;base64" id="model" data-name="{escape(name)}"'
    if accuracy:
        attributes += f' data-accuracy="{escape(accuracy)}"'
    shown = {key: value for key, value in (recipe or {}).items() if key in SHOWN}
    embedded = f"<script {attributes}>{_base64(model_bytes(network, shown or None))}</script>"
    embedded += _packed("kernels", kernel_bytes())
    write_file(path, _bundle().replace("</body>", f"{embedded}\n</body>").encode())


def _bundle() -> str:
    """Return the page as one file."""
    files = page_files()
    page = files["index.html"]
    sheets = STYLE_SHEET.findall(page)
    style = "".join(files.get(sheet, "") for sheet in sheets)
    urls = {
        f"handgrad/{name}": f"data:text/javascript;base64,{_base64(text.encode())}"
        for name, text in files.items()
        if name.endswith(".js")
    }
    modules = json.dumps({"imports": urls})
    page = STYLE_SHEET.sub("", page)
    page = MODULES.sub(
        lambda found: f"{_packed('modules', modules.encode())}\n<script>{START}</script>", page
    )
    # the page's scripts by their hashes, its modules, styles and images, and no request of any kind
    scripts = (f"'sha256-{_base64(sha256(script.encode()).digest())}'" for script in (START, modules))
    policy = (
        f"default-src 'none'; script-src {' '.join(scripts)} 'wasm-unsafe-eval' data:; worker-src data:; "
        "style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    page = page.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{head}')
    return page.replace("</head>", f"<style>\n{style}</style>\n</head>")


def _packed(name: str, content: bytes) -> str:
    """Return an element with compressed content."""
    packed = _base64(gzip.compress(content, mtime=0))
    return f'<script type="application/gzip;base64" id="{name}">{packed}</script>'


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
