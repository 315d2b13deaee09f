"""Error lines: printable, and short with what matters."""

from pathlib import Path

import pytest

import handgrad as hg
from handgrad.errors import installation, one_line, quoted


def test_a_line_keeps_file_name_and_reason() -> None:
    path = f"/folder{'/long' * 60}/table.csv"
    line = one_line(f"{path} is not valid:\n  {'x ' * 40}; correct it")
    assert line.isprintable()
    assert len(line) <= 290
    assert "/table.csv is not valid: x x" in line
    assert line.endswith("x ; correct it")
    assert len(one_line("word " * 1000)) == 290


def test_names_are_kept_and_commands_to_a_terminal_are_not() -> None:
    assert one_line(" a  b\u200cc\x1b[0m\u202e\n d\u2028e\xa0f") == "a  b\u200cc\ufffd[0m\ufffd d e f"
    assert str(hg.HandgradError(ValueError("cause"))) == "cause"
    assert quoted("x" * 99) == f"'{'x' * 29}…'"


CLONE = '{"url": "file:///home/handgrad", "dir_info": {"editable": true}}'


@pytest.mark.parametrize(
    ("installer", "source", "command"),
    [
        ("uv\n", CLONE, "uv sync --inexact --extra plot"),
        ("uv\n", None, "uv pip install 'handgrad[plot]'"),
        ("pip\n", CLONE, "pip install 'handgrad[plot]'"),
        ("pip\n", None, "pip install 'handgrad[plot]'"),
        (None, None, "pip install 'handgrad[plot]'"),
    ],
)
def test_the_command_that_installs_an_extra_fits_the_environment(
    installer: str | None, source: str | None, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "handgrad-1.dist-info"
    if installer:
        installed.mkdir()
        for name, text in (
            ("METADATA", "Name: handgrad\n"),
            ("INSTALLER", installer),
            ("direct_url.json", source),
        ):
            if text is not None:
                (installed / name).write_text(text)
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert installation("plot") == command
