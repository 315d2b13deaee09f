"""Contestants take turns, each in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from statistics import median, quantiles
from time import sleep
from typing import Any

PAUSE = 0.3
"""Seconds between turns, in which the threads of the last one go to sleep."""


@dataclass
class Result:
    """The measurements of one contestant.

    Parameters
    ----------
    name : str
    threads : int
    missing : str
        What is not installed or not available; empty if the contestant took part.
    turns : list of dict
        The measurements of each turn; the first value is the one to compare, e.g. seconds.
    ratio : float
        The median over the turns of its value divided by that of handgrad.
    best : bool
        Whether no other number of threads was better for this contestant.
    """

    name: str
    threads: int
    missing: str = ""
    turns: list[dict[str, Any]] = field(default_factory=list)
    ratio: float = float("nan")
    best: bool = True

    def values(self, key: str = "seconds") -> list[float]:
        """Return one of the values of every turn."""
        return [turn[key] for turn in self.turns if key in turn]

    @property
    def median(self) -> float:
        """The median of the first value."""
        return median(next(iter(turn.values())) for turn in self.turns)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles of the first value."""
        values = [next(iter(turn.values())) for turn in self.turns]
        low, _, high = quantiles(values, n=4) if len(values) > 1 else values * 3
        return low, high

    def as_dict(self) -> dict[str, Any]:
        """Return all fields, for JSON."""
        return asdict(self)


class Contestant:
    """A process that does one piece of work on request.

    Parameters
    ----------
    work : str
        A module of `bench.work`, and the numbers that its functions take.
    name : str
        The key in the module's contestants.
    threads : int
    kernels : str, optional
        The value of HANDGRAD_KERNELS in the process. Other sets than "native" are part of the displayed name.
    """

    def __init__(self, work: str, name: str, threads: int, kernels: str = "native") -> None:
        self.result = Result(name if kernels == "native" else f"{name}, {kernels}", threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", work, name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"HANDGRAD_KERNELS": kernels},
        )

    def answer(self) -> dict[str, Any]:
        """Wait for one line of output."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.result.name} ended early; see its messages above")
        return json.loads(line)

    def work(self) -> dict[str, Any]:
        """Run the work once."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def compete(
    work: str, cores: int, rounds: int, ours: str, instruction_sets: Sequence[str] = ()
) -> list[Result]:
    """Measure all contestants of a piece of work in turns.

    Parameters
    ----------
    work : str
        A module of `bench.work`, and the numbers that its functions take.
    cores : int
        The threads of `ours`; the others run with one thread and with this number.
    rounds : int
    ours : str
        The contestant that the others are compared with.
    instruction_sets : sequence of str
        Besides the best instruction set, `ours` is measured with these, e.g. ``("v3",)``.
    """
    module, *numbers = work.split()
    contestants, results = [], []
    for name in import_module(f"bench.work.{module}").contestants(*map(int, numbers)):
        mine = name == ours
        for kernels in ("native", *instruction_sets) if mine else ("native",):
            for threads in sorted({cores} if mine else {1, cores}):
                contestant = Contestant(work, name, threads, kernels)
                contestant.result.missing = contestant.answer().get("missing", "")
                results.append(contestant.result)
                if contestant.result.missing:
                    contestant.close()
                    break
                contestant.work()  # warms caches up
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
    """Compute each ratio to ours, turn by turn, and find the best number of threads."""
    mine = next(result for result in results if result.name == ours)
    if mine.missing:
        raise SystemExit(f"{ours} cannot be measured: {mine.missing}")
    present = [result for result in results if result.turns]
    for result in present:
        pairs = zip(result.turns, mine.turns, strict=True)
        result.ratio = median(next(iter(a.values())) / next(iter(b.values())) for a, b in pairs)
        result.best = result.median == min(other.median for other in present if other.name == result.name)
