"""The results as text: a table for each row, and the table of all rows that the README shows."""

from importlib import import_module
from typing import Any

from bench.contest import Result
from bench.rows import ROWS, SLOWER, Row


def as_table(row: Row, results: list[Result], machine: dict[str, Any]) -> str:
    """Return a row's results as a table of Markdown."""
    lines = [
        f"**{row.title}**",
        "",
        f"| | threads | median | quartiles | times that of {row.ours} | target |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        if result.missing:
            lines.append(f"| {result.name} | not measured: {result.missing} is missing | | | | |")
            continue
        ratio = "" if result.name == row.ours else times(result.ratio)
        low, high = result.spread
        goal = target(row, result.name) if result.best else ""
        lines.append(
            f"| {result.name} | {result.threads if row.threaded else ''} | {shown(result)} "
            f"| {quantity(result, low)} – {quantity(result, high)} | {ratio} | {goal} |"
        )
    if reached := share_of_limit(row, results, machine):
        lines += ["", reached]
    return "\n".join(lines)


def overview(written: dict[str, Any]) -> str:
    """Return the table of all rows in a file of results: for each contestant, its best number of threads.

    Parameters
    ----------
    written : dict
        The content of bench.json.
    """
    lines = [
        "| work | handgrad | handgrad, v3 | others | times that of handgrad |",
        "|---|---:|---:|---|---:|",
    ]
    for name, found in written["rows"].items():
        row = ROWS[name]
        best = [result for each in found if (result := Result(**each)).turns and result.best]
        mine = next(result for result in best if result.name == row.ours)
        further = [result for result in best if result.name.startswith(f"{row.ours}, ")]
        others = [result for result in best if result is not mine and result not in further]
        title = row.title if row.ours in ("handgrad", "HandgradClassifier") else f"{row.title}: {row.ours}"
        cells = (
            title,
            shown(mine),
            "; ".join(f"{shown(result)}, {times(result.ratio)}" for result in further),
            "; ".join(f"{result.name} {shown(result)}" for result in others),
            "; ".join(times(result.ratio) for result in others),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def target(row: Row, name: str) -> str:
    """Return the target for a contestant: a ratio, or a quantity; empty without one."""
    if name in row.peers:
        return f"≥ {row.peers[name]}×"
    if name in row.limits:
        return f"≤ {amount(row.limits[name], megabytes=row.limits[name] > 10)}"
    return f"≤ {SLOWER}×" if name == f"{row.ours}, v3" else ""


def times(ratio: float) -> str:
    """Return a ratio with three digits."""
    return f"{ratio:.3g}×" if ratio < 100 else f"{ratio:.0f}×"


def shown(result: Result) -> str:
    """Return the median, and the mean accuracy if there is one."""
    accuracies = result.values("accuracy")
    accuracy = f" ({100 * sum(accuracies) / len(accuracies):.2f} %)" if accuracies else ""
    return quantity(result, result.median) + accuracy


def quantity(result: Result, value: float) -> str:
    """Return a value of a result with its unit."""
    return amount(value, megabytes="megabytes" in result.turns[0])


def amount(value: float, *, megabytes: bool) -> str:
    """Return megabytes, or seconds in a unit that suits them."""
    if megabytes:
        return f"{value:.0f} MB"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"


def share_of_limit(row: Row, results: list[Result], machine: dict[str, Any]) -> str:
    """Return a sentence on the operations per second of handgrad, and their share of the machine's limit."""
    module, *numbers = row.work.split()
    flops = getattr(import_module(f"bench.work.{module}"), "flops", None)
    if not flops:
        return ""
    operations = flops(*map(int, numbers))
    ours = next(result for result in results if result.name == row.ours)
    rate = operations / ours.median
    return (
        f"{operations / 1e9:.3g} GFLOP if no zero is skipped: {rate / 1e9:.0f} GFLOP/s, "
        f"{100 * rate / machine['flops']:.0f} % of the machine's limit."
    )
