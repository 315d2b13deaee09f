"""Contestants take turns, each in a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from importlib import import_module
from statistics import median, quantiles
from time import sleep
from typing import Any

PAUSE = 0.05
"""Seconds between turns, in which the threads of the last one go to sleep."""


@dataclass
class Result:
    """What one contestant did in every turn.

    Parameters
    ----------
    name : str
    threads : int
    missing : str
        The library that is not installed; empty where it took part.
    turns : list of dict
        What it measured: seconds, and whatever else.
    ratio : float
        The median over the turns of its time to ours.
    best : bool
        Whether no other number of threads was better for it.
    """

    name: str
    threads: int
    missing: str = ""
    turns: list[dict[str, Any]] = field(default_factory=list)
    ratio: float = float("nan")
    best: bool = True

    def values(self, key: str = "seconds") -> list[float]:
        """Give one of the numbers of every turn."""
        return [turn[key] for turn in self.turns if key in turn]

    @property
    def median(self) -> float:
        """The middle of what is measured: seconds, or what else there is."""
        return median(next(iter(turn.values())) for turn in self.turns)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles."""
        values = [next(iter(turn.values())) for turn in self.turns]
        low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
        return low, high

    def as_dict(self) -> dict[str, Any]:
        """Give all of it, for JSON."""
        return asdict(self)


class Contestant:
    """A process that does one piece of work when it is told to."""

    def __init__(self, work: str, name: str, threads: int) -> None:
        self.result = Result(name, threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", work, name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> dict[str, Any]:
        """Wait for what it has to say."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.result.name} ended unasked; what it printed says why")
        return json.loads(line)

    def work(self) -> dict[str, Any]:
        """Let it work once."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """Send it home."""
        self.process.communicate()


def compete(work: str, cores: int, rounds: int, ours: str) -> list[Result]:
    """Let all contestants of a piece of work take turns: handgrad on so many cores, the others on one, too."""
    module, *numbers = work.split()
    names = import_module(f"bench.work.{module}").contestants(*map(int, numbers))
    contestants, results = [], []
    for name in names:
        for threads in sorted({cores} if name == ours else {1, cores}):
            contestant = Contestant(work, name, threads)
            contestant.result.missing = contestant.answer().get("missing", "")
            results.append(contestant.result)
            if contestant.result.missing:
                contestant.close()
                break
            contestant.work()  # warms caches and compilers up
            contestants.append(contestant)
    for _ in range(rounds):
        for contestant in contestants:
            sleep(PAUSE)
            contestant.result.turns.append(contestant.work())
    for contestant in contestants:
        contestant.close()
    rate(results, ours)
    return results


def rate(results: list[Result], ours: str) -> None:
    """Find out for each how it compares with ours, turn by turn, and how many threads suit it best."""
    mine = next(result for result in results if result.name == ours)
    there = [result for result in results if result.turns]
    for result in there:
        pairs = zip(result.turns, mine.turns, strict=True)
        result.ratio = median(next(iter(a.values())) / next(iter(b.values())) for a, b in pairs)
        result.best = result.median == min(other.median for other in there if other.name == result.name)
