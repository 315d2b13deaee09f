"""The program in this process, which has imported everything already; `process` and `begin` start a real one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixture_types import Begin, Cli
from handgrad.cli.main import main
from rank_fixtures import mpi, mpiexec

__all__ = ["mpi", "mpiexec"]


@pytest.fixture
def cli(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Run ``handgrad`` in `tmp_path` and in this process, without a data set to be found."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        given = list(map(str, arguments))
        return subprocess.CompletedProcess(given, main(given), *capsys.readouterr())

    return run


@pytest.fixture
def begin(tmp_path: Path, offline: None) -> Iterator[Begin]:
    """Start a program that trains in `tmp_path` with ``--json``, and wait for a number of records."""
    begun: list[subprocess.Popen[str]] = []

    def start(*command: str, records: int = 1) -> "subprocess.Popen[str]":
        pipes: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen([*command, "--json"], cwd=tmp_path, text=True, **pipes)
        begun.append(process)
        assert process.stdout
        for _ in range(records):
            assert process.stdout.readline()
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()
