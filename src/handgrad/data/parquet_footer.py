"""How large the groups of rows of a Parquet file are, which Polars does not tell: read from its footer.

Whoever reads a few rows of a column has all of it in memory that is in their group.

References
----------
Apache Parquet, "File format", https://parquet.apache.org/docs/file-format; Apache Thrift, "Thrift compact protocol".
"""

import os
from pathlib import Path
from typing import Any

END, MAGIC = 8, b"PAR1"
MOST = 2**22
"""Bytes of the footer that are looked at: it begins with the columns, and the first group follows."""
ROW_GROUPS, BYTES = 4, 2
"""Numbers of the fields: in the file's metadata, and in those of a group, the bytes of it before compression."""


def group_bytes(path: Path) -> int:
    """Tell how many bytes the first group of rows has before compression; where that is unclear, the file."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            file.seek(size - END)
            end = file.read(END)
            length = int.from_bytes(end[:4], "little")
            if end[4:] != MAGIC or length > size - END:
                return size
            file.seek(-END - length, os.SEEK_END)
            return int(_Thrift(file.read(min(length, MOST))).first_of(ROW_GROUPS)[BYTES])
    except (OSError, ValueError, IndexError, KeyError, TypeError, RecursionError):
        return size


class _Thrift:
    """Reads values of the compact protocol, one after the other."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def first_of(self, wanted: int) -> dict[int, Any]:
        """Read a struct up to the list that is its field `wanted`, and of that the first element, a struct."""
        number = 0
        while True:
            number, kind = self._field(number)
            if number == wanted:
                self._list_header()
                return self._struct()
            self._value(kind)

    def _struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while True:
            number, kind = self._field(number)
            if not kind:
                return fields
            fields[number] = self._value(kind)

    def _field(self, before: int) -> tuple[int, int]:
        head = self._byte()
        if not head & 15:
            return before, 0
        return (before + (head >> 4) if head >> 4 else self._integer()), head & 15

    def _value(self, kind: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind in (7, 8):
            skipped = 8 if kind == 7 else self._varint()
            self.place += skipped
            return None
        if kind in (9, 10):
            count, element = self._list_header()
            return [self._byte() if element < 3 else self._value(element) for _ in range(count)]
        if kind == 12:
            return self._struct()
        raise ValueError(f"no value of kind {kind} is in a footer")

    def _list_header(self) -> tuple[int, int]:
        head = self._byte()
        return (self._varint() if head >> 4 == 15 else head >> 4), head & 15

    def _integer(self) -> int:
        zigzag = self._varint()
        return zigzag >> 1 ^ -(zigzag & 1)

    def _varint(self) -> int:
        result = shift = 0
        while True:
            byte = self._byte()
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    def _byte(self) -> int:
        byte = self.content[self.place]
        self.place += 1
        return byte
