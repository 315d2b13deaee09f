"""All commands and programs of docs/guide/exports.md."""

import os
import re
import shlex
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from c_compiler import compile_c, compiler
from documents import ROOT, all_blocks, output
from fixture_types import Cli


@pytest.mark.slow
def test_commands_and_programs_of_the_guide(cli: Cli, mnist_place: dict[str, str], tmp_path: Path) -> None:
    compiler()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "cc").symlink_to(compiler())
    call = partial(output, folder=tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}", **mnist_place)
    printed = ""

    for language, block, *_ in all_blocks("docs/guide/exports.md"):
        if language == "text":
            size = r"as c, [\d,]+ bytes"  # of text, which depends on the digits of the weights
            assert re.sub(size, "", printed) == re.sub(size, "", block)
        elif language == "c":
            (tmp_path / "program.c").write_text(block)
            assert re.fullmatch(r"\d: \d+\.\d %\n", call(str(compile_c(tmp_path / "program.c"))))
        elif language == "python":
            if "torch" in block and find_spec("torch") is None:
                continue
            answer = call(sys.executable, "-c", block)
            assert "print" not in block or re.search(r"^98\.\d\d%$", answer, re.MULTILINE)
        else:
            for line in block.splitlines():
                command = shlex.split(line, comments=True)
                if command[:3] == ["uv", "run", "handgrad"]:
                    done = cli(*command[3:], **mnist_place)
                    assert (done.returncode, done.stderr) == (0, ""), line
                    printed = done.stdout if "--int8" in command else printed
                    assert command[3] != "predict" or re.search(r"png +7 ", done.stdout)
                else:
                    answer = call(*command)
                    assert command[0] != "./predict" or re.search(r"^7 .*<-$", answer, re.MULTILINE)
    image = (tmp_path / "digit.pgm").read_bytes()[-784:]
    headers = (b"P5 27 28 255\n", b"P5 28 28 65535\n", b"P5 99999999999999999999 28 255\n", b"P2 28 28 255\n")
    for content in (b"", b"P5 ", image[1:], image + b"7", *(header + image for header in headers)):
        (tmp_path / "digit.pgm").write_bytes(content)
        done = subprocess.run(["./predict", "digit.pgm"], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
