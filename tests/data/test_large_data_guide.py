"""The commands and the program of docs/large-data.md."""

import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from documents import blocks
from fixture_types import Cli

GUIDE = "docs/large-data.md"


def test_the_program_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = blocks(GUIDE, "python")
    names: dict[str, object] = {}
    exec(program, names)
    assert len(names["records"]) == 2  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_commands_work(cli: Cli, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{k}": rng.normal(size=11_000) for k in range(4)}
    table = pl.DataFrame({"label": rng.integers(0, 3, 11_000)} | columns)
    table.write_csv(tmp_path / "big.csv")
    table[:100].write_csv(tmp_path / "held-out.csv")
    (commands,) = blocks(GUIDE, "sh")
    for command in commands.splitlines():
        done = cli(*shlex.split(command, comments=True)[3:])
        assert done.returncode == (1 if "clear" in command else 0), done.stderr  # it was small: not converted
