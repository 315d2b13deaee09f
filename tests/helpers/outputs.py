"""Compare what a document shows with what was printed.

A line `…` stands for any lines, and `…` within a line for any text. White space, times, speeds, sizes in bytes
and numbers of threads are not compared. Other numbers may differ by a fraction, or by one in the last decimal.
"""

import re

NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?")
UNITS = r"s|ms|µs|min|h|bytes|[kMG]?B|threads?|examples/s"
FREE = re.compile(
    rf"(?:{NUMBER.pattern}\s+)?{NUMBER.pattern}\s*(?:{UNITS})\b"
)  # also the speed before a time


def difference(shown: str, printed: str, tolerance: float) -> str:
    """Return what differs, in a line, or an empty string."""
    wanted = [line for line in shown.splitlines() if line.strip()]
    lines = [line for line in printed.splitlines() if line.strip()]
    ends = {0}  # the lines after which what was compared so far may end
    for line in wanted:
        if line.strip() == "…":
            ends = set(range(min(ends), len(lines) + 1))
            continue
        found = {end + 1 for end in ends if end < len(lines) and same(line, lines[end], tolerance)}
        if not found:
            return f"shown: {line}; printed: {[*lines, ''][min(ends)]}"
        ends = found
    return "" if len(lines) in ends else f"shown: ; printed: {lines[max(ends)]}"


def same(shown: str, printed: str, tolerance: float) -> bool:
    """Whether a line that was printed is like the one that is shown."""
    pattern = re.escape(marked(shown)).replace("…", ".*")
    found = numbers_in(printed)
    starts, _, ends = shown.partition("…")
    pairs = zip(numbers_in(starts), found, strict=False)
    others = zip(numbers_in(ends.rpartition("…")[2])[::-1], found[::-1], strict=False)
    return re.fullmatch(pattern, marked(printed)) is not None and all(
        close(*pair, tolerance) for pair in (*pairs, *others)
    )


def numbers_in(line: str) -> list[str]:
    """Return the numbers of a line that are compared."""
    return NUMBER.findall(FREE.sub("", line))


def marked(line: str) -> str:
    """Return a line without white space and with marks in place of its numbers."""
    return "".join(NUMBER.sub("#", FREE.sub("~", line)).split())


def close(shown: str, printed: str, tolerance: float) -> bool:
    """Whether two numbers are equal within the tolerance or one unit of the last decimal that is shown."""
    decimals = len(shown.partition("e")[0].partition(".")[2])
    unit = 10.0**-decimals if decimals and "e" not in shown else 0
    (a,), (b,) = numbers_of(shown), numbers_of(printed)
    return abs(a - b) <= max(tolerance * abs(a), 1.01 * unit)


def numbers_of(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]
