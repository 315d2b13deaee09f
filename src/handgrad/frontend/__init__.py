"""The page's files: HTML, CSS and ES modules, which the server sends and the HTML export bundles into one file.

Modules name each other ``handgrad/model/network.js``; an import map in ``index.html`` resolves these names. Generated
modules are in no file: Python writes them from its own declarations.
"""

import json
from functools import cache
from pathlib import Path

from handgrad.data.strokes.curves import SKELETONS
from handgrad.errors import HandgradError
from handgrad.frontend.layers_module import layers_module
from handgrad.frontend.worker_module import worker_module
from handgrad.kernels.native.library import FOLDER as NATIVE

FOLDER = Path(__file__).parent
KINDS = (".html", ".css", ".js")
KERNELS = NATIVE / "kernels.wasm"


@cache
def generated_modules() -> dict[str, str]:
    """Return the modules that are made from the library's declarations, or of others, by their paths."""
    skeletons = f"export const SKELETONS = {json.dumps([SKELETONS[digit] for digit in range(10)])};\n"
    made = {"generated/layers.js": layers_module(), "generated/skeletons.js": skeletons}
    return made | {"generated/worker.js": worker_module(_read() | made)}


def page_files() -> dict[str, str]:
    """Read the page's files, by their paths below this folder, such as ``model/network.js``, in order."""
    files = _read() | generated_modules()
    return {name: files[name] for name in sorted(files)}


def kernel_bytes() -> bytes:
    """Read the kernels of the page, or raise HandgradError where they were not compiled."""
    try:
        return KERNELS.read_bytes()
    except FileNotFoundError as error:
        need = "in a clone, uv sync --reinstall-package handgrad compiles it"
        raise HandgradError(
            f"{KERNELS.name}, which computes the page's networks, is missing; {need}"
        ) from error


def _read() -> dict[str, str]:
    found = [path for path in FOLDER.rglob("*") if path.suffix in KINDS]
    return {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in found}
