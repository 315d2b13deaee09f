"""What is printed: no control characters, valid JSON, aligned tables."""

import io
import json
import re
import sys

import numpy as np
import pytest
from rich.text import Text

from handgrad.cli.drawing import draw_signed
from handgrad.cli.output import emit, emit_json, printable, table

Capture = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_control_characters_never_reach_the_terminal(capsys: Capture) -> None:
    evil = "\x1b]0;title\x07a\x9b2J\u202eb"
    assert printable(evil).isprintable()
    assert printable("größer\n→ 1×2") == "größer\n→ 1×2"
    emit(evil)
    emit(Text(evil, "bold"))
    emit(table([evil, "n"], [[evil, "1"]]))
    printed = capsys.readouterr().out
    assert "title" in printed
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_json_is_always_valid(capsys: Capture) -> None:
    emit_json({"a": float("nan"), "b": [1.5, float("-inf")], "c": {"d": "\x1b"}, "e": True})
    (line,) = capsys.readouterr().out.splitlines()
    assert "\x1b" not in line
    assert json.loads(line) == {"a": None, "b": [1.5, None], "c": {"d": "\x1b"}, "e": True}


def test_tables_are_aligned(capsys: Capture) -> None:
    emit(table(["name", "n"], [["a", "1"], ["[bold]", "1,000"]]))
    assert capsys.readouterr().out.splitlines() == ["name        n", "a           1", "[bold]  1,000"]


def test_a_terminal_gets_colours_and_the_same_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = draw_signed(np.array([[1.0, -1.0, 0.3, 0.0]]), np.array([[0, 0, 1, 1]]))
    for stream, coloured in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(sys, "stdout", stream)
        emit(line)
        printed = stream.getvalue()
        assert ("\x1b[" in printed) == coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", printed) == "╋╋━━+░░░\n"
