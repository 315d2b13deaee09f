"""The blocks of code in the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def all_blocks(document: str) -> list[tuple[str, str]]:
    """Return the language and the text of every block, in their order."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    """Return the blocks in a language, e.g. ``"sh"``."""
    return [block for found, block in all_blocks(document) if found == language]
