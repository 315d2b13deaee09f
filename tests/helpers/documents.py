"""The blocks of code in the documents, and programs that must succeed without a warning."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FENCED = re.compile(
    r"^(?:<!-- numbers within (?P<percent>\d+) % -->\n)?^```(?P<language>[^`\s]*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block: its language, its text, the tolerance of its numbers, and its line in the document."""

    language: str
    text: str
    tolerance: float
    line: int

    @property
    def file(self) -> str | None:
        """The file that it is written to, which a comment in its first line names: ``# plants.py``."""
        named = re.match(r"(?:#|/\*) ([\w/-]+\.\w+)(?: \*/)?\n", self.text)
        return named and named[1]

    @property
    def commands(self) -> list[str]:
        """The commands of a block of ``sh``."""
        return [line for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]


def documents() -> list[str]:
    """Return the README and all pages of the documentation that are not generated."""
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/[a-z]*/**/*.md")]
    generated = [
        ROOT / "docs" / name for name in ("gallery", "reference", "learn/exercises", "api/generated")
    ]
    found = [page.relative_to(ROOT).as_posix() for page in pages if page.parent not in generated]
    return ["README.md", *sorted(found)]


def all_blocks(document: str) -> list[Block]:
    """Return every fenced block that is not a directive of the documentation, in their order."""
    text = (ROOT / document).read_text("utf-8")
    return [
        Block(
            found["language"],
            found["text"],
            int(found["percent"] or 5) / 100,
            text.count("\n", 0, found.start("language")) + 1,
        )
        for found in FENCED.finditer(text)
        if not found["language"].startswith("{")
    ]


def blocks(document: str, language: str) -> list[str]:
    """Return the blocks in a language, e.g. ``"sh"``."""
    return [block.text for block in all_blocks(document) if block.language == language]


def output(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a program in a folder, which must print no warning, and return what it prints."""
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), command
    return done.stdout
