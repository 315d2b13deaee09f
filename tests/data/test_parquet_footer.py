"""The size of a group of rows, as the footer of a Parquet file tells it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from handgrad.data.parquet_footer import group_bytes


@pytest.mark.parametrize(("group", "columns"), [(1_000, 3), (10_000, 3), (10_000, 40)])
@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_the_bytes_of_a_group(tmp_path: Path, group: int, columns: int, compression: str) -> None:
    rows = 50_000
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"a rather long name {k}": rng.normal(size=rows) for k in range(columns)})
    frame.write_parquet(tmp_path / "d.parquet", row_group_size=group, compression=compression)  # type: ignore[arg-type]
    assert group_bytes(tmp_path / "d.parquet") == pytest.approx(8 * group * columns, rel=0.1)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100, b"x" * 100 + b"\xff\xff\xff\x7fPAR1"])
def test_what_cannot_be_read_counts_as_one_group(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.parquet").write_bytes(content)
    assert group_bytes(tmp_path / "d.parquet") == len(content)


def test_a_damaged_footer_counts_as_one_group(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pl.DataFrame({"a": range(1000), "b": range(1000)}).write_parquet(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    length = int.from_bytes(whole[-8:-4], "little")
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole) - 8 - length, len(whole) - 8, 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        assert isinstance(group_bytes(path), int)
