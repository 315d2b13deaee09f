"""docs/cluster.md: its commands for one machine and for several, and its program, alone and on ranks."""

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

ONE, SEVERAL = blocks("docs/cluster.md", "sh")

STAND_IN = """#!/bin/sh
# for ssh: notes the machine, and starts there what is to run, which is here
while [ "${1#-}" != "$1" ]; do shift; done
echo "$1" >> '%s'
shift
exec sh -c "$*"
"""


@pytest.fixture
def machines(tmp_path: Path) -> dict[str, str]:
    """Settings by which mpiexec takes this machine for two; the guide's file of hosts is in `tmp_path`."""
    (hosts,) = (block for block in blocks("docs/cluster.md", "text") if re.fullmatch(r"(\w+:\d\n)+", block))
    (tmp_path / "hosts").write_text(hosts)
    program = tmp_path / "stand-in"
    program.write_text(STAND_IN % (tmp_path / "reached"))
    program.chmod(0o755)
    started = {"HYDRA_LAUNCHER": "ssh", "HYDRA_LAUNCHER_EXEC": str(program)}
    return started | {"UCX_TLS": "tcp,self"}  # over TCP, though memory that both see would do


def test_every_command_for_one_machine_works(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    for line in ONE.splitlines():
        _, _, *command = shlex.split(line)
        if command[0] == "mpiexec":
            assert command[1:4] == ["-n", "2", "handgrad"]
        done = mpi(2, *command[4:]) if command[0] == "mpiexec" else cli(*command[1:])
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert (tmp_path / "ranks.onnx").exists()


def test_every_command_for_several_machines_works(
    mpi: Mpi, cli: Cli, machines: dict[str, str], idx_folder: Path, tmp_path: Path
) -> None:
    """Every training but the last is cut short, so that there is something to resume."""
    steps = []
    for line in SEVERAL.replace("/shared", str(tmp_path)).splitlines():
        _, _, *command = shlex.split(line, comments=True)
        if command[0] == "mpiexec":
            at = command.index("handgrad")
            program = [*command[1:at], sys.executable, "-m", "handgrad"]
            done = mpi(program, *command[at + 1 :], "--time-limit", "0.001s", **machines)
        else:
            done = cli(*command[1:])
        assert (done.returncode, done.stderr) == (0, ""), line
        steps.append(load_records(tmp_path / "runs" / "two")[-1].step)
    assert sorted(set(steps)) == [1, 3, 4, 8]  # ranks stop one step later
    reached = (tmp_path / "reached").read_text().split()  # two at a time, in any order
    assert sorted(reached[:2]) == sorted(reached[2:4]) == ["node1", "node2"]
    assert reached[4:] == ["node1"]
    assert (tmp_path / "digits.onnx").exists()


def test_the_program_learns_alone_and_on_ranks(mpiexec: str, tmp_path: Path) -> None:
    (code,) = blocks("docs/cluster.md", "python")
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
