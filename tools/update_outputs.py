"""Run documents, and write what their blocks print into the outputs that they show.

    PYTHONPATH=tests/helpers uv run --group dev python tools/update_outputs.py DOCUMENT …

A document is e.g. docs/guide/data.md. Outputs that leave lines out (`…`) are not changed; those that differ are
listed.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from documents import ROOT
from outputs import difference
from walk import Walk


def main(document: str) -> None:
    """Update one document."""
    with TemporaryDirectory() as here:
        walk = Walk(document, Path(here))
    path = ROOT / document
    lines = path.read_text("utf-8").splitlines(keepends=True)
    for block, printed in reversed(walk.outputs):  # from the end, so that the numbers of lines stay
        if "…" not in block.text:
            lines[block.line : block.line + len(block.text.splitlines())] = [printed.strip("\n") + "\n"]
        elif found := difference(block.text, printed, block.tolerance):
            print(f"{document}:{block.line}: {found}")
    path.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        main(argument)
