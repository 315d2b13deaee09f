"""docs/cluster.md: its commands for one machine, and its program, alone and on ranks."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Cli
from rank_fixtures import Mpi

GUIDE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text("utf-8")


@pytest.mark.slow
def test_every_command_for_one_machine_works(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    for line in commands.splitlines():
        _, _, *command = shlex.split(line)
        if command[0] == "mpiexec":
            assert command[1:4] == ["-n", "2", "handgrad"]
            done = mpi(2, *command[4:])
        else:
            done = cli(*command[1:])
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert (tmp_path / "ranks.onnx").exists()


def test_the_program_learns_alone_and_on_ranks(mpiexec: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "program.py").write_text(code)
    told = []
    for launcher in ([], [mpiexec, "-n", "2"]):
        command = [*launcher, sys.executable, "program.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        told.append(done.stdout.splitlines())
        assert (tmp_path / "model.safetensors").exists()
    alone, ranks = told
    assert len(alone) == len(ranks) == 4
    losses = [[float(line.split()[1]) for line in lines[:3]] for lines in told]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
