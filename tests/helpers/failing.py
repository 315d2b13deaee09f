"""Commands that must fail, for the tests of bad input."""

from pathlib import Path

from fixture_types import Cli


def fails(cli: Cli, naming: str, *arguments: str | Path, telling: str = "") -> None:
    """Run a command that must fail with status 1 and one line, which names what it is about."""
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: ")
    assert naming in line
    assert telling in line
