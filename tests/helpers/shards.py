"""Tables cut into shards, for the tests of streams."""

from pathlib import Path

import polars as pl


def write_shards(folder: Path, table: pl.DataFrame, ends: dict[str, int]) -> Path:
    """Write a table into CSV files, each from where the one before ended up to its own end; gives the folder."""
    folder.mkdir()
    first = 0
    for name, last in ends.items():
        table[first:last].write_csv(folder / f"{name}.csv")
        first = last
    return folder
