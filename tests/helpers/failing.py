"""Commands that must succeed, commands and calls that must fail, and tests that a machine cannot run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from fixture_types import Cli
from handgrad.errors import HandgradError


def prints(cli: Cli, command: str, *arguments: str | Path) -> str:
    """Run a command and its further arguments without an error line, and return what it prints."""
    done = cli(*command.split(), *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def fails(cli: Cli, naming: str, *arguments: str | Path, detail: str = "", printed: bool = False) -> None:
    """Run a command that must fail with one line on standard error, which contains both texts."""
    done = cli(*arguments)
    assert done.returncode == 1, done.stderr
    assert printed or not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: ")
    assert naming in line, line
    assert detail in line, line


def misused(cli: Cli, word: str, *arguments: str | Path) -> None:
    """Run a command that must be refused as wrong usage, in a line that refers to the help."""
    done = cli(*arguments)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: ")
    assert word in line
    assert "--help" in line
    assert len(line) <= 300


def refusal(read: Callable[..., object], *arguments: Any, **options: Any) -> str:
    """Return the error of a call that must be refused, which is one line."""
    with pytest.raises(HandgradError) as caught:
        read(*arguments, **options)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    return line


def complaint(read: Callable[[Path], object], path: Path) -> str:
    """Return the line with which a file is refused, which names it once."""
    line = refusal(read, path)
    assert line.count(str(path)) == 1, line
    return line


def missing(what: str, reason: str) -> NoReturn:
    """Skip a test that this machine cannot run, or fail where HANDGRAD_REQUIRE_MNIST, for example, is 1."""
    (pytest.fail if os.environ.get(f"HANDGRAD_REQUIRE_{what}") == "1" else pytest.skip)(reason)
