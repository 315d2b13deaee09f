"""Help and completion."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from failing import prints
from fixture_types import Cli
from handgrad.cli.completion import complete_data, complete_recipe
from handgrad.recipes.loading import LADDER
from program import commands


def test_help_of_every_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", False)  # which typer does on GitHub
    monkeypatch.setenv("COLUMNS", "80")
    program = prints(cli, "--help")
    assert cli().stdout == program
    for name, command in commands().items():
        assert len(command.help.split("\n")[0]) <= 45  # more would be cut in the reference of the commands
        assert name.split()[0] in program
        text = prints(cli, f"{name} --help")
        assert "......" not in text
        assert not re.search(r"<[\w\[\]]+>", text)  # a type of Python
    assert "─ Options ─" in prints(cli, "train -h")
    panels = prints(cli, "train --help")
    assert all(f"─ {panel} ─" in panels for panel in ("Data", "Recipe", "Run", "Output"))
    assert prints(cli, "--version").startswith("handgrad 0.")
    assert "--version" in program


def test_names_and_files_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("mine.toml", "sub/x.toml", "table.csv", "notes.txt"):
        (tmp_path / name).touch()
    assert complete_recipe("") == [*LADDER, "mine.toml", "sub/"]
    assert complete_recipe("m") == ["mlp", "mine.toml"]
    assert complete_recipe("sub/") == ["sub/x.toml"]
    assert complete_recipe(f"{tmp_path}/m") == [f"{tmp_path}/mine.toml"]
    assert complete_recipe("su") == complete_data("n") == []  # the shell completes paths
    assert complete_data("") == ["mnist", "fashion-mnist", "strokes", "table.csv", "sub/"]


@pytest.mark.slow
def test_the_installed_completion(tmp_path: Path) -> None:
    program = tmp_path / "handgrad"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m handgrad "$@"\n')
    program.chmod(0o755)

    def bash(command: str) -> str:
        environment = os.environ | {"HOME": str(tmp_path)}
        command = f"{command}; true"  # so that bash is the parent of the program, which looks for it
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True)
        assert not done.stderr
        return done.stdout

    assert "bash completion installed" in bash(f"{program} --install-completion")
    for words, completed in (
        ("tr", "train"),
        ("train conv", "convnet"),
        ("recipes show cl", "classic"),
        ("train --task m", "multilabel"),
        ("train --data str", "strokes"),
        ("evaluate RUN --split val", "validation"),
    ):
        line = f"COMP_WORDS=(handgrad {words}); COMP_CWORD={len(words.split())}"
        installed = "source ~/.bash_completions/handgrad.sh"
        assert bash(f'{installed}; {line}; _handgrad_completion {program}; echo "${{COMPREPLY[@]}}"') == (
            f"{completed}\n"
        )
