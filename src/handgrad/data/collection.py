"""Collections of drawn digits: one CSV file each, which `handgrad.load_data` reads. Digits are appended to it.

Each line has a label and 784 pixels. The file of class names beside it (`data/tables.py`) also names classes without
an example, so that a model of ten classes can be trained further on three.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from handgrad.data.framing import SIDE
from handgrad.data.labels import encode_labels, names_file, read_names
from handgrad.errors import HandgradError, quoted
from handgrad.files import cannot_write, make_folder, write_file

DIGITS = tuple("0123456789")
MAX_EXAMPLES = 10_000
HEADER = ",".join(["label", *(f"pixel{index}" for index in range(SIDE**2))]).encode() + b"\n"
FIRST_CELL = re.compile(rb'([^",\n]*),|"((?:[^"]|"")*)",')


def add_to_collection(
    path: Path, images: NDArray[np.uint8], labels: Sequence[str], classes: Sequence[str] = DIGITS
) -> int:
    """Add images, (N, 28, 28) or (N, 784), to a collection, or create it; return its size.

    A new collection has `classes`; other labels are added to the classes. HandgradError where a label is not valid.
    """
    if len(images) != len(labels):
        raise HandgradError(f"got {len(images)} images and {len(labels)} labels")
    if exists := path.exists():
        _repair(path)
    size, first, known = (*_measure(path), read_names(path)) if exists else (0, [], ())
    names = [*(known or classes)]
    names += sorted({*labels} - {*names}, key=lambda name: (len(name), name))
    texts = [*first, *labels]  # all are numbers, or names, as the first is
    numbers, _ = encode_labels(np.array(texts), "labels", names)
    for number, text in zip(numbers, texts, strict=True):  # e.g. "07" is read as "7"
        if names[number] != text:
            raise HandgradError(f"the label {quoted(text)} would be read as {quoted(names[number])}")
    examples = size + len(labels)
    if examples > MAX_EXAMPLES:
        raise HandgradError(f"{path.stem} would hold more than {MAX_EXAMPLES:,} examples; start another")
    rows = zip(labels, images.reshape(-1, SIDE**2).tolist(), strict=True)
    new = "".join(f"{_cell(label)},{','.join(map(str, row))}\n" for label, row in rows).encode()
    if not exists:
        make_folder(path.parent)
    if names != [*known]:
        write_file(names_file(path), "".join(f"{name}\n" for name in names).encode())
    if exists:
        _append(path, new)
    else:
        write_file(path, HEADER + new)
    return examples


def remove_from_collection(path: Path, index: int) -> int:
    """Remove one example, and the files with the last one; return the number of examples that are left."""
    _repair(path)
    with _opened(path) as file:
        lines = [line.removesuffix(b"\n") + b"\n" for line in file]
    if not 0 <= index < len(lines):
        raise HandgradError(f"{path.stem} holds the examples 0 to {len(lines) - 1}; there is no {index}")
    del lines[index]
    if lines:
        write_file(path, b"".join([HEADER, *lines]))
    else:
        path.unlink()
        names_file(path).unlink(missing_ok=True)
    return len(lines)


def cut_unfinished(path: Path) -> None:
    """Cut an incomplete last digit, which a killed process left, from a collection; change nothing else."""
    start, row = _without_line_end(path)
    if row and (row.count(b",") < SIDE**2 or row.endswith(b",")):
        os.truncate(path, start)


def _repair(path: Path) -> None:
    try:
        cut_unfinished(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _without_line_end(path: Path) -> tuple[int, bytes]:
    """Return the last row of a collection, and where it begins, if the row has no line end."""
    with path.open("rb") as file:
        if file.readline(len(HEADER)) != HEADER or (file.seek(-1, os.SEEK_END), file.read())[1] == b"\n":
            return 0, b""
        file.seek(0)
        content = file.read()
    start = content.rfind(b"\n") + 1
    return start, content[start:]


def _append(path: Path, content: bytes) -> None:
    """Append whole lines in one write, and sync them; where that fails, the file is as it was."""
    try:
        size, (_, row) = path.stat().st_size, _without_line_end(path)
        lines = b"\n" + content if row else content
        with path.open("ab", buffering=0) as file:
            try:
                if file.write(lines) < len(lines):
                    raise OSError("the disk is full")
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(size)
                raise
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a collection at its first example."""
    try:
        with path.open("rb") as file:
            if file.readline(len(HEADER)) != HEADER:
                raise HandgradError(f"{path} is not a collection of digits; move it away")
            yield file
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def _measure(path: Path) -> tuple[int, list[str]]:
    """Return the number of examples of a collection, and the first label, if any."""
    with _opened(path) as file:
        match = FIRST_CELL.match(file.read(1000))
        file.seek(len(HEADER))
        size = sum(1 for _ in file)
    cell = b"" if match is None else match[1] if match[2] is None else match[2].replace(b'""', b'"')
    return size, [cell.decode(errors="replace")] * (size > 0)


def _cell(label: str) -> str:
    """Write a label as a cell of a CSV; HandgradError where it is not one line of text."""
    if any(char < " " or "\ud800" <= char <= "\udfff" for char in label):
        raise HandgradError(f"the label {quoted(label)} is not a line of text")
    return '"{}"'.format(label.replace('"', '""')) if {*label} & {*',"'} else label
