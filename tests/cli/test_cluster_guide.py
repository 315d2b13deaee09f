"""docs/guide/cluster.md: its commands, with all ranks on this machine, and its program, alone and on ranks."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from documents import blocks
from fixture_types import Cli
from handgrad.training.records import load_records
from rank_fixtures import Mpi

pytestmark = pytest.mark.slow


def test_every_command_works(mpi: Mpi, cli: Cli, idx_folder: Path, tmp_path: Path) -> None:
    """Every training on ranks is cut short, so that there is something to resume."""
    text = "\n".join(blocks("docs/guide/cluster.md", "sh")).replace("/shared", str(tmp_path))
    steps = []
    for line in filter(None, text.splitlines()):
        _, _, *command = shlex.split(line.replace("-f hosts ", ""), comments=True)
        if command[0] == "mpiexec":
            assert (command[1], command[3]) == ("-n", "handgrad")
            done = mpi(int(command[2]), " ".join([*command[4:], "--time-limit 0.001s"]))
        else:
            done = cli(*command[1:])
        assert (done.returncode, done.stderr) == (0, ""), line
        if log := re.search(r"\S*runs/two\b", line):
            records = load_records(log[0])  # none where the time was over before the first step
            steps.append(records[-1].step if records else -1)
    assert steps == sorted(steps)
    assert steps[0] < steps[-1] == 8
    assert (tmp_path / "ranks.onnx").exists()
    assert (tmp_path / "digits.onnx").exists()


def test_the_program_learns_alone_and_on_ranks(mpiexec: str, tmp_path: Path) -> None:
    (code,) = blocks("docs/guide/cluster.md", "python")
    (tmp_path / "program.py").write_text(code)
    losses = []
    for launcher in ([], [mpiexec, "-n", "2"]):
        command = [*launcher, sys.executable, "program.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        *lines, _ = done.stdout.splitlines()
        losses.append([float(line.split()[1]) for line in lines])
        assert (tmp_path / "model.safetensors").exists()
    assert len(losses[0]) == 3
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
