"""Follow a document: write its programs, run its commands, and look at what they print."""

import os
import re
import sys
from pathlib import Path

from c_compiler import compiler
from documents import ROOT, all_blocks, output

NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]\d+)?")


class Walk:
    """Every command of a document, run in order; programs are written when their block comes.

    Parameters
    ----------
    document : str
        Its first command creates and enters `folder`.
    """

    def __init__(self, document: str, here: Path, folder: str) -> None:
        programs = here / "programs"  # with which `uv run` finds this Python, and `cc` a compiler
        programs.mkdir()
        for name, what in (
            ("uv", '[ "$1" = run ] && shift && exec "$@"'),
            ("python", f'exec "{sys.executable}" "$@"'),
            ("handgrad", f'exec "{sys.executable}" -m handgrad "$@"'),
        ):
            (programs / name).write_text(f"#!/bin/sh\n{what}\n")
            (programs / name).chmod(0o755)
        (programs / "cc").symlink_to(compiler())
        (here / "examples").symlink_to(ROOT / "examples")
        path = f"{programs}:{os.environ['PATH']}"
        blocks = all_blocks(document)
        commands = "".join(block for language, block in blocks if language == "sh")
        self.folder, self.printed = here / folder, ""
        self.texts = [block for language, block in blocks if language == "text"]
        for language, block in blocks:
            if language in ("python", "c"):
                (self.folder / block.split()[1]).write_text(block, "utf-8")
                assert block.split()[1] in commands
            elif language == "sh":
                for command in block.splitlines():
                    where = self.folder if self.folder.exists() else here
                    self.printed += f"$ {command}\n" + output("bash", "-ec", command, folder=where, PATH=path)

    def after(self, command: str) -> str:
        """Return what a command printed."""
        return self.printed.partition(f"$ {command}")[2].partition("\n")[2].partition("\n$ ")[0]

    def prints(self, text: str, tolerance: float) -> bool:
        """Whether lines like these were printed, with numbers that differ at most by a fraction."""
        printed, wanted = NUMBER.sub(" # ", self.printed).split(), NUMBER.sub(" # ", text).split()
        numbers, expected = numbers_of(self.printed), numbers_of(text)
        for start in range(len(printed)):
            if printed[start : start + len(wanted)] == wanted:
                first = printed[:start].count("#")
                found = numbers[first : first + len(expected)]
                pairs = zip(found, expected, strict=True)
                if all(abs(a - b) <= tolerance * abs(b) for a, b in pairs):
                    return True
        return False


def numbers_of(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]
