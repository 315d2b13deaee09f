"""Read damaged files in a process that is watched; ``python tests/hostile/fuzzing.py READER FIRST LAST`` takes long.

A case is the name of a reader and a seed, which choose the file and its damage.
"""

import os
import resource
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from handgrad.errors import HandgradError
from mutations import mutate
from readers import READERS

SECONDS, MEMORY, LENGTH = 1.0, 300, 300
"""What a case may take: of a processor, MB of memory above those before, and characters of its message."""
PATIENCE = 30.0
"""Seconds after which a process that reports nothing is ended."""
ADDRESSES = 12 * 2**30
"""Bytes that a process may allocate, so that a reader does not stop the machine."""

Case = tuple[str, int]


def fuzz(cases: Iterable[Case]) -> list[str]:
    """Read the file of each case, and return a line for each that has a problem."""
    waiting, problems, spawn = deque(cases), list[str](), get_context("spawn")
    while waiting:
        here, there = spawn.Pipe(duplex=False)
        process = spawn.Process(target=work, args=(there, list(waiting)))
        process.start()
        there.close()
        problem, ended = "", False
        while waiting and not ended:
            try:
                ended = not here.poll(PATIENCE)
                problem = "it does not end" if ended else here.recv()
            except EOFError:
                process.join()
                assert process.exitcode != 1, "it failed outside of a reader, e.g. at valid files"
                problem, ended = f"the process ended with status {process.exitcode}", True
            name, seed = waiting.popleft()
            if problem:
                problems.append(f"{name} {seed}: {problem}")
        process.kill()
        process.join()
    return problems


def work(pipe: Connection, cases: list[Case]) -> None:
    """Send the problem of each case, "" where there is none."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryFile() as printed:
        os.environ |= {"HANDGRAD_CACHE": f"{place}/cache", "HANDGRAD_DATA": place}
        files = {
            name: _write_files(name, Path(place, name)) for name in dict.fromkeys(name for name, _ in cases)
        }
        os.dup2(printed.fileno(), 2)
        for name, seed in cases:
            rng = Random(f"{name} {seed}")
            path = rng.choice(list(files[name]))
            path.write_bytes(mutate(path.name, files[name][path], rng))
            pipe.send(_problem(name, path))
            path.write_bytes(files[name][path])


def _write_files(name: str, folder: Path) -> dict[Path, bytes]:
    """Write the files of a reader and read them, so that all modules are loaded; return their contents."""
    folder.mkdir()
    READERS[name].write(folder)
    files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    for path in files:
        READERS[name].read(path)
    return files


def _problem(name: str, path: Path) -> str:
    """Read a file, and return what is wrong with that."""
    line, seconds, memory = measured(READERS[name].read, path)
    if printed := os.pread(2, 1000, 0):
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)
        return f"it prints {printed!r}"
    if not line.isprintable() or not 0 < len(line) <= LENGTH:
        return f"the message has {len(line)} characters: {line[:1000]!r}"
    return f"it takes {seconds:.1f} s and {memory:.0f} MB" if seconds > SECONDS or memory > MEMORY else ""


def measured(read: Callable[[Path], object], path: Path) -> tuple[str, float, float]:
    """Read a file; return the message if it is refused, seconds of a processor, and MB above those before."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak of memory
    line, before = "-", _usage()
    try:
        read(path)
    except HandgradError as error:
        line = str(error)
    except BaseException as error:
        line = f"{type(error).__name__}:\n{error}"  # more than one line
    after = _usage()
    return line, after[0] - before[0], after[1] - before[1]


def _usage() -> tuple[float, float]:
    """Return seconds of a processor and the peak of memory in MB, of this process and its children."""
    times, status = os.times(), Path("/proc/self/status").read_text()
    peak = (
        int(status.partition("VmHWM:")[2].split()[0]) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    )
    return sum(times[:4]), peak / 1024


if __name__ == "__main__":
    name, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    problems = fuzz((name, seed) for seed in range(first, last))
    print(*problems, f"{name}: {last - first:,} files, {len(problems)} problems", sep="\n")
