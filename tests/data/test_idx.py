"""IDX files: what is written is read back, and what is not is reported in one line."""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from failing import complaint, refusal
from handgrad.data.idx import FILES, find_idx, read_idx, read_idx_folder
from handgrad.data.load import load_data
from idx_files import write_idx

SHAPES = arrays.array_shapes(max_dims=4, min_side=0, max_side=5)
IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
PLAIN = struct.pack(">BBBBIII", 0, 0, 8, 3, 3, 4, 5) + IMAGES.tobytes()
ZIPPED = gzip.compress(PLAIN, mtime=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx")


@given(array=arrays.arrays(np.uint8, SHAPES), name=st.sampled_from(["a", "a.gz"]))
def test_what_is_written_is_read_back(folder: Path, array: NDArray[np.uint8], name: str) -> None:
    path = folder / name
    write_idx(path, array)
    got = read_idx(path)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, array)
    assert isinstance(got, np.memmap) == (name == "a" and array.size > 0)


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for name, content in (("a.gz", PLAIN), ("a", ZIPPED)):
        (tmp_path / name).write_bytes(content)
        np.testing.assert_array_equal(read_idx(tmp_path / name), IMAGES)


LENGTH = "does not hold the 3 × 4 × 5 bytes that its header says"
BAD: list[tuple[bytes, str]] = [
    (b"", "is not an IDX file of bytes: it begins with nothing"),
    (PLAIN[:3], "is not an IDX file"),
    (PLAIN[:9], "cut short"),
    (b"\x00\x01\x08\x01", "it begins with 00 01 08 01, not with 00 00 08"),
    (b"<html>Sign in</html>", "is not an IDX file"),
    (b"\x00\x00\x0c\x01\x00\x00\x00\x01\x00\x00\x00\x07", "it begins with 00 00 0c 01"),  # 4 bytes each
    (b"\x00\x00\x08\x00", "it begins with 00 00 08 00"),
    (b"\x00\x00\x08\x05" + b"\x00\x00\x00\x01" * 5 + b"x", "it begins with 00 00 08 05"),
    (PLAIN[:-1], LENGTH),
    (PLAIN + b"x", LENGTH),
    (struct.pack(">BBBBII", 0, 0, 8, 2, 2**32 - 1, 2**32 - 1), "does not hold"),
    (struct.pack(">BBBBII", 0, 0, 8, 2, 2**20, 2**14) + bytes(1000), "does not hold"),
]


@pytest.mark.parametrize(("content", "reason"), BAD)
def test_a_bad_file_is_refused_gzipped_or_not(tmp_path: Path, content: bytes, reason: str) -> None:
    for name, written in (("plain", content), ("gzipped", gzip.compress(content))):
        (tmp_path / name).write_bytes(written)
        line = complaint(read_idx, tmp_path / name)
        assert reason in line
        assert line.endswith("; copy or download it again")


DAMAGED = [ZIPPED[:kept] for kept in (2, 5, 25, -9, -8, -1)]
for at in (-1, -5, -6, 3):  # the length, the checksum, the content and the header
    changed = bytearray(ZIPPED)
    changed[at] ^= 0xFF
    DAMAGED.append(bytes(changed))


@pytest.mark.parametrize("content", [*DAMAGED, ZIPPED + b"x"])
def test_damaged_gzip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    assert "gzip stream is cut short or corrupt" in complaint(read_idx, tmp_path / "a.gz")


def test_what_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in complaint(read_idx, tmp_path / "nowhere")
    assert "Is a directory" in complaint(read_idx, tmp_path)
    (tmp_path / "locked").write_bytes(PLAIN)
    (tmp_path / "large").write_bytes(ZIPPED)
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 50)
    line = complaint(read_idx, tmp_path / "large")
    assert "large need 120 bytes of memory and 50 bytes are available; gunzip it" in line

    def refuse(path: Path, *_: Any) -> None:  # chmod does not stop root, who may run the tests
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "is_file", refuse)
    assert "Permission denied" in complaint(read_idx, tmp_path / "locked")
    assert "cannot look into" in refusal(find_idx, tmp_path, FILES["train"][0])


def write_folder(folder: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    for name, array in zip(FILES["test"], (images, labels), strict=True):
        write_idx(folder / name, array)


def test_a_folder_holds_images_and_labels(tmp_path: Path) -> None:
    labels = IMAGES[:, 0, 0]
    for images in (IMAGES, np.stack([IMAGES, IMAGES], axis=1)):
        write_folder(tmp_path, images, labels)
        for found, expected in zip(read_idx_folder(tmp_path, "test"), (images, labels), strict=True):
            np.testing.assert_array_equal(found, expected)
    for images, wrong in ((IMAGES, labels[:2]), (IMAGES[0], IMAGES[0, :, 0]), (IMAGES, labels[:, None])):
        write_folder(tmp_path, images, wrong)
        line = refusal(read_idx_folder, tmp_path, "test")
        assert f"images-idx3-ubyte has the shape {images.shape}, and " in line
        assert f"labels-idx1-ubyte the shape {wrong.shape}" in line
    assert "holds no train-images-idx3-ubyte (nor" in refusal(load_data, tmp_path)


def test_a_file_is_found_in_each_spelling_and_a_folder_of_its_name_is_not(tmp_path: Path) -> None:
    name = FILES["train"][0]
    (tmp_path / name).mkdir()
    assert find_idx(tmp_path, name) is None
    for spelling in (f"{name}.gz", "train-images.idx3-ubyte.gz", "train-images.idx3-ubyte"):
        path = tmp_path / spelling
        path.touch()
        assert find_idx(tmp_path, name) == path
        path.unlink()
