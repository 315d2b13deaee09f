"""The commands and the program of docs/large-data.md."""

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fixture_types import Cli

GUIDE = (Path(__file__).parents[2] / "docs" / "large-data.md").read_text("utf-8")


def test_the_program_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
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
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    for command in commands.splitlines():
        done = cli(*shlex.split(command, comments=True)[3:])
        assert done.returncode == (1 if "clear" in command else 0), done.stderr  # it was small: not converted
