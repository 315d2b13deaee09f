"""The blocks of code in the documents, and programs that must succeed without a warning."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def all_blocks(document: str) -> list[tuple[str, str]]:
    """Return the language and the text of every block, in their order."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    """Return the blocks in a language, e.g. ``"sh"``."""
    return [block for found, block in all_blocks(document) if found == language]


def output(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a program in a folder, which must print no warning, and return what it prints."""
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), command
    return done.stdout
