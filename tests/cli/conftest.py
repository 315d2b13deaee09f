"""The program in this process, which has imported everything already; `process` runs a real one."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from fixture_types import Cli
from handgrad.cli.main import main
from rank_fixtures import begin, environment, mpi, mpiexec

__all__ = ["begin", "environment", "mpi", "mpiexec"]


@pytest.fixture
def cli(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """Run ``handgrad`` in `tmp_path` and in this process, without a data set to be found."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
        given = list(map(str, arguments))
        with monkeypatch.context() as context:
            for name, value in environment.items():
                context.setenv(name, value)
            status = main(given)
        return CompletedProcess(given, status, *capsys.readouterr())

    return run
