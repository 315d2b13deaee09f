"""Follow a document: write its files, run its commands, and compare what they print with what it shows."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeAlias

from c_compiler import compiler
from documents import ROOT, Block, all_blocks
from outputs import difference

Run: TypeAlias = Callable[[str, str], str]

PROGRAMS = {
    # `uv run` finds this Python; other commands, e.g. `uv sync`, install what is installed here
    "uv": """[ "$1" = run ] && shift || exit 0
        while :; do case "$1" in --extra|--group|--with) shift 2;; -*) shift;; *) exec "$@";; esac; done""",
    "pip": "",
    "pytest": "",  # runs this test, too
    "git": 'mkdir handgrad && ln -s "$PWD/examples" "$PWD/tools" "$PWD/docs" handgrad',  # clone
    "python": f'exec "{sys.executable}" "$@"',
    "handgrad": f"""
        [ "$1 $2" = "learn check" ] && {{ # whose status is 1 for a wrong solution
            "{sys.executable}" -m handgrad "$@"; [ $? -le 1 ]; exit; }}
        [ "$1" = serve ] || exec "{sys.executable}" -m handgrad "$@"
        "{sys.executable}" -m handgrad "$@" --port 0 > served.txt & # until it prints its address
        until grep -qs http served.txt; do kill -0 $! || exit 1; sleep 0.1; done
        kill $!; wait $! 2> /dev/null; sed -E 's/(127.0.0.1:)[0-9]+/\\18000/' served.txt""",
}
SHELL = """while IFS= read -r -d '' command; do eval "$command" < /dev/null || exit; printf '\\0'; done"""
PYTHON = r"""import os, sys
names = {"__name__": "__main__"}
while text := "".join(iter(lambda: sys.stdin.read(1) or sys.exit(), "\0")):
    folder, _, block = text.partition("\n")
    os.chdir(folder)
    exec(compile(block, "block", "exec"), names)
    print(end="\0", flush=True)
"""


class Walk:
    """Every block of a document, in order.

    Each line of ``sh`` is run in one shell, and each block of ``python`` in one session. A block whose first
    line is a comment with the name of a file is written to it. Any other block shows what the block directly
    before it prints. Blocks that import PyTorch are left out where it is not installed.

    Parameters
    ----------
    document : str
        The document, e.g. ``"docs/guide/data.md"``.
    here : Path
        The folder in which the shell begins.
    variables : str
        Environment variables.

    Attributes
    ----------
    outputs : list of (Block, str)
        The blocks that show an output, and what was printed.
    folder : Path
        The folder in which the shell ends.
    """

    def __init__(self, document: str, here: Path, **variables: str) -> None:
        env = os.environ | variables | {"PATH": f"{write_programs(here)}:{os.environ['PATH']}"}
        self.printed, self.outputs = "", list[tuple[Block, str]]()
        self.document = document
        start = partial(session, folder=here, env=env)
        last: str | None = ""
        with (
            start("bash", "-c", SHELL) as shell,
            start(sys.executable, "-W", "error", "-c", PYTHON) as python,
        ):
            for block in all_blocks(document):
                where = f"{document}:{block.line}"
                self.folder = Path(shell("pwd", where).strip())
                if block.file:
                    place = self.folder / block.file
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(block.text, "utf-8")
                    last = ""
                elif block.language == "sh":
                    last = "".join(self._command(shell, line, where) for line in block.commands)
                elif block.language == "python":
                    torch_missing = "import torch" in block.text and find_spec("torch") is None
                    last = None if torch_missing else python(f"{self.folder}\n{block.text}", where)
                elif last is not None:
                    self.outputs.append((block, last))

    def _command(self, shell: Run, command: str, where: str) -> str:
        printed = shell(command, where)
        self.printed += f"$ {command}\n{printed}"
        return printed

    @property
    def differences(self) -> list[str]:
        """The outputs in the document that are not those of its commands, a line for each."""
        found = ((block, difference(block.text, printed, block.tolerance)) for block, printed in self.outputs)
        return [f"{self.document}:{block.line}: {text}" for block, text in found if text]

    def after(self, command: str) -> str:
        """Return what a command printed."""
        return self.printed.partition(f"$ {command}")[2].partition("\n")[2].partition("\n$ ")[0]


@contextmanager
def session(*command: str, folder: Path, env: dict[str, str]) -> Iterator[Run]:
    """Start a shell or Python, which keeps its folder and variables from one text to the next."""
    pipe = subprocess.PIPE
    with (
        TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            command, cwd=folder, env=env, stdin=pipe, stdout=pipe, stderr=errors, encoding="utf-8"
        ) as process,
    ):

        def run(text: str, where: str) -> str:
            """Run a text, which must succeed without a warning, and return what it prints."""
            assert process.stdin
            assert process.stdout
            process.stdin.write(text + "\0")
            process.stdin.flush()
            printed = ""
            while (character := process.stdout.read(1)) not in ("\0", ""):
                printed += character
            errors.seek(0)
            failed = errors.read()
            assert character and not failed, f"{where}: {text}\n{printed}\n{failed}"  # noqa: PT018
            return printed

        yield run


def write_programs(here: Path) -> Path:
    """Write the programs that commands call, and link the folders that they read."""
    programs = here / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    (programs / "cc").symlink_to(compiler())
    (here / "docs").mkdir()
    for name in ("examples", "tools", "docs/reports"):
        (here / name).symlink_to(ROOT / name)
    return programs
