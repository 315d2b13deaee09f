"""The limit of the disk space that requests can fill."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from handgrad.server.errors import Conflict


@dataclass(frozen=True)
class Quota:
    """Bytes that the files in some folders may take together."""

    folders: tuple[Path, ...]
    limit: int

    def check(self) -> None:
        """Raise Conflict if the limit is reached."""
        used = sum(_size(folder) for folder in self.folders)
        if used >= self.limit:
            raise Conflict(
                f"runs and digits take {used / 1e9:.1f} GB, the limit is {self.limit / 1e9:.1f} GB; remove some"
            )


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  # walks thousands
    return total
