"""What is told when a rank is killed: the others are ended with it at once, and none can speak any more."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from stat import S_ISFIFO, S_ISREG

SCRIPT = """while read -r line; do last=$line; done
[ -n "$last" ] || exit 0
tries=0
while [ $tries -lt 100 ] && kill -0 "$1" 2>/dev/null; do tries=$((tries + 1)); sleep 0.05; done
printf "%s\\n" "$last" >&2
"""
"""Remembers the last line that it is given, and prints it once there is nobody left to give it another.

If it was given a process, too, it first lets that end, for five seconds at the most.
"""


class LastWords:
    """A shell beside this process that outlives it, and prints one line unless it is told that all is well.

    Only where there is a POSIX shell; elsewhere what mpiexec itself prints must do.
    """

    def __init__(self) -> None:
        self._shell: subprocess.Popen[str] | None = None

    def __enter__(self) -> "LastWords":
        if os.name == "posix":
            outlet, writer = _past_mpiexec()
            self._shell = subprocess.Popen(
                ["sh", "-c", SCRIPT, "sh", writer],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=outlet,
                start_new_session=True,  # what ends this process's group spares it
                text=True,
            )
            if outlet is not None:
                os.close(outlet)
        return self

    def remember(self, line: str) -> None:
        """Say what is to be printed from now on; an empty line for nothing."""
        if self._shell and self._shell.stdin:
            try:
                self._shell.stdin.write(line + "\n")
                self._shell.stdin.flush()
            except OSError:  # somebody has killed it; training goes on without
                self._shell.stdin = None

    def __exit__(self, *_: object) -> None:
        self.remember("")
        if self._shell and self._shell.stdin:
            self._shell.stdin.close()
            self._shell.wait()


def _past_mpiexec() -> tuple[int | None, str]:
    """Open what mpiexec on this machine has as standard error; None where that cannot be found, or is not ours.

    A line to this process's own standard error goes through mpiexec, which passes nothing on once it has given up
    itself, as it does at once where a rank of another machine was killed.

    With it comes the number of a process, mpiexec, that is to end first, or nothing: into a file it may write where
    we have written, since each of us has a place of its own there.
    """
    with suppress(OSError, ValueError):
        if not S_ISFIFO(os.fstat(2).st_mode):  # redirected by the user, or no mpiexec between
            return None, ""
        pid = os.getppid()
        while pid > 1:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
            if name.startswith(("mpiexec", "mpirun")):
                outlet = os.open(f"/proc/{pid}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
                return outlet, str(pid) if S_ISREG(os.fstat(outlet).st_mode) else ""
            pid = int(rest.split()[1])
    return None, ""
