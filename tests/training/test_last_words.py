"""What is told when a rank is killed, and where it is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from served import eventually

DYING = """
import os, signal
from handgrad.training.last_words import LastWords
LastWords().__enter__().remember("gone")
os.kill(os.getpid(), signal.SIGKILL)
"""

OUTLET = "from handgrad.training import last_words; print(last_words._past_mpiexec()[0] is not None)"


def run(*command: str, where: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=where, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )


def test_a_process_that_is_killed_has_a_last_line(tmp_path: Path) -> None:
    done = run(sys.executable, "-c", DYING, where=tmp_path)
    assert (done.returncode, done.stderr) == (-9, "gone\n")


def test_so_has_a_rank(mpiexec: str, tmp_path: Path) -> None:
    done = run(mpiexec, "-n", "1", sys.executable, "-c", DYING, where=tmp_path)
    assert done.stderr.splitlines().count("gone") == 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds mpiexec in /proc")
def test_it_goes_past_mpiexec_unless_it_was_sent_elsewhere(mpiexec: str, tmp_path: Path) -> None:
    rank = (sys.executable, "-c", OUTLET)
    assert run(mpiexec, "-n", "1", *rank, where=tmp_path).stdout == "True\n"
    redirected = ("sh", "-c", 'exec "$0" "$@" 2>log', *rank)
    assert run(mpiexec, "-n", "1", *redirected, where=tmp_path).stdout == "False\n"
    assert run(*rank, where=tmp_path).stdout == "False\n"


WRITES_LATER = """
import subprocess, sys, time
rank = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
time.sleep(0.2)  # mpiexec notices, and says so in words of its own
print("mpiexec: one of the processes terminated badly; aborting", file=sys.stderr)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds mpiexec in /proc")
def test_in_a_file_nobody_writes_over_it(tmp_path: Path) -> None:
    """A file that was opened to write, as a shell does, has a place of its own for each who opens it."""
    (tmp_path / "mpiexec").symlink_to(sys.executable)  # a process of that name
    with (tmp_path / "log").open("w") as log:
        command = [str(tmp_path / "mpiexec"), "-c", WRITES_LATER, sys.executable, "-c", DYING]
        subprocess.run(command, stderr=log, check=True, timeout=60)
    told = eventually((tmp_path / "log").read_text, lambda text: "gone" in text)
    assert told.splitlines() == [
        "mpiexec: one of the processes terminated badly; aborting",
        "gone",
    ]
