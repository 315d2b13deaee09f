"""Processes as a user starts them: the environment of the bench's workers does not reach them."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.worker import POOLS


def environment(threads=None):
    """Return environment variables for all threads, or for a number of them.

    PYTHONDONTWRITEBYTECODE goes, because an installed library has its bytecode beside it.
    """
    kept = {key: value for key, value in os.environ.items() if key not in (*POOLS, "PYTHONDONTWRITEBYTECODE")}
    return kept | (dict.fromkeys(POOLS, str(threads)) if threads else {})


def run_python(*arguments, threads=None):
    """Run a Python process and return its output."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment(threads),
    )
    return done.stdout


@contextmanager
def new_folder():
    """Provide the path of a run folder that does not exist yet."""
    with TemporaryDirectory() as name:
        yield Path(name) / "run"
