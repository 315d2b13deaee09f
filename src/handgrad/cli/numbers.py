"""How arrays are written in lines of text: small ones whole, large ones in summary."""

import textwrap
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 80
"""Characters on a line."""
CELL, WIDEST = 10, 20
WHOLE, ROW = 40, LINE // CELL
"""Numbers up to which an array is written whole, a matrix only where its rows fit on a line."""
LARGEST = 4
TIED = "\N{NO-BREAK SPACE}"


def write_array(values: NDArray[Any], names: Sequence[str] = ()) -> Iterator[str]:
    """Write an array, of which the last axis may have names."""
    table = values.reshape(-1, values.shape[-1] if values.ndim else 1)
    fits = values.size <= WHOLE and (len(table) == 1 or table.shape[1] <= ROW)
    yield from _whole(table, names) if fits else _summary(values)


def wrap(text: str, indent: int) -> list[str]:
    """Break a text into lines, all but the first of them indented."""
    return textwrap.wrap(text, LINE, subsequent_indent=" " * indent)


def _whole(table: NDArray[Any], names: Sequence[str]) -> Iterator[str]:
    """Write every number, in rows of like length."""
    cell = min(WIDEST, max([CELL, *(len(name) + 2 for name in names)]))
    columns = table.shape[1]
    across = ceil(columns / ceil(columns / (LINE // cell)))
    for start in range(0, columns, across):
        if names:
            yield "".join(f"{name[: cell - 2]:>{cell}}" for name in names[start : start + across])
        for row in table[:, start : start + across].tolist():
            yield "".join(f"{value:>{cell}.3g}" for value in row)


def _summary(values: NDArray[Any]) -> Iterator[str]:
    zeros = np.count_nonzero(values == 0)
    told = f", {zeros:,} of {values.size:,} are 0" if zeros else ""
    yield f"    from {values.min():.3g} to {values.max():.3g}, mean {values.mean():.3g}{told}"
    places = np.argsort(-np.abs(values).reshape(-1), kind="stable")[:LARGEST]
    largest = (f"{values.flat[place]:.3g}{TIED}at{TIED}{_place(place, values.shape)}" for place in places)
    yield from (line.replace(TIED, " ") for line in wrap(f"    largest: {', '.join(largest)}", 13))


def _place(place: np.intp, shape: tuple[int, ...]) -> str:
    return f"[{','.join(str(int(index)) for index in np.unravel_index(place, shape))}]"
