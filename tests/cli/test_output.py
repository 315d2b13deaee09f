"""Numbers, tables and JSON as the command line prints them, and standard output that cannot be written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fixture_types import Cli
from handgrad.cli.output import emit, emit_json, error_line, significant, table
from handgrad.errors import printable

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-52.0, "-52"),
        (0.99999, "1"),
        (0.00123456, "0.001235"),
        (2004.0, "2004"),
        (12345.678, "12,346"),
        (1234567.8, "1,234,568"),
        (99999999.0, "1e+08"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
    ],
)
def test_four_digits_without_an_exponent_where_people_write_none(value: float, text: str) -> None:
    assert significant(value) == text
    assert significant(-value, sign="+").lstrip("+-") == text.lstrip("-")


def test_control_characters_never_reach_the_terminal(capsys: Capture) -> None:
    evil = "\x1b]0;title\x07a\x9b2J\u202eb"
    assert printable("größer\n→ 1×2") == "größer\n→ 1×2"
    emit(evil)
    emit(table([evil, "n"], [["a", "1"]]))
    assert table(["name", "n"], [["a", "1"], ["b", "1,000"]]) == "name      n\na         1\nb     1,000"
    printed = capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\u202e"}
    line = error_line("wrong:\x1b[31m\n  " + "y" * 2_300)
    assert len(line) <= 300
    assert line.startswith("handgrad: wrong:\N{REPLACEMENT CHARACTER}[31m yyy")


def test_json_is_always_valid(capsys: Capture) -> None:
    emit_json({"a": float("nan"), "b": [1.5, float("-inf")], "c": {"d": "\x1b\u202e"}, "e": True})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert json.loads(line) == {"a": None, "b": [1.5, None], "c": {"d": "\x1b\u202e"}, "e": True}


def shell(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    program = ["bash", "-c", f"{sys.executable} -m handgrad {command}"]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
@pytest.mark.parametrize("command", ["--help", "train --data strokes:300:1 --steps 5 --out RUN"])
def test_without_output_a_run_is_complete_or_absent(tmp_path: Path, redirection: str, command: str) -> None:
    done = shell(tmp_path, f"{command} {redirection}")
    assert len(done.stderr.splitlines()) == done.returncode == (redirection == "> /dev/full")
    assert "write" in done.stderr or not done.returncode
    assert (tmp_path / "RUN" / "model.safetensors").exists() == (not done.returncode and "RUN" in command)


def test_without_an_error_stream_nothing_is_printed(tmp_path: Path) -> None:
    done = shell(tmp_path, "trian 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_reader_that_has_gone_is_not_a_failure(tmp_path: Path) -> None:
    done = shell(tmp_path, "train --data strokes:300:1 --steps 2000 --json | head -n 1")
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert (tmp_path / "runs" / "classic-1" / "model.safetensors").exists()


def test_an_output_without_unicode(process: Cli) -> None:
    done = process("check", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "10?784" in done.stdout
