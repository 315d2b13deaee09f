"""Damaged data: one line, status 1, and no run."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from failing import fails
from fixture_types import Cli

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def change(folder: Path, name: str, edit: Callable[[bytes], bytes], *, zipped: bool = False) -> None:
    """Edit the uncompressed content of an IDX file, or the file itself."""
    path = next(folder.glob(f"{name}*"))
    content = path.read_bytes()
    if path.suffix == ".gz" and not zipped:
        content = gzip.decompress(content)
        path.unlink()
        path = path.with_suffix("")
    path.write_bytes(edit(content))


IDX: dict[str, tuple[str, Callable[[bytes], bytes], bool]] = {
    "truncated": (IMAGES, lambda c: c[:-100], False),
    "empty": (IMAGES, lambda c: b"", False),
    "header cut": (LABELS, lambda c: c[:6], False),
    "trailing garbage": (LABELS, lambda c: c + b"garbage", False),
    "wrong magic": (IMAGES, lambda c: b"\x12\x34" + c[2:], False),
    "web page": (IMAGES, lambda c: b"<!DOCTYPE html><html><body>404</body></html>", False),
    "gzip cut short": (IMAGES, lambda c: c[: len(c) // 2], True),
    "gzip garbage": (IMAGES, lambda c: c[:200] + b"\0\0\0\0" + c[204:], True),
    "counts differ": (LABELS, lambda c: c[:4] + struct.pack(">I", 299) + c[8:-1], False),
    "label out of range": (LABELS, lambda c: c[:-1] + b"\xc8", False),
}


@pytest.mark.parametrize("case", IDX)
def test_damaged_idx(cli: Cli, idx_folder: Path, case: str) -> None:
    name, edit, zipped = IDX[case]
    change(idx_folder, name, edit, zipped=zipped)
    fails(cli, idx_folder.name, "train", "--data", idx_folder, "--out", "RUN")
    assert not (idx_folder.parent / "RUN").exists()


HEADER = "label," + ",".join(f"pixel{index}" for index in range(784))
GOOD = [f"{index % 10}," + ",".join("7" for _ in range(784)) for index in range(20)]
CSV: dict[str, tuple[list[str], str]] = {
    "text": ([HEADER, *GOOD, GOOD[0].replace(",7", ",seven", 1)], "line 22, column 'pixel0'"),
    "missing value": ([HEADER, GOOD[0].replace(",7", ",", 1), *GOOD], "line 2, column 'pixel0'"),
    "too many columns": ([HEADER, *GOOD, GOOD[0] + ",7"], "line 22"),
    "too few columns": ([HEADER, *GOOD, GOOD[0][:-2]], "line 22"),
    "above 255": ([HEADER, *GOOD, GOOD[0].replace(",7", ",256", 1)], "line 22, column 'pixel0'"),
    "below 0": ([HEADER, *GOOD, GOOD[0].replace(",7", ",-1", 1)], "line 22, column 'pixel0'"),
    "fractional label": ([HEADER, *GOOD, "1.5" + GOOD[0][1:]], "1.5"),
    "negative label": ([HEADER, *GOOD, "-1" + GOOD[0][1:]], "-1"),
    "label out of range": ([HEADER, *GOOD, "77" + GOOD[0][1:]], "77"),
    "no label column": ([HEADER.replace("label", "digit"), *GOOD], "label"),
    "header only": ([HEADER], "no examples"),
    "nothing": ([], "empty"),
    "a web page": (["<!DOCTYPE html>", "<html>not found</html>"], "web page"),
}


@pytest.mark.parametrize("case", CSV)
def test_damaged_csv(cli: Cli, tmp_path: Path, case: str) -> None:
    rows, message = CSV[case]
    (tmp_path / "digits.csv").write_text("".join(f"{row}\n" for row in rows))
    fails(cli, "digits.csv", "train", "--data", "digits.csv", "--out", "RUN", detail=message)
    assert not (tmp_path / "RUN").exists()


def test_bad_image_folders(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    fails(cli, "images", "train", "--data", "images")
    (folder / "cat").mkdir()
    Image.new("L", (8, 8), 200).save(folder / "cat" / "a.png")
    fails(cli, "images", "train", "--data", "images", detail="two or more")
    (folder / "dog").mkdir()
    (folder / "dog" / "b.png").write_bytes((folder / "cat" / "a.png").read_bytes()[:40])
    fails(cli, "b.png", "train", "--data", "images")
